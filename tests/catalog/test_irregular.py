"""Files on rectilinear grids with unequal steps, and on curvilinear grids, from the file to the result."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.catalog.collection import Query
from gdc_jupyter.cube.grid import Bounds
from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph import execute

from .graphs import node, of, reducer
from .rasters import write_netcdf

LATITUDES = np.array([-80.5, -66.0, -41.0, -14.0, 2.0, 30.0, 49.0, 77.0])
LONGITUDES = np.arange(0, 360, 30.0)
BOX = {"west": -65, "south": -45, "east": 65, "north": 31}


def values(*shape: int) -> Any:
    return np.random.default_rng(3).normal(size=shape).astype("float32")


def load(collection_id: str, spatial_extent: Any = None) -> dict[str, Any]:
    return node("load_collection", id=collection_id, spatial_extent=spatial_extent, temporal_extent=None)


@pytest.fixture
def own(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "data", samples=False)


def again(catalog: Catalog) -> Catalog:
    """The catalogue as another process reads it."""
    return Catalog(catalog.folder, samples=False)


@pytest.fixture
def gaussian(own: Catalog, tmp_path: Path) -> tuple[Catalog, xr.DataArray]:
    """Latitudes that are not equally spaced, south first, on longitudes around the globe; and the file as xarray."""
    path = write_netcdf(tmp_path / "gauss.nc", values(2, 8, 12), LONGITUDES, LATITUDES, [0, 1])
    own.add(path)
    with xr.open_dataset(path) as dataset:
        data = dataset.v.load()
    data = data.assign_coords(lon=(data.lon + 180) % 360 - 180).sortby("lon").sortby("lat", ascending=False)
    return again(own), data


def test_true_labels(gaussian: tuple[Catalog, xr.DataArray]) -> None:
    catalog, data = gaussian
    grid = catalog.get("gauss").grid
    assert grid.wraps
    assert not grid.regular
    assert_array_equal(grid.y_labels(), LATITUDES[::-1])
    assert grid.bounds == (-195, -80.5 - 7.25, 165, 77 + 14)
    cube = execute({"load": load("gauss") | {"result": True}}, catalog=catalog)
    assert_array_equal(cube.y.values, LATITUDES[::-1])
    assert_array_equal(cube.sel(bands="v").values, data.values)
    y = catalog.get("gauss").metadata()["cube:dimensions"]["y"]
    assert (y["step"], y["values"]) == (None, LATITUDES[::-1].tolist())
    assert catalog.get("gauss").metadata()["extent"]["spatial"]["bbox"] == [[-180, -87.75, 180, 90]]


def test_a_box_is_cut_by_the_true_labels(gaussian: tuple[Catalog, xr.DataArray]) -> None:
    catalog, data = gaussian
    expected = data.sel(lat=slice(31, -45), lon=slice(-65, 65))
    assert expected.shape == (2, 4, 5)
    cube = execute({"load": load("gauss", BOX) | {"result": True}}, catalog=catalog)
    assert_array_equal(cube.sel(bands="v").values, expected.values)
    assert_array_equal(cube.y.values, expected.lat.values)
    graph = {"load": load("gauss"), "box": node("filter_bbox", True, data=of("load"), extent=BOX)}
    assert_array_equal(execute(graph, catalog=catalog).sel(bands="v").values, expected.values)
    pacific = execute({"load": load("gauss", BOX | {"west": 145, "east": 215}) | {"result": True}}, catalog=catalog)
    assert_array_equal(pacific.x.values, [150, 180, 210])
    assert_array_equal(pacific.sel(bands="v").values, data.sel(lat=slice(31, -45)).sel(lon=[150, -180, -150]).values)


@pytest.mark.parametrize("method", ["near", "bilinear"])
def test_resampling_to_a_regular_grid(gaussian: tuple[Catalog, xr.DataArray], method: str) -> None:
    catalog, data = gaussian
    graph = {
        "load": load("gauss", BOX),
        "mean": node("reduce_dimension", data=of("load"), dimension="t", reducer=reducer("mean")),
        "out": node("resample_spatial", True, data=of("mean"), resolution=7, projection=4326, method=method),
    }
    result = execute(graph, catalog=catalog).sel(bands="v")
    part = data.mean("t" if "t" in data.dims else "time").sel(lat=slice(31, -45), lon=slice(-65, 65))
    assert_allclose(np.diff(result.y), -7)
    inner = result.sel(y=slice(30, -41), x=slice(-60, 60))
    assert inner.size > 100
    if method == "near":
        # Cells end halfway between the labels.
        rows = np.abs(inner.y.values[:, None] - part.lat.values).argmin(axis=1)
        columns = np.abs(inner.x.values[:, None] - part.lon.values).argmin(axis=1)
        expected = part.values[rows][:, columns]
    else:
        expected = part.astype("float64").interp(lat=inner.y.values, lon=inner.x.values).values
    assert_allclose(inner.values, expected, rtol=2e-5, atol=1e-6)


def test_resampling_around_the_globe(gaussian: tuple[Catalog, xr.DataArray]) -> None:
    catalog, data = gaussian
    target = xr.DataArray(
        np.zeros((2, 3)), {"y": [16.0, 5.0], "x": [160.0, 170.0, 180.0]}, ("y", "x"), attrs={"crs": "EPSG:4326"}
    )
    graph = {
        "load": load("gauss"),
        "out": node(
            "resample_cube_spatial", True, data=of("load"), target={"from_parameter": "target"}, method="bilinear"
        ),
    }
    result = execute(graph, {"target": target}, catalog=catalog).sel(bands="v")
    wide = xr.concat([data, data.isel(lon=[0]).assign_coords(lon=[180.0])], "lon").astype("float64")
    assert_allclose(result.values, wide.interp(lat=[16.0, 5.0], lon=[160.0, 170.0, 180.0]).values, rtol=1e-5)


def test_other_methods_are_refused(gaussian: tuple[Catalog, xr.DataArray]) -> None:
    catalog, _ = gaussian
    graph = {
        "load": load("gauss"),
        "out": node("resample_spatial", True, data=of("load"), resolution=5, method="cubic"),
    }
    with pytest.raises(GdcError, match="'cubic' needs regular grids"):
        execute(graph, catalog=catalog)


def test_longitudes_may_be_unequal_too(own: Catalog, tmp_path: Path) -> None:
    longitudes = np.array([350.0, 352, 355, 361, 362])
    data = values(4, 5)
    own.add(write_netcdf(tmp_path / "odd.nc", data, longitudes, np.array([50.0, 49, 45, 44])))
    cube = execute({"load": load("odd") | {"result": True}}, catalog=again(own))
    assert_array_equal(cube.x.values, longitudes - 360)
    assert_array_equal(cube.values[0], data)
    part = execute(
        {"load": load("odd", {"west": -8, "east": 1, "south": 44, "north": 49}) | {"result": True}}, catalog=own
    )
    assert_array_equal(part.values[0], data[1:, 1:4])


def rotated(rows: int = 30, columns: int = 40) -> tuple[Any, Any]:
    """A grid turned by 30 degrees, around 10 degrees east and 45 north."""
    i, j = np.meshgrid(np.arange(columns) * 0.25 - 5, np.arange(rows) * 0.2 - 3)
    turn = np.radians(30)
    return 10 + i * np.cos(turn) - j * np.sin(turn), 45 + i * np.sin(turn) + j * np.cos(turn)


def write_curvilinear(path: Path, data: Any, longitude: Any, latitude: Any) -> Path:
    with netCDF4.Dataset(path, "w") as file:
        for name, length in zip(("time_counter", "y", "x"), data.shape, strict=True):
            file.createDimension(name, length)
        time = file.createVariable("time_counter", "f8", ("time_counter",))
        time.units = "days since 2015-01-01"
        time[:] = np.arange(data.shape[0])
        for name, points, units in (
            ("nav_lon", longitude, "degrees_east"),
            ("nav_lat", latitude, "degrees_north"),
        ):
            variable = file.createVariable(name, "f4", ("y", "x"))
            variable.units = units
            variable[:] = points
        variable = file.createVariable("sst", "f4", ("time_counter", "y", "x"), fill_value=1e20)
        variable.coordinates = "time_counter nav_lat nav_lon"
        variable[:] = data
    return path


@pytest.fixture
def ocean(own: Catalog, tmp_path: Path) -> tuple[Catalog, xr.Dataset]:
    longitude, latitude = rotated()
    data = np.stack([3 * longitude - 2 * latitude, values(30, 40)])
    own.add(write_curvilinear(tmp_path / "ocean.nc", data, longitude, latitude))
    with xr.open_dataset(tmp_path / "ocean.nc") as dataset:
        return again(own), dataset.load()


def test_curvilinear_data_are_read_as_such(ocean: tuple[Catalog, xr.Dataset]) -> None:
    catalog, dataset = ocean
    cube = execute({"load": load("ocean") | {"result": True}}, catalog=catalog)
    assert cube.sizes == {"t": 2, "bands": 1, "y": 30, "x": 40}
    assert_array_equal(cube.sel(bands="sst").values, dataset.sst.values)
    assert cube.longitude.dims == ("y", "x")
    assert_array_equal(cube.longitude.values, dataset.nav_lon.values)
    assert_array_equal(cube.latitude.values, dataset.nav_lat.values)
    source = catalog.get("ocean").open(Query())
    again_source = pickle.loads(pickle.dumps(source))
    window = again_source.grid.window(28, -2, 4, 5)
    part = again_source.read(window)[:, 0]
    assert_array_equal(part[:, :2, 2:], dataset.sst.values[:, 28:, :3])
    assert np.isnan(part[:, 2:]).all()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_box_keeps_the_pixels_whose_centres_are_in_it(ocean: tuple[Catalog, xr.Dataset], at_once: bool) -> None:
    catalog, dataset = ocean
    extent = {"west": 9, "south": 44, "east": 11.5, "north": 45.5}
    graph = {
        "load": load("ocean", extent if at_once else None),
        "box": node("filter_bbox", True, data=of("load"), extent=extent),
    }
    cube = execute(graph, catalog=catalog).sel(bands="sst")
    lon, lat = dataset.nav_lon, dataset.nav_lat
    expected = dataset.sst.where((lon >= 9) & (lon <= 11.5) & (lat >= 44) & (lat <= 45.5), drop=True)
    assert 10 < int(expected.notnull().isel(time_counter=0).sum()) < expected.isel(time_counter=0).size
    assert_array_equal(cube.values, expected.values)
    assert_array_equal(cube.longitude.values, lon.values[cube.y.values.astype(int)][:, cube.x.values.astype(int)])


def test_polygons_keep_the_pixels_inside(ocean: tuple[Catalog, xr.Dataset]) -> None:
    import shapely

    catalog, dataset = ocean
    triangle = {"type": "Polygon", "coordinates": [[[8, 44], [12, 44], [10, 46.5], [8, 44]]]}
    graph = {
        "load": load("ocean"),
        "first": node("reduce_dimension", data=of("load"), dimension="t", reducer=reducer("first")),
        "inside": node("filter_spatial", True, data=of("first"), geometries=triangle),
    }
    cube = execute(graph, catalog=catalog).sel(bands="sst")
    polygon = shapely.Polygon(triangle["coordinates"][0])
    inside = shapely.intersects_xy(polygon, dataset.nav_lon.values, dataset.nav_lat.values)
    assert int(cube.notnull().sum()) == int(inside.sum()) > 10
    assert_allclose(np.sort(cube.values[cube.notnull()]), np.sort(dataset.sst.values[0][inside]))


def sphere(longitude: Any, latitude: Any) -> Any:
    a, b = np.radians(np.float64(longitude)), np.radians(np.float64(latitude))
    return np.stack([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)], axis=-1)


@pytest.mark.parametrize("method", ["near", "bilinear"])
def test_resampling_a_curvilinear_grid(ocean: tuple[Catalog, xr.Dataset], method: str) -> None:
    catalog, dataset = ocean
    target = xr.DataArray(
        np.zeros((25, 30)),
        {"y": 46.0 - 0.1 * np.arange(25), "x": 8.5 + 0.1 * np.arange(30)},
        ("y", "x"),
        attrs={"crs": "EPSG:4326"},
    )
    graph = {
        "load": load("ocean"),
        "out": node("resample_cube_spatial", True, data=of("load"), target={"from_parameter": "t"}, method=method),
    }
    result = execute(graph, {"t": target}, catalog=catalog).sel(bands="sst")
    x, y = np.meshgrid(target.x, target.y)
    if method == "near":
        pixels = sphere(dataset.nav_lon.values.ravel(), dataset.nav_lat.values.ravel())
        nearest = ((sphere(x, y)[:, :, None] - pixels) ** 2).sum(axis=-1).argmin(axis=-1)
        assert_array_equal(result.values, dataset.sst.values.reshape(2, -1)[:, nearest])
    else:
        # Bilinear weights reproduce what is linear, but for the curvature of the globe in a cell.
        assert_allclose(result.values[0], 3 * x - 2 * y, atol=2e-3)
        assert result.values[1].max() <= dataset.sst.values[1].max()


def test_a_curvilinear_grid_gets_a_regular_one_of_its_own_resolution(ocean: tuple[Catalog, xr.Dataset]) -> None:
    catalog, dataset = ocean
    graph = {
        "load": load("ocean"),
        "out": node("resample_spatial", True, data=of("load"), resolution=0.2, projection=32632, method="near"),
    }
    graph["out"]["arguments"]["resolution"] = 20000
    result = execute(graph, catalog=catalog).sel(bands="sst").isel(t=0)
    assert result.attrs["crs"] == "EPSG:32632"
    assert "geolocation" not in result.attrs
    filled = result.values[~np.isnan(result.values)]
    assert set(np.unique(filled)) <= set(np.unique(dataset.sst.values[0]))
    # The turned rectangle covers some two fifths of the box around it.
    assert 0.3 < filled.size / result.size < 0.75
    default = execute({"load": load("ocean"), "out": node("resample_spatial", True, data=of("load"))}, catalog=catalog)
    assert default.sizes["x"] == 40
    assert default.sizes["y"] == 30


def test_a_mask_on_another_grid_is_brought_to_a_curvilinear_one(ocean: tuple[Catalog, xr.Dataset]) -> None:
    catalog, dataset = ocean
    mask = xr.DataArray(
        np.zeros((80, 120)), {"y": 50 - 0.125 * np.arange(80), "x": 3 + 0.125 * np.arange(120)}, ("y", "x")
    )
    mask = (mask.x > 10) & (mask.y > 0)
    mask = mask.transpose("y", "x").astype("float32")
    mask.attrs["crs"] = "EPSG:4326"
    graph = {
        "load": load("ocean"),
        "mask": node("mask", True, data=of("load"), mask={"from_parameter": "mask"}),
    }
    cube = execute(graph, {"mask": mask}, catalog=catalog).sel(bands="sst")
    lon = dataset.nav_lon.values
    assert_array_equal(cube.values[:, lon > 10.07], np.nan)
    assert_array_equal(cube.values[:, lon < 9.93], dataset.sst.values[:, lon < 9.93])


def test_cubes_in_memory_are_known_by_their_coordinates(ocean: tuple[Catalog, xr.Dataset]) -> None:
    _, dataset = ocean
    data = dataset.sst.isel(time_counter=0).assign_coords(nav_lon=dataset.nav_lon, nav_lat=dataset.nav_lat)
    graph = {
        "box": node(
            "filter_bbox",
            True,
            data={"from_parameter": "data"},
            extent={"west": 9, "south": 44, "east": 11.5, "north": 45.5},
        )
    }
    cube = execute(graph, {"data": data})
    lon, lat = dataset.nav_lon, dataset.nav_lat
    expected = data.where((lon >= 9) & (lon <= 11.5) & (lat >= 44) & (lat <= 45.5), drop=True)
    assert_array_equal(cube.values, expected.values)


def test_a_grid_over_the_antimeridian_has_short_bounds(own: Catalog, tmp_path: Path) -> None:
    longitude, latitude = np.meshgrid((np.arange(10) * 2 + 171 + 180) % 360 - 180, np.arange(8) * 2.0)
    longitude = longitude + latitude * 0.01
    own.add(write_curvilinear(tmp_path / "date.nc", values(1, 8, 10), longitude, latitude))
    grid = again(own).get("date").grid
    assert_allclose(grid.bounds, Bounds(170, -1, 190.2, 15), atol=0.1)
    assert grid.crop(Bounds(178, 0, 184, 6)) is not None
    assert grid.crop(Bounds(-182, 0, -176, 6)) == grid.crop(Bounds(178, 0, 184, 6))
    document = again(own).get("date").metadata()
    west, _, east, _ = document["extent"]["spatial"]["bbox"][0]
    assert west > east
