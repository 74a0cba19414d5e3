"""Arrays as pictures on a web map."""

from __future__ import annotations

import io

import numpy as np
import pytest
import rioxarray  # noqa: F401  # it brings .rio
import xarray as xr
from PIL import Image
from pyproj import Transformer

from gdc_jupyter.errors import GdcError
from gdc_jupyter.widgets import array_picture as module
from gdc_jupyter.widgets.array_picture import array_picture

GRAY = ["#000000", "#ffffff"]


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGBA"))


def at(picture, longitude, latitude):
    """Return the colour of a place, by web mercator."""
    west, south, east, north = picture.bounds
    to_mercator = Transformer.from_crs("OGC:CRS84", "EPSG:3857", always_xy=True).transform
    image = pixels(picture)
    (_, low), (_, high), (_, y) = (to_mercator(0, lat) for lat in (south, north, latitude))
    row = int((high - y) / (high - low) * image.shape[0])
    column = int((longitude - west) / (east - west) * image.shape[1])
    return tuple(image[row, column].tolist())


def globe(step=1.0, first=-180.0):
    """An array that holds its latitudes."""
    lon = np.arange(first + step / 2, first + 360, step)
    lat = np.arange(90 - step / 2, -90, -step)
    return xr.DataArray(np.repeat(lat[:, None], len(lon), axis=1), {"lat": lat, "lon": lon}, ("lat", "lon"), "latitude")


@pytest.mark.parametrize("first", [-180.0, 0.0])
def test_degrees_lie_where_they_belong(first):
    picture = array_picture(globe(first=first), GRAY, (-90, 90))
    assert picture.bounds == pytest.approx((first, -85.0511, first + 360, 85.0511), abs=1e-3)
    for latitude in (-80, -45.2, 0.3, 30.6, 79.8):
        # Cells of one degree hold the latitude of their middle.
        shade = (np.floor(latitude) + 0.5 + 90) / 180 * 255
        assert at(picture, first + 99.4, latitude)[0] == pytest.approx(shade, abs=1.1)


def test_axes_may_go_up_or_down_and_need_not_be_regular():
    lat = np.array([10.0, 20.0, 40.0])
    array = xr.DataArray([[0.0, 1], [2, 3], [4, 5]], {"y": lat, "x": [170.0, 190.0]}, ("y", "x")).rio.write_crs(4326)
    for given in (array, array.isel(y=slice(None, None, -1)), array.isel(x=slice(None, None, -1)), array.T):
        picture = array_picture(given, GRAY, (0, 5))
        assert picture.bounds == pytest.approx((160, 5, 200, 50))
        assert at(picture, 165, 7)[0] == 0
        assert at(picture, 195, 16)[0] == pytest.approx(3 / 5 * 255, abs=1)
        assert at(picture, 165, 49)[0] == pytest.approx(4 / 5 * 255, abs=1)


@pytest.mark.parametrize("zone", [32632, 32601])
def test_projected_arrays_are_warped_also_at_the_antimeridian(zone):
    """A bright square in the middle of zone 32, and of zone 1 at its western edge, 180 degrees."""
    left = 500_000.0 if zone == 32632 else 166_000.0 - 50_000
    x, y = left + 500 + 1000 * np.arange(100), 5_150_000.0 - 1000 * np.arange(100)
    values = np.zeros((100, 100), np.float32)
    values[40:60, 40:60] = 1
    picture = array_picture(xr.DataArray(values, {"y": y, "x": x}, ("y", "x")).rio.write_crs(zone), GRAY, (0, 1))
    to_degrees = Transformer.from_crs(zone, "OGC:CRS84", always_xy=True).transform
    assert picture.bounds[2] - picture.bounds[0] < 2
    for column, row, shade in ((50, 50, 255), (42, 57, 255), (37, 50, 0), (50, 63, 0)):
        longitude, latitude = to_degrees(x[column], y[row])
        longitude += 360 if longitude < picture.bounds[0] else 0
        assert at(picture, longitude, latitude) == (shade, shade, shade, 255)
    # Corners of a warped picture hold nothing.
    assert pixels(picture)[0, 0, 3] == 0 or pixels(picture)[-1, -1, 3] == 0


