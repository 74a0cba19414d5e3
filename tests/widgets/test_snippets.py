"""What a selection is copied as runs, and gives the part that was selected."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import requests
import xarray as xr

from gdc_jupyter.demo import server
from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import Selection
from gdc_jupyter.widgets import snippets
from gdc_jupyter.widgets.snippets import KINDS, kinds_for, selection_code, snippet

MEADOW = Selection("S2_ALPS", (11.345, 46.495, 11.35, 46.499), "2022-06", ("B04", "B08"))
UTM = Selection("S2_ALPS", (680000, 5151000, 680400, 5151200), "2022-06", ("B04",), 32632)
OCEAN = Selection("OSTIA_SST", (170, -10, 190, 10))


@pytest.fixture(scope="module")
def url(data_directory, tmp_path_factory):
    with server("snippets", tmp_path_factory.mktemp("snippets") / "server.log") as url:
        yield url


@pytest.fixture(params=["found by itself", "named"])
def root_url(request, url, monkeypatch):
    """The server, as the one that `connect` finds, or as another one whose token is in the client's configuration."""
    monkeypatch.setenv("GDC_URL", url)
    monkeypatch.setenv("GDC_TOKEN", "snippets")
    if request.param == "named":
        monkeypatch.setattr(snippets, "is_default_url", lambda _: False)
    return url


def run(code):
    names = {}
    exec(code, names)
    return names


def test_openeo_loads_the_part(root_url):
    code = snippet(MEADOW, "openeo", root_url)
    arguments = run(code)["cube"].flat_graph()["loadcollection1"]["arguments"]
    wanted = MEADOW.openeo()
    assert arguments == {"id": wanted.pop("collection_id"), **wanted}
    assert (root_url in code) == ("import openeo" in code)


def test_stac_finds_the_items(root_url):
    for selection in (MEADOW, UTM):
        items = run(snippet(selection, "stac", root_url))["items"]
        assert items
        assert {item.datetime.strftime("%Y-%m") for item in items} == {"2022-06"}


def test_xarray_and_dap_open_the_same_values(url, monkeypatch):
    monkeypatch.setenv("GDC_URL", url)
    monkeypatch.setenv("GDC_TOKEN", "snippets")
    for selection in (MEADOW, UTM):
        cube = run(snippet(selection, "xarray"))["data"]
        dataset = run(snippet(selection, "dap"))["data"]
        assert cube.bands.values.tolist() == list(selection.bands)
        one = dataset["B04"].sel(x=cube.x, y=cube.y, method="nearest")
        # Reflectances are stored as whole numbers, which the conventions of netCDF decode.
        np.testing.assert_allclose(cube.sel(bands="B04").values / 10_000, one.values)


def test_another_server_is_asked_for_a_file(url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    code = snippet(MEADOW, "xarray", url).replace(
        f'connect("{url}")', f'connect("{url}").authenticate_basic("me", "snippets")'
    )
    data = run(code)["data"]
    assert isinstance(data, xr.Dataset)
    assert {"B04", "B08"} <= set(data.data_vars)
    dap = snippet(OCEAN, "dap", url)
    assert f'gdc.open_dap(selection, "{url}")' in dap


def test_addresses_answer(url, monkeypatch):
    monkeypatch.setenv("GDC_URL", url)
    monkeypatch.setenv("GDC_TOKEN", "snippets")
    address = snippet(OCEAN, "coverage", url)
    assert address == f"{url}collections/OSTIA_SST/coverage?bbox=170,-10,-170,10"
    assert snippet(OCEAN, "coverage") == address
    answer = requests.get(snippet(UTM, "coverage", url), params={"f": "geotiff"}, timeout=60)
    assert answer.headers["Content-Type"].startswith("image/tiff")
    # The grid begins at Greenwich: two parts.
    with pytest.warns(UserWarning, match="two addresses for each granule"):
        addresses = snippet(Selection("OSTIA_SST", (-10, -10, 10, 10)), "dap_urls", url).split("\n")
    assert len(addresses) == 2
    assert all("/OSTIA_SST/ostia_sst.nc?sst[0:1:53][0:1:17][" in each for each in addresses)


@pytest.mark.parametrize("selection", [MEADOW, UTM, OCEAN, Selection("X"), Selection("X", datetime=("2022-06", None))])
def test_the_code_of_a_selection_gives_it_back(selection):
    import gdc_jupyter

    assert eval(selection_code(selection), {"gdc": gdc_jupyter}) == selection


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "dap_urls"])
def test_what_metadata_say_is_text_and_no_code(kind):
    name = "x\"); raise SystemExit  # '\n</script>"
    text = snippet(Selection(name), kind, "https://example.org/openeo")
    if kind == "coverage":
        assert text == (
            "https://example.org/openeo/collections/x%22%29%3B%20raise%20SystemExit%20%20%23%20%27%0A%3C%2Fscript%3E/coverage"
        )
    else:
        assert repr(name) in text
        compile(text, "snippet", "exec")


def test_another_kind_is_refused():
    with pytest.raises(GdcError, match="one of openeo, stac, xarray, dap, coverage, dap_urls, and not as 'wms'"):
        snippet(MEADOW, "wms")


CASES = json.loads((Path(__file__).parent / "snippet_cases.json").read_text("utf-8"))


def test_the_lab_extension_has_the_same_code():
    """Its own tests hold these cases against its function."""
    for case in CASES:
        given = case["selection"]
        selection = Selection(given["collection"], given.get("bbox"), given.get("datetime"), given.get("bands"))
        assert snippet(selection, case["kind"], case["root_url"]) == case["code"]


def test_only_what_a_server_has_is_offered(url):
    from gdc_jupyter import connect

    assert kinds_for(connect(url, token="snippets").capabilities().capabilities) == KINDS
    assert list(kinds_for({"api_version": "1.1.0"})) == ["openeo", "xarray"]
    assert list(kinds_for({"conformsTo": ["https://api.stacspec.org/v1.0.0/item-search"]})) == ["stac"]
    assert list(kinds_for({"conformsTo": "everything"})) == []
