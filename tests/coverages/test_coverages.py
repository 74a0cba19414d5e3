"""Parts of collections, held against the values that the files were made with."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
import rasterio
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from rasterio.io import MemoryFile
from rasterio.transform import from_origin

from gdc_jupyter.coverages.coverage import resolve
from gdc_jupyter.coverages.formats import layer_names
from gdc_jupyter.coverages.request import parse_request
from gdc_jupyter.errors import GdcError

LON, LAT = np.arange(-175, 180, 10.0), np.arange(85, -90, -10.0)


def read(coverage):
    return np.concatenate([values for _, values in coverage.strips()], axis=-2)


def both(values):
    """The values of the file as a coverage has them: shape (t, bands, depth, y, x), NaN where there is none."""
    stacked = np.stack([values["temperature"], values["salinity"]], axis=1).astype("float32")
    return np.where(stacked == -32768, np.nan, stacked)


def test_the_whole(ask, ocean):
    assert_array_equal(read(ask()), both(ocean[1]))


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ({"subset": "lon(-20:20)"}, np.s_[..., 16:20]),
        ({"subset": "Lon(-20:20),Lat(0:*)"}, np.s_[..., :9, 16:20]),
        ({"subset": ["x(-20:20)", "y(*:-80)"]}, np.s_[..., 17:, 16:20]),
        ({"bbox": "-20,0,20,90"}, np.s_[..., :9, 16:20]),
        ({"bbox": "-20,0,5,20,90,60"}, np.s_[:, :, 1:3, :9, 16:20]),
        ({"bbox": "0,-20,90,20", "bbox_crs": "http://www.opengis.net/def/crs/EPSG/0/4326"}, np.s_[..., :9, 16:20]),
        ({"bbox": "-20,0,20,90", "bbox_crs": "[OGC:CRS84]"}, np.s_[..., :9, 16:20]),
        ({"subset": 'time("2020-02-01")'}, np.s_[1:2]),
        ({"subset": "t(2020-02)"}, np.s_[1:2]),
        ({"subset": 't("2020-02-01T00:00:00Z":*)'}, np.s_[1:]),
        ({"subset": "t(2020-02-01T00:00:00Z:2020-03-01)"}, np.s_[1:]),
        ({"datetime": "2020"}, np.s_[:]),
        ({"datetime": "2020-03-01T12:00:00Z"}, np.s_[2:]),
        ({"datetime": "../2020-02-01"}, np.s_[:2]),
        ({"datetime": "2020-01-02/.."}, np.s_[1:]),
        ({"datetime": "2020-02-01T01:00:00+01:00/2020-02-28"}, np.s_[1:2]),
        ({"subset": "depth(10:50)"}, np.s_[:, :, 1:3]),
        ({"subset": "depth(50)"}, np.s_[:, :, 2:3]),
        ({"properties": "salinity"}, np.s_[:, 1:]),
        ({"properties": "1"}, np.s_[:, 1:]),
        ({"properties": "0,*"}, np.s_[:]),
        ({"properties": "*"}, np.s_[:]),
        ({"properties": "salinity,temperature"}, np.s_[:, ::-1]),
        ({"subset": "lon(3)"}, np.s_[..., 18:19]),
        ({"subset": "lon(3:4),lat(2:3)"}, np.s_[..., 8:9, 18:19]),
        ({"scale_size": "t(2)"}, np.s_[[0, 2]]),
        ({"scale_axes": "depth(2)"}, np.s_[:, :, [0, 3]]),
    ],
)
def test_parts(query, part, ask, ocean):
    assert_array_equal(read(ask(**query)), both(ocean[1])[part])


def test_over_the_antimeridian(ask, ocean):
    coverage = ask(bbox="170,-90,-170,90")
    assert_array_equal(read(coverage), both(ocean[1])[..., [35, 0]])
    assert coverage.grid.bounds.west == 170
    assert coverage.grid.bounds.east == 190


@pytest.mark.parametrize(
    "query", [{"scale_factor": "3"}, {"scale_axes": "x(3),y(3)"}, {"scale_size": "lon(12),lat(6)"}]
)
def test_larger_pixels_have_the_value_of_the_one_in_their_middle(query, ask, ocean):
    assert_array_equal(read(ask(**query)), both(ocean[1])[..., 1::3, 1::3])


def test_few_pixels_of_many_are_read_coarsely(catalog, tmp_path, monkeypatch):
    size = 1024
    values = np.arange(size * size, dtype="uint32").reshape(1, size, size)
    place = {"crs": "EPSG:32632", "transform": from_origin(500000, 5200000, 10, 10), "dtype": "uint32"}
    with rasterio.open(tmp_path / "large.tif", "w", "GTiff", size, size, 1, tiled=True, **place) as file:
        file.write(values)
    catalog.add(tmp_path / "large.tif", "large")
    try:
        exact = resolve(catalog.get("large"), parse_request({"scale-factor": ["16"]}))
        assert_array_equal(read(exact)[0, 0], values[0, 8::16, 8::16])
        monkeypatch.setattr("gdc_jupyter.coverages.coverage._MOST_IN_FULL", 1000)
        coarse = read(resolve(catalog.get("large"), parse_request({"scale-factor": ["16"]})))[0, 0]
        assert coarse.shape == (64, 64)
        rows, columns = np.divmod(coarse.astype(int), size)
        assert (abs(rows - (8 + 16 * np.arange(64))[:, None]) <= 8).all()
        assert (abs(columns - (8 + 16 * np.arange(64))) <= 8).all()
    finally:
        catalog.remove("large")


def test_another_crs_has_the_nearest_pixels(ask, ocean):
    coverage = ask(crs="EPSG:3857", subset="lat(-60:60)", scale_size="x(36),y(10)")
    corner = coverage.grid.bounds
    x = [corner.west + 3.5 * coverage.grid.dx] * 10
    y = corner.north + (np.arange(10) + 0.5) * coverage.grid.dy
    longitude, latitude = (np.array(each) for each in rasterio.warp.transform("EPSG:3857", "EPSG:4326", x, y))
    rows = np.abs(LAT[:, None] - latitude).argmin(axis=0)
    column = np.abs(LON - longitude[0]).argmin()
    assert_array_equal(read(coverage)[0, 0, 0, :, 3], both(ocean[1])[0, 0, 0, rows, column])


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_box_is_what_xarray_selects(data, ask, ocean):
    edge = st.floats(-179, 179, allow_nan=False)
    west, east = sorted(data.draw(st.tuples(edge, edge)))
    south, north = sorted(value / 2 for value in data.draw(st.tuples(edge, edge)))
    columns, rows = np.flatnonzero((west <= LON) & (east >= LON)), np.flatnonzero((south <= LAT) & (north >= LAT))
    if columns.size and rows.size:
        found = read(ask(bbox=f"{west!r},{south!r},{east!r},{north!r}", properties="temperature"))
        expected = xr.DataArray(ocean[1]["temperature"]).isel(dim_2=rows, dim_3=columns)
        assert_array_equal(found[:, 0], expected)


REFUSED = [
    ({"subset": "q(1:2)"}, "'subset' names the axis 'q', and the axes are t, depth, y, x"),
    ({"subset": "x(5:1)"}, "whose end is before its start"),
    ({"subset": "x(nan:5)"}, "must have numbers on the axis 'x'"),
    ({"subset": "x(1:inf)"}, "must have numbers on the axis 'x'"),
    ({"subset": "x(1_0:20)"}, "must have numbers on the axis 'x'"),
    ({"subset": "x"}, "must be axis(low:high) or axis(value)"),
    ({"subset": "x(1:2),lon(3:4)"}, "has an axis twice"),
    ({"subset": "x(1:2),x(3:4)"}, "has the axis 'x' twice"),
    ({"subset": 't("soon")'}, "must be of dates"),
    ({"subset": 't("2020-02-30")'}, "must be of dates"),
    ({"subset": 't("2020-03":"2020-01")'}, "whose end is before its start"),
    ({"subset": 't("1999")'}, "has no time with data: the data are of 2020-01-01T00:00:00Z to"),
    ({"subset": 't("2020-01-15")'}, "the nearest are 2020-01-01T00:00:00Z and 2020-02-01T00:00:00Z"),
    ({"subset": "depth(7)"}, "has nothing on the axis 'depth', which has 0.0, 10.0, 50.0, 100.0"),
    ({"subset": "depth(50:10)"}, "whose end is before its start"),
    ({"subset": "x(1:2)", "bbox": "0,0,1,1"}, "'bbox' cannot be given together with a 'subset'"),
    ({"subset": "t(2020)", "datetime": "2020"}, "'datetime' cannot be given together with a 'subset'"),
    ({"bbox": "1,2,3"}, "must have four or six numbers; it has 3"),
    ({"bbox": "0,0,nan,1"}, "must have finite numbers"),
    ({"bbox": "0,10,20,5"}, "upper corner below its lower one"),
    ({"bbox": "0,0,10,1e300"}, "must be within -90 to 90"),
    ({"bbox": "0,0,1,1", "bbox_crs": "EPSG:999999"}, "'bbox-crs' must name a CRS"),
    ({"subset": "x(0:50)", "subset_crs": "moon"}, "'subset-crs' must name a CRS"),
    ({"crs": "../../etc"}, "'crs' must name a CRS"),
    ({"datetime": "2020/2021/2022"}, "'datetime' must be one date-time"),
    ({"datetime": "../.."}, "'datetime' must be one date-time"),
    ({"datetime": "today"}, "'datetime' must be of dates"),
    ({"datetime": ["2020", "2021"]}, "'datetime' is given 2 times"),
    ({"properties": "wind"}, "the fields are temperature, salinity, or their numbers from 0 to 1"),
    ({"properties": "2"}, "the fields are temperature, salinity"),
    ({"properties": "0,temperature"}, "names a field twice"),
    ({"properties": "1,*,*"}, None),
    ({"scale_factor": "0"}, "'scale-factor' must be a number above 0"),
    ({"scale_factor": "-2"}, "'scale-factor' must be a number above 0"),
    ({"scale_factor": "inf"}, "'scale-factor' must have finite numbers"),
    ({"scale_factor": "1e-5"}, "which is too many"),
    ({"scale_axes": "w(2)"}, "'scale-axes' names the axis 'w'"),
    ({"scale_axes": "x=2"}, "must be axis(number)"),
    ({"scale_size": "x(1.5)"}, "must be a whole number"),
    ({"scale_size": "x(1000000),y(1000000)"}, "which is too many"),
    ({"scale_size": "t(9)"}, "asks for 9 values on the axis 't', which has 3"),
    ({"scale_factor": "2", "scale_size": "x(2)"}, "cannot be given together with 'scale-factor'"),
    ({"limit": "10"}, "'limit' is not known here"),
    ({"subset": "x(" + "1" * 5000 + ")"}, "longer than 4000"),
]


@pytest.mark.parametrize(("query", "told"), [each for each in REFUSED if each[1]])
def test_what_cannot_be_is_refused(query, told, ask):
    with pytest.raises(GdcError) as error:
        ask(**query)
    assert told in error.value.message
    assert error.value.code in ("ParameterInvalid", "NoDataAvailable")


def test_a_box_beside_the_data_is_told(catalog, tmp_path):
    with rasterio.open(
        tmp_path / "a.tif",
        "w",
        "GTiff",
        20,
        10,
        1,
        crs="EPSG:32632",
        dtype="uint8",
        transform=from_origin(500000, 5200000, 10, 10),
    ) as file:
        file.write(np.arange(200, dtype="uint8").reshape(1, 10, 20))
    catalog.add(tmp_path / "a.tif", "tiff")
    try:
        collection = catalog.get("tiff")
        with pytest.raises(GdcError, match="has no data in the box"):
            resolve(collection, parse_request({"bbox": ["20,20,21,21"]}))
        with pytest.raises(GdcError, match="upper corner below"):
            resolve(collection, parse_request({"bbox": ["500100,5199950,500000,5200000"], "bbox-crs": ["EPSG:32632"]}))
        one = resolve(collection, parse_request({"subset": ["E(500033),N(5199987)"]}))
        assert read(one).tolist() == [[[[23]]]]
        with pytest.raises(GdcError, match="no time axis"):
            resolve(collection, parse_request({"datetime": ["2020"]}))
    finally:
        catalog.remove("tiff")


def test_netcdf(ask, write, ocean, tmp_path):
    coverage = ask(subset="lon(-20:20)", datetime="2020-01-02/..")
    (tmp_path / "a.nc").write_bytes(write(coverage, "netcdf"))
    with xr.open_dataset(tmp_path / "a.nc") as found:
        assert found.t.values.astype("datetime64[D]").astype(str).tolist() == ["2020-02-01", "2020-03-01"]
        assert_array_equal(found.salinity.values, both(ocean[1])[1:, 1][..., 16:20])
    with xr.open_dataset(tmp_path / "a.nc", mask_and_scale=False) as raw:
        assert raw.salinity.dtype == np.int16
        assert raw.salinity.attrs["_FillValue"] == -32768


def test_geotiff(ask, write, ocean):
    coverage = ask(subset=["lon(-20:20)", "depth(10:50)"], datetime="2020-01-02/..")
    with MemoryFile(write(coverage, "geotiff")) as memory, memory.open() as file:
        expected = np.stack([ocean[1][name][1:, 1:3, :, 16:20] for name in ("temperature", "salinity")], axis=2)
        assert_array_equal(file.read(), expected.reshape(8, 18, 4))
        assert file.nodata == -32768
        assert file.bounds == (-20, -90, 20, 90)
        assert file.descriptions == tuple(layer_names(coverage))
        assert file.descriptions[1] == "2020-02-01T00:00:00Z depth=10.0 salinity"


def test_coverage_json(ask, write, ocean):
    document = json.loads(write(ask(subset="lon(-20:20),depth(0)", datetime="2020-01"), "covjson"))
    found = document["ranges"]["salinity"]
    expected = both(ocean[1])[0, 1, 0, :, 16:20].reshape(-1).tolist()
    assert found["values"] == [None if np.isnan(each) else each for each in expected]
    assert document["domain"]["axes"]["x"] == {"start": -15, "stop": 15, "num": 4}
    assert "depth" not in document["domain"]["axes"]


def test_cis_json(ask, write, ocean):
    document = json.loads(write(ask(subset="lon(-180:-160),lat(70:90),depth(0)"), "json"))
    assert document["domainSet"]["generalGrid"]["axisLabels"] == ["t", "y", "x"]
    y = document["domainSet"]["generalGrid"]["axis"][1]
    assert (y["lowerBound"], y["upperBound"], y["resolution"]) == ("75", "85", -10)
    assert document["domainSet"]["generalGrid"]["axis"][0]["coordinate"][2] == "2020-03-01T12:00:00Z"
    values = document["rangeSet"]["dataBlock"]["values"]
    t, s = (ocean[1][name][:, 0, :2, :2].reshape(-1) for name in ("temperature", "salinity"))
    assert values == [f"{a},{b if b != -32768 else 'NaN'}" for a, b in zip(t, s, strict=True)]
    assert values[0].endswith(",NaN")
    one = json.loads(
        write(ask(subset="lon(-175),lat(85),depth(0)", properties="temperature", datetime="2020-01"), "json")
    )
    assert one["rangeSet"]["dataBlock"] == {"type": "VDataBlock", "values": [str(t[0])]}
    assert one["domainSet"]["generalGrid"]["axisLabels"] == ["t"]


def test_zarr(ask, write, ocean, tmp_path):
    with zipfile.ZipFile(io.BytesIO(write(ask(datetime="2020-01"), "zarr"))) as archive:
        archive.extractall(tmp_path)
    (store,) = {
        path.parent
        for path in [*tmp_path.rglob(".zgroup"), *tmp_path.rglob("zarr.json")]
        if len(path.relative_to(tmp_path).parts) <= 2
    }
    with xr.open_zarr(store) as found:
        assert_array_equal(found.temperature.values, both(ocean[1])[:1, 0])


def test_multipart(ask, write, ocean):
    raw = write(ask(datetime="2020-01", subset="depth(0)", properties="temperature"), "multipart")
    head, first, second, tail = raw.split(b"--gdc-coverage-part")
    assert (head, tail) == (b"", b"--\r\n")
    assert json.loads(first.split(b"\r\n\r\n", 1)[1])["rangeSet"]["fileReference"] == ["cid:values"]
    with MemoryFile(second.split(b"\r\n\r\n", 1)[1][:-2]) as memory, memory.open() as file:
        assert_array_equal(file.read(1), ocean[1]["temperature"][0, 0])


def test_picture(ask, write):
    with MemoryFile(write(ask(), "png")) as memory, memory.open() as file:
        assert (file.width, file.height, file.count) == (36, 18, 4)
