"""Ordinary clients list what there is, read of it and download, and all see the same pixels."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import rasterio
import requests

from .conftest import TOKEN

CLIENTS = Path(__file__).parents[1] / "clients"
DATE, NIR = "2022-06-02", "B08"
FIELDS = "ALPS_FIELDS"


@pytest.fixture(scope="module")
def tile(server, tmp_path_factory):
    """A part of the near-infrared of a day, 24 by 20 pixels, read from the file that an item names."""
    item = requests.get(f"{server.url}/collections/S2_ALPS/items/S2_ALPS_20220602", timeout=60).json()
    path = tmp_path_factory.mktemp("item") / "nir.tif"
    path.write_bytes(requests.get(item["assets"][NIR]["href"], timeout=60).content)
    with rasterio.open(path) as file:
        window = rasterio.windows.Window(100, 140, 24, 20)
        return file.read(1, window=window), rasterio.windows.bounds(window, file.transform)


def asked(tile, **more):
    (west, south, east, north) = tile[1]
    return {
        "subset": f"x({west}:{east}),y({south}:{north})",
        "subset-crs": "EPSG:32632",
        "datetime": DATE,
        "properties": NIR,
        **more,
    }


def is_missing(reason):
    if os.environ.get("GDC_REQUIRE_CLIENTS"):
        pytest.fail(reason)
    pytest.skip(reason)


def test_the_javascript_client(server, tmp_path):
    if not (CLIENTS / "node_modules").is_dir() or shutil.which("node") is None:
        is_missing("the client is not installed: make installs it")
    command = ["node", CLIENTS / "openeo.js", server.url, "me", TOKEN, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert (seen["api"], seen["account"], seen["faults"]) == ("1.2.0", "local", [])
    assert seen["collections"][:3] == ["S2_ALPS", "S2_PATAGONIA", "OSTIA_SST"]
    assert seen["processes"] == len(server.get("/processes").json()["processes"])
    assert seen["type"].startswith("image/tiff")
    assert (seen["status"], seen["title"]) == ("finished", "From JavaScript")
    assert seen["job"] in seen["jobs"]
    with rasterio.open(tmp_path / "at-once.tif") as once, rasterio.open(seen["files"][0]) as job:
        assert once.shape == (84, 96)
        np.testing.assert_array_equal(once.read(), job.read())
    assert server.get(f"/jobs/{seen['job']}").status_code == 404


def test_pystac_client_reads_files_of_items(server, tile):
    from pystac_client import Client

    catalog = Client.open(server.url)
    assert catalog.conforms_to("ITEM_SEARCH")
    assert [each.id for each in catalog.get_collections()][:2] == ["S2_ALPS", "S2_PATAGONIA"]
    (item,) = catalog.search(collections=["S2_ALPS"], datetime=DATE).items()
    with rasterio.open(item.assets[NIR].href) as file:
        window = rasterio.windows.from_bounds(*tile[1], file.transform)
        np.testing.assert_array_equal(file.read(1, window=window), tile[0])


def test_owslib_reads_features(server):
    from owslib.ogcapi.features import Features

    client = Features(server.url)
    assert client.api()["openapi"] == "3.0.3"
    assert any(each.endswith("ogcapi-features-1/1.0/conf/core") for each in client.conformance()["conformsTo"])
    assert FIELDS in client.feature_collections()
    assert "crop" in client.collection_queryables(FIELDS)["properties"]
    page = client.collection_items(FIELDS, limit=3, bbox=[11.3, 46.4, 11.4, 46.6])
    assert len(page["features"]) == 3
    one = client.collection_item(FIELDS, page["features"][0]["id"])
    assert one["properties"]["crop"] == page["features"][0]["properties"]["crop"]
    found = client.collection_items(FIELDS, filter="crop = 'maize'", limit=100)
    assert [each["properties"]["crop"] for each in found["features"]] == ["maize"] * 4


def test_owslib_reads_coverages(server, tile):
    from owslib.ogcapi.coverages import Coverages

    client = Coverages(server.url)
    assert client.coverages()[:3] == ["S2_ALPS", "S2_PATAGONIA", "OSTIA_SST"]
    assert FIELDS not in client.coverages()
    whole = json.load(client.coverage("OSTIA_SST", datetime=("2006-04", "2006-06"), scale_size={"lon": 43}))
    assert [axis["axisLabel"] for axis in whole["domainSet"]["generalGrid"]["axis"]]
    west, _, east, _ = tile[1]
    part = json.load(client.coverage("S2_ALPS", datetime=DATE, properties=[NIR], subset=[("x", west, east)]))
    assert [field["name"] for field in part["rangeType"]["field"]] == [NIR]
    links = client.collection("S2_ALPS")["links"]
    (geotiff,) = [each["href"] for each in links if "geotiff" in each["type"] and "coverage" in each["rel"]]
    answer = requests.get(geotiff, params=asked(tile), timeout=60)
    with rasterio.MemoryFile(answer.content) as memory, memory.open() as file:
        np.testing.assert_array_equal(file.read(1), tile[0])


@pytest.mark.parametrize("format", ["geotiff", "netcdf", "png", "zarr"])
def test_gdal_reads_what_is_downloaded(server, tile, tmp_path, format):
    answer = requests.get(f"{server.url}/collections/S2_ALPS/coverage", params=asked(tile, f=format), timeout=60)
    assert answer.status_code == 200, answer.text
    name = {"geotiff": "part.tif", "netcdf": "part.nc", "png": "part.png", "zarr": "part.zip"}[format]
    path = tmp_path / name
    path.write_bytes(answer.content)
    address = {"netcdf": f"netcdf:{path}:{NIR}", "zarr": f'ZARR:"/vsizip/{path}":/{NIR}'}.get(format, str(path))
    with rasterio.open(address) as file:
        assert (file.width, file.height) == (24, 20)
        if format != "png":
            assert file.crs.to_epsg() == 32632
            assert tuple(file.bounds) == pytest.approx(tile[1], abs=1e-6)
            np.testing.assert_array_equal(np.squeeze(file.read()), tile[0])
    if shutil.which("gdalinfo") and format in ("geotiff", "png"):
        told = subprocess.run(["gdalinfo", "-json", path], capture_output=True, text=True, check=True).stdout
        assert json.loads(told)["size"] == [24, 20]


def test_gdal_reads_features_by_its_own_driver(server):
    import pyogrio

    if pyogrio.list_drivers().get("OAPIF") is None:
        pytest.skip("pyogrio's GDAL has no OGC API - Features driver")
    source = f"OAPIF:{server.url}"
    assert FIELDS in {name for name, _ in pyogrio.list_layers(source)}
    features = pyogrio.read_dataframe(source, layer=FIELDS, bbox=(11.3, 46.4, 11.4, 46.6))
    assert len(features) == 24
    assert features.crs.equals("EPSG:4326", ignore_axis_order=True)
    assert set(features["crop"]) == {"maize", "meadow", "orchard", "potato", "rape", "wheat"}
    published = requests.get(f"{server.url}/collections/{FIELDS}/items", timeout=30).json()["features"]
    first = {each["id"]: each["geometry"]["coordinates"][0] for each in published}
    assert [list(map(list, each.exterior.coords)) for each in features.geometry[:1]] == [first[features["id"][0]]]


def test_ogrinfo(server):
    if shutil.which("ogrinfo") is None:
        is_missing("ogrinfo is not installed (apt install gdal-bin)")
    command = ["ogrinfo", "-so", f"OAPIF:{server.url}", FIELDS]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 0, told.stderr
    assert "Feature Count: 24" in told.stdout
    assert "crop: String" in told.stdout
