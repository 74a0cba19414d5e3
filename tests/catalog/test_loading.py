"""Data from outside the catalogue: files of the user, addresses of a server here, STAC documents of all kinds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import rasterio
from numpy.testing import assert_array_equal
from tornado.web import RequestHandler

from gdc_jupyter.catalog.remote import final_url
from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph import execute
from gdc_jupyter.settings import Permissions

from .graphs import node
from .rasters import write_netcdf, write_tiff
from .web import Web, serving

DAYS = ("20220401", "20220411")
PIXELS = np.random.default_rng(2).integers(1, 900, (2, 2, 40, 50)).astype("uint16")


def load(process_id: str, permissions: Permissions, **arguments: Any) -> Any:
    return execute({"load": node(process_id, True, **arguments)}, permissions=permissions)


def code_of(process_id: str, permissions: Permissions, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(GdcError) as caught:
        load(process_id, permissions, **arguments)
    return caught.value.code, caught.value.message


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder with GeoTIFF and NetCDF files, and a static catalogue of the same GeoTIFFs."""
    root = tmp_path_factory.mktemp("user") / "files"
    for day, values in zip(DAYS, PIXELS, strict=True):
        for band, name in enumerate(("B04", "B08")):
            write_tiff(root / "scenes" / f"S_{day}_{name}.tif", values[band])
    write_netcdf(root / "a.nc", np.ones((1, 3, 4), "f4"), np.arange(4.0), np.array([3.0, 2, 1]), [0.0])
    write_netcdf(root / "b.nc", np.full((1, 3, 4), 2, "f4"), np.arange(4.0), np.array([3.0, 2, 1]), [5.0])
    write_catalog(root / "stac")
    (root.parent / "secret.tif").write_bytes((root / "scenes" / f"S_{DAYS[0]}_B04.tif").read_bytes())
    (root / "link.tif").symlink_to(root.parent / "secret.tif")
    (root / "inner.tif").symlink_to(root / "scenes" / f"S_{DAYS[0]}_B04.tif")
    (root / "vrt.tif").write_text(
        f'<VRTDataset rasterXSize="50" rasterYSize="40"><VRTRasterBand dataType="UInt16" band="1"><SimpleSource>'
        f"<SourceFilename>{root.parent / 'secret.tif'}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    return root


def item(index: int, prefix: str, described: bool = True) -> dict[str, Any]:
    """Return an item of one date; one asset a band."""
    day = DAYS[index]
    placed = {
        "proj:code": "EPSG:32632",
        "proj:shape": [40, 50],
        "proj:transform": [10, 0, 600000, 0, -10, 5200000],
        "raster:bands": [{"data_type": "uint16", "nodata": 0}],
    }
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": f"S_{day}",
        "geometry": {"type": "Point", "coordinates": [10.3, 46.9]},
        "bbox": [10.31, 46.94, 10.33, 46.96],
        "properties": {"datetime": f"{day[:4]}-{day[4:6]}-{day[6:]}T10:00:00Z", "eo:cloud_cover": 10 + 50 * index},
        "links": [],
        "assets": {
            name: {
                "href": f"{prefix}S_{day}_{name}.tif",
                "type": "image/tiff; application=geotiff",
                "eo:bands": [{"name": name, "common_name": common}],
                **(placed if described else {}),
            }
            for name, common in (("B04", "red"), ("B08", "nir"))
        }
        | {"thumbnail": {"href": "file:///etc/passwd", "type": "image/png", "roles": ["thumbnail"]}},
    }


def write_catalog(root: Path) -> None:
    """Write catalog.json > scenes/collection.json > two items."""
    (root / "scenes").mkdir(parents=True)
    catalog = {
        "type": "Catalog",
        "stac_version": "1.0.0",
        "id": "all",
        "description": "All",
        "links": [{"rel": "self", "href": "./catalog.json"}, {"rel": "child", "href": "scenes/collection.json"}],
    }
    collection = {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": "scenes",
        "description": "Scenes",
        "license": "CC0-1.0",
        "extent": {"spatial": {"bbox": [[10, 46, 11, 47]]}, "temporal": {"interval": [["2022-04-01T00:00:00Z", None]]}},
        "links": [
            {"rel": "parent", "href": "../catalog.json"},
            {"rel": "item", "href": "./one.json"},
            {"rel": "item", "href": "./two.json"},
        ],
    }
    (root / "catalog.json").write_text(json.dumps(catalog))
    (root / "scenes" / "collection.json").write_text(json.dumps(collection))
    for index, name in enumerate(("one", "two")):
        (root / "scenes" / f"{name}.json").write_text(json.dumps(item(index, "../../scenes/", described=index == 0)))


