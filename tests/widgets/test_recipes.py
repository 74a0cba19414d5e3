from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gdc_jupyter as gdc
from gdc_jupyter.widgets.recipes import recipes_for

AREA = (11.345, 46.495, 11.35, 46.498)
SUMMER = "2022-06-01/2022-07-01"
BANDS = [
    {"name": "B03", "common_name": "green"},
    {"name": "B04", "common_name": "red"},
    {"name": "B08", "common_name": "nir"},
]


def collection(**fields: Any) -> dict[str, Any]:
    return {
        "id": "ALPS",
        "extent": {"temporal": {"interval": [["2022-04-01T00:00:00Z", "2022-10-31T00:00:00Z"]]}},
        "cube:dimensions": {
            "time": {"type": "temporal"},
            "spectral": {"type": "bands", "values": ["B03", "B04", "B08"]},
        },
        "summaries": {"eo:bands": BANDS},
        **fields,
    }


def loaded(graph: dict[str, Any]) -> dict[str, Any]:
    return next(node["arguments"] for node in graph.values() if node["process_id"] == "load_collection")


def test_the_bands_are_known_by_their_common_names_wherever_they_are_told() -> None:
    told = [
        {"summaries": {"eo:bands": BANDS}},
        {"summaries": {"bands": BANDS}},
        {"summaries": {}, "bands": [{"name": b["name"], "eo:common_name": b["common_name"]} for b in BANDS]},
    ]
    for fields in told:
        recipe = recipes_for(collection(**fields))[0]
        assert (recipe.name, recipe.bands) == ("ndvi", ("B08", "B04"))


def test_dimensions_are_called_as_the_collection_calls_them() -> None:
    graph = recipes_for(collection())[0].process_graph(gdc.Selection("ALPS"))
    reduced = [node["arguments"]["dimension"] for node in graph.values() if node["process_id"] == "reduce_dimension"]
    assert reduced == ["spectral", "time"]


def test_the_last_three_months_are_taken_where_no_time_is_chosen() -> None:
    recipe = recipes_for(collection())[0]
    assert loaded(recipe.process_graph(gdc.Selection("ALPS")))["temporal_extent"] == ["2022-07-31", "2022-11-01"]
    chosen = loaded(recipe.process_graph(gdc.Selection("ALPS", AREA, SUMMER)))
    assert chosen["temporal_extent"] == ["2022-06-01", "2022-07-01"]
    assert chosen["spatial_extent"] == {"west": 11.345, "south": 46.495, "east": 11.35, "north": 46.498}
    assert chosen["bands"] == ["B08", "B04"]


@pytest.mark.parametrize(
    "fields",
    [
        {"cube:dimensions": None, "extent": None, "summaries": None},
        {"cube:dimensions": {"t": None}, "extent": {"temporal": {"interval": [[None, None]]}}},
        {"extent": {"temporal": {"interval": [["yesterday", None]]}}, "summaries": {"eo:bands": ["B04", None]}},
    ],
)
def test_odd_metadata_do_no_harm(fields: dict[str, Any]) -> None:
    for recipe in recipes_for(collection(**fields)):
        assert loaded(recipe.process_graph(gdc.Selection("ALPS")))["id"] == "ALPS"


def test_vectors_have_no_recipes() -> None:
    assert recipes_for(collection(**{"cube:dimensions": {"geometry": {"type": "geometry"}}})) == []


def test_ndvi_is_the_median_of_the_cloudless_dates() -> None:
    told = collection(
        **{
            "cube:dimensions": {"t": {"type": "temporal"}, "bands": {"type": "bands", "values": ["B04", "B08", "SCL"]}},
            "summaries": {"eo:bands": [*BANDS[1:], {"name": "SCL"}]},
        }
    )
    recipe = recipes_for(told)[0]
    graph = recipe.process_graph(gdc.Selection("S2_ALPS", AREA, SUMMER))
    graph = {name: node for name, node in graph.items() if name != "save"}
    graph["composite"]["result"] = True
    found = gdc.execute(graph)
    cube = gdc.open_collection("S2_ALPS", bbox=AREA, datetime=SUMMER.split("/"), bands=["B04", "B08", "SCL"]).compute()
    red, nir, classes = (cube.sel(bands=name).values.astype(float) for name in ("B04", "B08", "SCL"))
    ndvi = (nir - red) / (nir + red)
    ndvi[np.isin(classes, (3, 8, 9, 10))] = np.nan
    assert np.isnan(ndvi).any()
    np.testing.assert_allclose(np.squeeze(found.values), np.nanmedian(ndvi, axis=0), atol=1e-6)


def test_which_band_is_taken_is_told() -> None:
    plain = collection(summaries={})
    assert [recipe.description for recipe in recipes_for(plain)][:2] == [
        "Mean of B03 over time",
        "Maximum of B03 over time",
    ]