def test_missing_values_are_transparent():
    array = globe(10).where(globe(10) > 0)
    picture = array_picture(array)
    assert at(picture, 0, -40)[3] == 0
    assert at(picture, 0, 40)[3] == 255
    whole = globe(10).astype("int16").rio.write_nodata(-5)
    assert at(array_picture(whole), 0, -5)[3] == 0


def test_large_arrays_are_read_at_some_pixels(monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 100)
    picture = array_picture(globe(1), GRAY, (-90, 90))
    assert picture.notes == ["one pixel in 4 of 360 × 180, along each axis"]
    assert max(pixels(picture).shape) <= 100
    assert at(picture, 0, 40)[0] == pytest.approx(130 / 180 * 255, abs=4)


def test_dates_bands_and_other_dimensions_are_chosen_and_told():
    one = globe(10)
    times = np.array(["2022-01-01", "2022-02-01", "2022-03-01"], "datetime64[ns]")
    cube = xr.concat([one * 0 + number for number in range(3)], xr.Variable("t", times))
    assert array_picture(cube, GRAY, (0, 2)).notes == [
        "2022-03-01, the newest of 3 dates: choose another with datetime=",
    ]
    picture = array_picture(cube, GRAY, (0, 2), datetime="2022-02-15")
    assert at(picture, 0, 0)[0] == pytest.approx(127.5, abs=1)
    with pytest.raises(GdcError, match="no date up to 2021"):
        array_picture(cube, datetime="2021")

    bands = xr.concat([one * 0 + value for value in (0, 1, 2)], xr.Variable("bands", ["red", "green", "blue"]))
    picture = array_picture(bands, range=(0, 2))
    assert picture.notes == ["red, green, blue as red, green, blue"]
    assert at(picture, 0, 0) == (0, 128, 255, 255)
    assert at(array_picture(bands, range=(0, 2), bands=["blue", "blue", "red"]), 0, 0) == (255, 255, 0, 255)
    assert at(array_picture(bands, range=[(0, 1), (0, 1), (2, 3)]), 0, 0) == (0, 255, 0, 255)
    picture = array_picture(bands, GRAY, (0, 2), bands="blue")
    assert at(picture, 0, 0)[0] == 255
    assert (picture.ranges, picture.colors[0], picture.colors[-1]) == (((0.0, 2.0),), "#000000", "#ffffff")
    assert "red, the first of 2 bands" in array_picture(bands.isel(bands=[0, 1])).notes[0]
    levels = xr.concat([one, one], xr.Variable("level", [1000, 850]))
    assert array_picture(levels).notes == ["level 1000, the first of 2"]


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda a: a.rename(lat="a", lon="b"), {}, "needs dimensions x and y, or lon and lat; it has a, b"),
        (lambda a: a.rename(lat="y", lon="x"), {}, "has no CRS: say which"),
        (lambda a: a.drop_vars("lat"), {}, "lat has no coordinates"),
        (lambda a: a.isel(lat=slice(0, 0)), {}, "empty along lat"),
        (lambda a: a.astype(str), {}, "have no colours"),
        (lambda a: a, {"colormap": "rainbow"}, "no colour map 'rainbow': there are gray|no colour map 'rainbow'"),
        (lambda a: a, {"colormap": ["red", "blue"]}, "each as '#ff8800'"),
        (lambda a: a, {"range": (1, 0)}, "the lowest and the highest value"),
        (lambda a: a, {"range": "all"}, "the lowest and the highest value"),
        (lambda a: a, {"bands": ["B04"]}, "no band 'B04'; it has no bands"),
    ],
)
def test_what_cannot_be_shown_is_told(change, options, message):
    with pytest.raises(GdcError, match=message):
        array_picture(change(globe(10)), **options)


def test_irregular_metres_are_refused():
    array = xr.DataArray(np.zeros((3, 3)), {"y": [0.0, 1, 5], "x": [0.0, 1, 2]}, ("y", "x")).rio.write_crs(32632)
    with pytest.raises(GdcError, match="interpolate the array"):
        array_picture(array)