class Api(RequestHandler):
    """A STAC API with one collection and two items, one a page."""

    def get(self, path: str) -> None:
        """Answer the landing page, the collection and searches."""
        base = f"{self.request.protocol}://{self.request.host}"
        root = {"rel": "root", "href": f"{base}/api", "type": "application/json"}
        if path == "":
            search = {"rel": "search", "href": f"{base}/api/search", "type": "application/geo+json", "method": "GET"}
            self.finish(
                {
                    "type": "Catalog",
                    "stac_version": "1.0.0",
                    "id": "api",
                    "description": "An API",
                    "conformsTo": [
                        "https://api.stacspec.org/v1.0.0/core",
                        "https://api.stacspec.org/v1.0.0/item-search",
                        "https://api.stacspec.org/v1.0.0/collections",
                    ],
                    "links": [root, search, {"rel": "data", "href": f"{base}/api/collections"}],
                }
            )
        elif path == "/collections/scenes":
            self.finish(
                {
                    "type": "Collection",
                    "stac_version": "1.0.0",
                    "id": "scenes",
                    "title": "Scenes of an API",
                    "description": "Scenes",
                    "license": "CC0-1.0",
                    "extent": {
                        "spatial": {"bbox": [[10, 46, 11, 47]]},
                        "temporal": {"interval": [["2022-04-01T00:00:00Z", None]]},
                    },
                    "summaries": {"platform": ["sentinel-2a"]},
                    "links": [root, {"rel": "items", "href": f"{base}/api/collections/scenes/items"}],
                }
            )
        elif path == "/search":
            self.search(base)

    def search(self, base: str) -> None:
        """Answer the items of the interval that is asked for, a page with one item each."""
        query = parse_qs(urlsplit(str(self.request.uri)).query)
        start, _, end = query.get("datetime", ["../.."])[0].partition("/")
        items = [item(index, f"{base}/scenes/") | {"collection": "scenes"} for index in range(2)]
        items = [
            each
            for each in items
            if (start in ("..", "") or each["properties"]["datetime"] >= start)
            and (end in ("..", "") or each["properties"]["datetime"] <= end)
        ]
        page = int(query.get("page", ["0"])[0])
        links = []
        if page + 1 < len(items):
            following = f"{base}/api/search?page={page + 1}&datetime={query.get('datetime', ['../..'])[0]}"
            links = [{"rel": "next", "href": following, "method": "GET"}]
        self.finish({"type": "FeatureCollection", "features": items[page : page + 1], "links": links})


@pytest.fixture(scope="module")
def web(folder: Path) -> Iterator[Web]:
    with serving(folder, (r"/api(.*)", Api)) as started:
        yield started


@pytest.fixture
def here(web: Web) -> Permissions:
    web.log.clear()
    final_url.cache_clear()
    return Permissions(hosts=("127.0.0.1",))


def test_uploaded_geotiffs_are_one_cube(folder: Path) -> None:
    paths = [f"scenes/S_{day}_{name}.tif" for day in DAYS for name in ("B04", "B08")]
    cube = load("load_uploaded_files", Permissions(files=folder), paths=[f"/{paths[0]}", *paths[1:]], format="gtiff")
    assert_array_equal(cube.values, PIXELS)
    assert cube.bands.values.tolist() == ["B04", "B08"]
    assert_array_equal(cube.t.values, np.array(["2022-04-01", "2022-04-11"], "datetime64[ns]"))
    assert cube.attrs["crs"] == "EPSG:32632"


def test_uploaded_netcdf_files_are_one_cube(folder: Path) -> None:
    cube = load("load_uploaded_files", Permissions(files=folder), paths=["./b.nc", "a.nc"], format="netCDF")
    assert cube.values[:, 0, 0, 0].tolist() == [1, 2]
    assert cube.sizes == {"t": 2, "bands": 1, "y": 3, "x": 4}


@pytest.mark.parametrize(
    "path",
    [
        "../secret.tif",
        "/../secret.tif",
        "link.tif",
        "scenes/../../secret.tif",
        "no.tif",
        "",
        ".",
        "scenes",
        "a\x00.tif",
    ],
)
def test_no_path_leaves_the_folder(folder: Path, path: str) -> None:
    code, message = code_of("load_uploaded_files", Permissions(files=folder), paths=[path], format="GTiff")
    assert code == "FileNotFound" or "does not match" in message
    assert "secret" not in message.replace(path, "")


