"""Process graphs as maps: tiles against the arrays that they are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.testing import assert_allclose, assert_array_equal
from rasterio.enums import Resampling

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.cube.tiling import HALF, tile_grid
from gdc_jupyter.errors import GdcError, InvalidProcessGraph
from gdc_jupyter.graph import maps
from gdc_jupyter.graph.maps import Layer, Map
from gdc_jupyter.settings import Permissions

from .memory_catalog import node, of, parameter, reducer

ZOOM, X, Y = 12, 2180, 1450
STEP = tile_grid(ZOOM, X, Y).dx
DATES = ("20220601", "20220611")


def write(path: Path, values: Any, names: tuple[str, ...], overviews: bool = False) -> None:
    """Write bands whose pixels are those of tiles at the zoom."""
    corner = tile_grid(ZOOM, X, Y)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=len(values),
        height=values.shape[1],
        width=values.shape[2],
        dtype="float32",
        crs="EPSG:3857",
        transform=Affine(STEP, 0, corner.x, 0, -STEP, corner.y),
        nodata=-1,
        tiled=True,
        blockxsize=128,
        blockysize=128,
    ) as file:
        file.write(values)
        file.descriptions = names
        if overviews:
            file.build_overviews([2, 4], Resampling.average)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Catalog, Any]:
    """Two dates of four bands on 2 x 2 tiles, and what is in them."""
    folder = tmp_path_factory.mktemp("maps")
    values = np.random.default_rng(0).uniform(1, 100, (2, 4, 512, 512)).astype("float32")
    values[1, :, :100, :60] = np.nan
    (folder / "scenes").mkdir()
    for date, bands in zip(DATES, values, strict=True):
        write(folder / "scenes" / f"s_{date}.tif", np.nan_to_num(bands, nan=-1), ("B04", "B08", "B03", "B02"))
    catalog = Catalog(folder / "data", samples=False)
    catalog.add(folder / "scenes", "SCENES")
    return catalog, values


def load(**arguments: Any) -> dict[str, Any]:
    given = {"id": "SCENES", "spatial_extent": parameter("spatial_extent"), "temporal_extent": None}
    return node("load_collection", **given | arguments)


def process(**nodes: Any) -> dict[str, Any]:
    nodes[list(nodes)[-1]]["result"] = True
    return {"process_graph": nodes}


def shown(scenes: tuple[Catalog, Any], graph: dict[str, Any], layer: Layer = Layer(), **options: Any) -> Map:  # noqa: B008
    return Map(graph, scenes[0], Permissions(), layer, **options)


NDVI = process(load=load(bands=["B04", "B08"]), ndvi=node("ndvi", data=of("load")))


def test_a_tile_whose_pixels_are_those_of_the_data(scenes: tuple[Catalog, Any]) -> None:
    found = shown(scenes, process(load=load()), Layer(("nir",))).values(tile_grid(ZOOM, X + 1, Y))
    assert_array_equal(found[0], scenes[1][1, 1, :256, 256:])


def test_the_newest_date_is_shown_or_one_that_is_asked_for(scenes: tuple[Catalog, Any]) -> None:
    tile = tile_grid(ZOOM, X, Y)
    for limit, date in ((None, 1), ("2022-06-10", 0), ("2022-06-11", 1), ("2022-06-10T23:59:59Z", 0)):
        found = shown(scenes, process(load=load()), Layer(("B08",), limit)).values(tile)
        assert_array_equal(found[0], scenes[1][date, 1, :256, :256])
    with pytest.raises(GdcError, match="no date up to 2022-05-31; the first is 2022-06-01"):
        shown(scenes, process(load=load()), Layer(None, "2022-05-31"))


def test_dates_are_told_where_there_are_any_left(scenes: tuple[Catalog, Any]) -> None:
    about = shown(scenes, process(load=load()), Layer(None, "2022-06-10")).about
    assert (about["dates"], about["datetime"]) == (2, "2022-06-01T00:00:00Z")
    newest = node("reduce_dimension", data=of("load"), dimension="t", reducer=reducer("max"))
    assert "dates" not in shown(scenes, process(load=load(), newest=newest)).about


def test_red_green_and_blue_are_shown_where_there_are_any(scenes: tuple[Catalog, Any]) -> None:
    made = shown(scenes, process(load=load()))
    assert made.about["bands"] == ["B04", "B03", "B02"]
    assert_array_equal(made.values(tile_grid(ZOOM, X, Y)), scenes[1][1, [0, 2, 3], :256, :256])
    assert shown(scenes, process(load=load(bands=["B08", "B04"]))).bands == ("B08",)
    assert shown(scenes, process(load=load(bands=["B08", "B04", "B02"]))).bands == ("B08", "B04", "B02")
    with pytest.raises(GdcError, match="no band B99; it has B04, B08"):
        shown(scenes, process(load=load()), Layer(("B99",)))
    with pytest.raises(GdcError, match="has no bands"):
        shown(scenes, NDVI, Layer(("B04",)))


def test_a_graph_is_computed_on_what_is_shown(scenes: tuple[Catalog, Any]) -> None:
    graph = process(
        load=load(bands=["B04", "B08"]),
        ndvi=node("ndvi", data=of("load")),
        mean=node("reduce_dimension", data=of("ndvi"), dimension="t", reducer=reducer("mean")),
    )
    red, nir = scenes[1][:, 0], scenes[1][:, 1]
    wanted = np.nanmean((nir - red) / (nir + red), axis=0)
    made = shown(scenes, graph)
    assert_allclose(made.values(tile_grid(ZOOM, X, Y))[0], wanted[:256, :256], atol=1e-6)
    # A tile at the next zoom takes every other pixel, the middle ones; what lies out of the data is empty.
    wider = made.values(tile_grid(ZOOM - 1, X // 2, Y // 2))[0]
    assert_allclose(wider, wanted[1::2, 1::2], atol=1e-6)
    larger = made.values(tile_grid(ZOOM - 2, X // 4, Y // 4, 512))[0]
    row, column = (Y % 4) * 128, (X % 4) * 128
    assert_allclose(larger[row : row + 256, column : column + 256], wanted[1::2, 1::2], atol=1e-6)
    assert np.isfinite(larger).sum() == 256 * 256


def test_zooming_in_repeats_pixels(scenes: tuple[Catalog, Any]) -> None:
    found = shown(scenes, NDVI).values(tile_grid(ZOOM + 3, X * 8 + 1, Y * 8 + 7))
    red, nir = scenes[1][1, :2, 7 * 32 : 8 * 32, 32:64]
    assert_allclose(found[0], np.kron((nir - red) / (nir + red), np.ones((8, 8))), atol=1e-6)


def test_overviews_are_read(tmp_path: Path) -> None:
    values = np.random.default_rng(0).uniform(1, 100, (1, 512, 512)).astype("float32")
    (tmp_path / "scenes").mkdir()
    write(tmp_path / "scenes" / "s_20220601.tif", values, ("B04",), overviews=True)
    catalog = Catalog(tmp_path / "data", samples=False)
    catalog.add(tmp_path / "scenes", "SCENES")
    found = shown((catalog, None), process(load=load())).values(tile_grid(ZOOM - 1, X // 2, Y // 2))
    assert_allclose(found[0], values[0].reshape(256, 2, 256, 2).mean(axis=(1, 3)), rtol=1e-5)


def test_nothing_is_read_for_a_tile_beside_the_data(scenes: tuple[Catalog, Any], monkeypatch: Any) -> None:
    made = shown(scenes, NDVI)
    monkeypatch.setattr(Map, "_cube", None)
    for tile in ((ZOOM, X - 1, Y), (ZOOM, X, Y + 2), (1, 0, 1)):
        assert np.isnan(made.values(tile_grid(*tile))).all()


def test_a_view_in_another_crs(scenes: tuple[Catalog, Any]) -> None:
    made = shown(scenes, NDVI)
    west, south, east, north = made.area
    window = Grid("OGC:CRS84", west, north, (east - west) / 64, (south - north) / 64, 64, 64)
    found = made.values(window)[0]
    red, nir = scenes[1][1, :2, 4::8, 4::8]
    assert_allclose(found, (nir - red) / (nir + red), atol=1e-6)
    utm = made.values(Grid("EPSG:32632", 600000, 5400000, 10000, -10000, 30, 30))[0]
    assert np.isnan(utm).mean() < 1


def test_what_a_map_tells(scenes: tuple[Catalog, Any]) -> None:
    about = shown(scenes, NDVI).about
    corner = tile_grid(ZOOM, X, Y)
    assert about["bounds"][0] == pytest.approx(corner.x / HALF * 180)
    assert about["bounds"][2] == pytest.approx((corner.x + 512 * STEP) / HALF * 180)
    assert about["zoom"] == ZOOM
    latitude = np.radians((about["bounds"][1] + about["bounds"][3]) / 2)
    assert about["resolution"] == pytest.approx(STEP * np.cos(latitude), rel=5e-3)
    assert "bands" not in about


def test_the_range_is_that_of_a_picture_or_percentiles(scenes: tuple[Catalog, Any]) -> None:
    options = {"MIN": "-0.5", "max": 0.5, "colormap": "viridis"}
    saved = process(**NDVI["process_graph"], save=node("save_result", data=of("ndvi"), format="PNG", options=options))
    saved["process_graph"]["ndvi"].pop("result", None)
    made = shown(scenes, saved)
    assert (made.range(), made.colormap) == ((-0.5, 0.5), "viridis")
    NDVI["process_graph"]["ndvi"]["result"] = True
    sample = scenes[1][1, :2, 1::2, 1::2]
    ndvi = (sample[1] - sample[0]) / (sample[1] + sample[0])
    assert_allclose(shown(scenes, NDVI).range(), np.nanpercentile(ndvi, (2, 98)), atol=1e-5)


SUMS = process(
    load=load(bands=["B04"]),
    sums=node("apply_dimension", data=of("load"), dimension="x", process=reducer("cumsum")),
)


def test_what_needs_all_pixels_is_computed_whole_at_a_bounded_resolution(
    scenes: tuple[Catalog, Any], monkeypatch: Any
) -> None:
    made = shown(scenes, SUMS)
    assert made.about["whole"] == ["sums"]
    wanted = np.cumsum(scenes[1][1, 0], axis=1)[256:, 256:]
    assert_allclose(made.values(tile_grid(ZOOM, X + 1, Y + 1))[0], wanted, rtol=1e-4)
    # Both dates of 128 x 128 pixels are all that may be held.
    monkeypatch.setattr(maps, "WHOLE_BYTES", 2 * 128 * 128 * 4)
    bounded = shown(scenes, SUMS)
    assert bounded.about["resolution"] == pytest.approx(4 * made.about["resolution"], rel=1e-3)
    assert bounded.about["zoom"] == ZOOM - 2
    coarse = np.kron(np.cumsum(scenes[1][1, 0, 2::4, 2::4], axis=1), np.ones((4, 4)))[256:, 256:]
    assert_allclose(bounded.values(tile_grid(ZOOM, X + 1, Y + 1))[0], coarse, rtol=1e-4)


def test_a_resampled_graph_is_read_no_finer_than_it_is_shown(scenes: tuple[Catalog, Any]) -> None:
    fine = process(load=load(bands=["B04"]), fine=node("resample_spatial", data=of("load"), resolution=STEP / 16))
    made = shown(scenes, fine, read_bytes=3 * 512 * 512 * 4)
    found = made.values(tile_grid(ZOOM - 1, X // 2, Y // 2))
    assert found.shape == (1, 256, 256)
    plan, cube = next(iter(made._plans.values()))
    assert (plan.sources[0].grid.shape, cube.grid.shape) == ((256, 256), (256, 256))


def test_an_area_smaller_than_a_pixel_is_shown_from_finer_ones(scenes: tuple[Catalog, Any]) -> None:
    corner = tile_grid(ZOOM, X, Y)
    box = {"west": corner.x + 3 * STEP, "east": corner.x + 6 * STEP, "crs": 3857}
    box |= {"south": corner.y - 9 * STEP, "north": corner.y - 5 * STEP}
    tiny = process(load=load(bands=["B04"]), part=node("filter_bbox", data=of("load"), extent=box))
    made = shown(scenes, tiny)
    assert np.isfinite(made.values(tile_grid(4, X >> 8, Y >> 8))).sum() <= 4
    assert np.isfinite(made.values(tile_grid(ZOOM, X, Y), "near")).sum() in (0, 12)


def test_too_much_is_refused_before_it_is_read(scenes: tuple[Catalog, Any]) -> None:
    with pytest.raises(GdcError, match=r"1\.0. MB would be read for one picture, and at most 1\.00 MB are allowed"):
        shown(scenes, NDVI, read_bytes=10**6).values(tile_grid(ZOOM, X, Y))
    with pytest.raises(GdcError, match="would be read"):
        shown(scenes, NDVI, read_bytes=1000).range()


@pytest.mark.parametrize(
    ("graph", "code", "message"),
    [
        (process(a=node("add", x=1, y=2)), "FormatUnsuitable", "A map shows a raster cube of numbers"),
        (process(a=node("no_such_process")), "ProcessUnsupported", "no_such_process"),
        (process(load=load(id="NOTHING")), "CollectionNotFound", "NOTHING"),
        (process(load=load(bands=parameter("mine"))), "ProcessParameterMissing", "mine"),
        (process(load=load(temporal_extent=["1990-01-01", "1991-01-01"])), "NoDataAvailable", "1990"),
    ],
)
def test_a_graph_that_is_no_map_is_refused(
    scenes: tuple[Catalog, Any], graph: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(InvalidProcessGraph, match=message) as told:
        shown(scenes, graph)
    assert told.value.code == code


def test_the_globe(catalog: Catalog) -> None:
    """Temperatures of the sea around the equator, the whole turn."""
    made = Map(process(load=load(id="OSTIA_SST")), catalog, Permissions())
    west, _, east, _ = made.area
    assert east - west == pytest.approx(360)
    world = made.values(tile_grid(0, 0, 0))[0]
    rows = np.flatnonzero(np.isfinite(world).any(axis=1))
    assert [rows[0], rows[-1]] == [125, 131], "from 4.7 degrees north, before the middle of row 124, to 5.3 south"
    edges = made.values(tile_grid(3, 0, 4))[0], made.values(tile_grid(3, 7, 4))[0]
    assert np.abs(np.nanmean(edges[0][:20, :3]) - np.nanmean(edges[1][:20, -3:])) < 1, "the sea goes on"
