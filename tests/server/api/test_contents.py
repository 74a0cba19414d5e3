"""Files of the Jupyter server become collections of who has the server, and none that lie elsewhere do."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import xarray as xr


@pytest.fixture
def root(jp_root_dir):
    (jp_root_dir / "data").mkdir()
    cube = xr.Dataset(
        {"temperature": (("time", "lat", "lon"), np.arange(24.0).reshape(2, 3, 4))},
        coords={
            "time": np.array(["2024-01-01", "2024-01-02"], "datetime64[ns]"),
            "lat": ("lat", [48.0, 47.0, 46.0], {"units": "degrees_north"}),
            "lon": ("lon", [8.0, 9.0, 10.0, 11.0], {"units": "degrees_east"}),
        },
    )
    cube.to_netcdf(jp_root_dir / "data" / "weather.nc")
    cube.to_zarr(jp_root_dir / "store.zarr", zarr_format=3, consolidated=False)
    shutil.make_archive(str(jp_root_dir / "packed.zarr"), "zip", jp_root_dir / "store.zarr")
    return jp_root_dir


@pytest.fixture
def add(ask):
    async def post(path, **options):
        return await ask("/contents/collections", method="POST", body=json.dumps({"path": path}), **options)

    return post


@pytest.mark.parametrize(
    ("path", "collection"), [("data/weather.nc", "weather"), ("store.zarr", "store"), ("/packed.zarr.zip", "packed")]
)
async def test_a_file_is_added_once(root, add, ask, path, collection):
    status, headers, body = await add(path)
    assert status == 201
    assert headers["Location"].endswith(f"/gdc/collections/{collection}")
    assert [each["id"] for each in body["collections"]] == [collection]
    assert body["collections"][0]["extent"]["spatial"]["bbox"] == [[7.5, 45.5, 11.5, 48.5]]
    status, _, again = await add(path)
    assert status == 200
    assert again == body
    assert (await ask(f"/collections/{collection}"))[0] == 200
    assert (await ask(f"/collections/{collection}", headers={}))[0] == 404


async def test_an_id_that_is_taken_gets_a_number(root, add):
    shutil.copy(root / "data" / "weather.nc", root / "weather.nc")
    assert (await add("data/weather.nc"))[2]["collections"][0]["id"] == "weather"
    assert (await add("weather.nc"))[2]["collections"][0]["id"] == "weather-2"


async def test_what_lies_elsewhere_is_not_there(root, add, tmp_path):
    outside = tmp_path / "outside.nc"
    shutil.copy(root / "data" / "weather.nc", outside)
    (root / "link.nc").symlink_to(outside)
    (root / ".hidden.nc").symlink_to(root / "data" / "weather.nc")
    for path in ("missing.nc", "../outside.nc", "data/../../outside.nc", str(outside), "link.nc", ".hidden.nc", "a\0b"):
        status, _, body = await add(path)
        assert (status, body["code"]) == (404, "FileNotFound"), path


async def test_what_cannot_be_read_says_why(root, add):
    (root / "notes.nc").write_text("no data")
    (root / "notes.txt").write_text("no data")
    (root / "empty.zarr.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    for path, code in (
        ("notes.nc", "DataFileUnreadable"),
        ("notes.txt", "DataFileUnsupported"),
        ("empty.zarr.zip", "FormatUnsuitable"),
    ):
        _, _, body = await add(path)
        assert body["code"] == code, path
        assert path in body["message"]


async def test_nobody_adds_without_a_login(root, add):
    status, _, body = await add("data/weather.nc", headers={})
    assert (status, body["code"]) == (401, "AuthenticationRequired")