def test_links_within_the_folder_are_followed(folder: Path) -> None:
    cube = load("load_uploaded_files", Permissions(files=folder), paths=["inner.tif"], format="GTiff")
    assert_array_equal(cube.isel(bands=0).squeeze().values, PIXELS[0, 0])


def test_a_file_that_refers_to_others_is_no_geotiff(folder: Path) -> None:
    code, message = code_of("load_uploaded_files", Permissions(files=folder), paths=["vrt.tif"], format="GTiff")
    assert code == "FormatUnsuitable"
    assert "vrt.tif cannot be loaded as GTiff" in message


def test_files_of_another_format_are_refused(folder: Path) -> None:
    files = Permissions(files=folder)
    assert code_of("load_uploaded_files", files, paths=["a.nc"], format="GTiff")[0] == "FormatUnsuitable"
    assert code_of("load_uploaded_files", files, paths=["inner.tif"], format="netCDF")[0] == "FormatUnsuitable"
    assert code_of("load_uploaded_files", files, paths=["a.nc"], format="Zarr")[0] == "FormatUnsuitable"
    assert code_of("load_uploaded_files", files, paths=["a.nc"], format="DOC")[0] == "FormatUnsuitable"
    assert code_of("load_uploaded_files", files, paths=[], format="GTiff")[0] == "FormatUnsuitable"
    options = {"NO": 1}
    assert code_of("load_uploaded_files", files, paths=["a.nc"], format="netCDF", options=options)[0] == (
        "FormatOptionInvalid"
    )
    assert code_of("load_uploaded_files", Permissions(), paths=["a.nc"], format="netCDF")[0] == "FileNotFound"


def test_a_geotiff_at_an_address_is_read_in_parts(web: Web, here: Permissions, tmp_path: Path, folder: Path) -> None:
    large = np.random.default_rng(1).integers(0, 60000, (2048, 2048)).astype("uint16")
    with rasterio.open(write_tiff(folder / "large.tif", large, blockxsize=256, blockysize=256)) as file:
        left, top = file.bounds.left, file.bounds.top
    extent = {"west": left, "south": top - 1000, "east": left + 1000, "north": top, "crs": 32632}
    graph = {
        "load": node("load_url", url=f"{web.url}/large.tif", format="GTiff"),
        "box": node("filter_bbox", True, data={"from_node": "load"}, extent=extent),
    }
    cube = execute(graph, permissions=here)
    assert_array_equal(np.nan_to_num(cube.values[0]), large[:100, :100])
    assert set(web.paths()) == {"/large.tif"}
    asked = [parts for method, _, parts in web.log if method != "HEAD"]
    ranges = [[int(edge) for edge in str(parts)[6:].split("-")] for parts in asked]
    assert sum(end - start + 1 for start, end in ranges) < large.nbytes / 8


def test_a_netcdf_file_at_an_address_is_fetched(web: Web, here: Permissions) -> None:
    cube = load("load_url", here, url=f"{web.url}/a.nc?token=secret", format="netcdf")
    assert cube.values.mean() == 1
    code, message = code_of("load_url", here, url=f"{web.url}/none.nc?token=secret", format="netCDF")
    assert code == "UrlNotFound"
    assert "404" in message
    assert "secret" not in message


def test_nothing_is_asked_without_permission(web: Web, here: Permissions, folder: Path) -> None:
    for permissions in (Permissions(), Permissions(hosts=("*",))):
        for format in ("GTiff", "netCDF"):
            assert code_of("load_url", permissions, url=f"{web.url}/a.nc", format=format)[0] == "UrlNotPermitted"
        assert code_of("load_stac", permissions, url=f"{web.url}/stac/catalog.json")[0] == "UrlNotPermitted"
    assert web.log == []


@pytest.mark.parametrize("name", ["catalog.json", "scenes/collection.json"])
def test_a_static_catalogue_is_loaded_with_all_below_it(web: Web, here: Permissions, name: str) -> None:
    cube = load("load_stac", here, url=f"{web.url}/stac/{name}")
    assert_array_equal(cube.values, PIXELS)
    assert cube.t.values[1] == np.datetime64("2022-04-11T10:00")
    assert not any("passwd" in path for path in web.paths())


def test_extents_bands_and_properties_of_a_static_catalogue(web: Web, here: Permissions) -> None:
    cloudy = {"process_graph": {"gt": node("gt", True, x={"from_parameter": "value"}, y=50)}}
    cube = load(
        "load_stac",
        here,
        url=f"{web.url}/stac/catalog.json",
        spatial_extent={"west": 600100, "south": 5199800, "east": 600300, "north": 5199950, "crs": 32632},
        bands=["nir"],
        properties={"eo:cloud_cover": cloudy},
    )
    assert cube.sizes == {"t": 1, "bands": 1, "y": 15, "x": 20}
    assert_array_equal(cube.values[0, 0], PIXELS[1, 1, 5:20, 10:30])
    assert not any("B04" in path for path in web.paths())
    code, _ = code_of(
        "load_stac", here, url=f"{web.url}/stac/catalog.json", temporal_extent=["2023-01-01", "2024-01-01"]
    )
    assert code == "NoDataAvailable"
    assert code_of("load_stac", here, url=f"{web.url}/stac/catalog.json", bands=["B99"])[0] in (
        "BandNotFound",
        "NoDataAvailable",
    )


def test_a_single_item_is_loaded(web: Web, here: Permissions) -> None:
    cube = load("load_stac", here, url=f"{web.url}/stac/scenes/two.json", bands=["B08", "B04"])
    assert_array_equal(cube.values[0], PIXELS[1, ::-1])


def test_an_api_is_searched(web: Web, here: Permissions) -> None:
    address = f"{web.url}/api/collections/scenes"
    assert_array_equal(load("load_stac", here, url=address).values, PIXELS)
    web.log.clear()
    cube = load("load_stac", here, url=address, temporal_extent=["2022-04-05", "2022-05-01"], bands=["B04"])
    assert_array_equal(cube.values, PIXELS[1:, :1])
    asked = next(path for path in web.paths() if "/search" in path)
    assert "collections=scenes" in asked
    assert "datetime=2022-04-05" in asked
    code, message = code_of("load_stac", here, url=f"{web.url}/api")
    assert code == "StacInvalid"
    assert "name one of its collections" in message


def test_files_of_the_user_are_a_catalogue_too(folder: Path) -> None:
    permissions = Permissions(files=folder)
    graph = {"load": node("load_stac", True, url={"from_parameter": "where"})}
    cube = execute(graph, {"where": "stac/catalog.json"}, permissions=permissions)
    assert_array_equal(cube.values, PIXELS)


def test_a_document_cannot_lead_out_of_the_folder(folder: Path, tmp_path: Path, web: Web, here: Permissions) -> None:
    graph = {"load": node("load_stac", True, url={"from_parameter": "where"})}
    for href in (str(folder.parent / "secret.tif"), "../secret.tif", f"file://{folder.parent}/secret.tif"):
        bad = item(0, "scenes/")
        bad["assets"]["B04"]["href"] = href
        (folder / "bad.json").write_text(json.dumps(bad))
        with pytest.raises(GdcError) as caught:
            execute(graph, {"where": "bad.json"}, permissions=Permissions(files=folder))
        assert caught.value.code == "FileNotFound"
        assert code_of("load_stac", here, url=f"{web.url}/bad.json")[0] in ("UrlNotPermitted", "UrlNotFound")
        # A path in a document of the web is one of that server, where nothing of that name is.


def test_items_with_netcdf_files(web: Web, here: Permissions, folder: Path) -> None:
    entry = item(0, "") | {
        "assets": {"data": {"href": "a.nc", "type": "application/x-netcdf", "roles": ["data"]}},
    }
    (folder / "arrays.json").write_text(json.dumps(entry))
    cube = load("load_stac", here, url=f"{web.url}/arrays.json")
    assert cube.sizes == {"t": 1, "bands": 1, "y": 3, "x": 4}
    assert cube.values.mean() == 1


def test_what_is_no_stac_document_is_refused(web: Web, here: Permissions, folder: Path) -> None:
    (folder / "other.json").write_text("[1, 2]")
    assert code_of("load_stac", here, url=f"{web.url}/other.json")[0] == "StacInvalid"
    (folder / "other.json").write_text('{"type": "Topology"}')
    assert code_of("load_stac", here, url=f"{web.url}/other.json")[0] == "StacInvalid"
    assert code_of("load_stac", here, url=f"{web.url}/a.nc")[0] == "UrlUnreachable"
