"""The collections of this server as OUS sees them: ids, granules, variables, and addresses with exact indices."""

import asyncio
import re
from urllib.parse import unquote, urlsplit

import netCDF4
import numpy as np
import pytest
import rasterio
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from rasterio.transform import from_origin

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.opendap.dap.granules import locate, open_granule
from gdc_jupyter.opendap.ous.addresses import OusError, addresses
from gdc_jupyter.opendap.ous.own import OwnCollections, concept_id
from gdc_jupyter.opendap.ous.parameters import parse_query
from gdc_jupyter.opendap.ous.versions import accepted

SERVER = "http://host/base"
DATA = f"{SERVER}/opendap/data"
TERM = re.compile(r"([^,\[]+)((?:\[\d+:1:\d+\])*)")


def netcdf(path, y, x, times=(0, 1), names=("latitude", "longitude"), dtype="f8", kind="f4", group=None):
    """Write a file with one variable that tells the number of each cell."""
    units = ("degrees_north", "degrees_east")
    with netCDF4.Dataset(path, "w") as root:
        file = root.createGroup(group) if group else root
        for name, values, unit in zip(names, (y, x), units, strict=True):
            file.createDimension(name, len(values))
            file.createVariable(name, dtype, (name,))[:] = values
            file[name].units = unit
        file.createDimension("time", len(times))
        file.createVariable("time", "i4", ("time",))[:] = times
        file["time"].units = "days since 2020-01-01"
        cells = np.arange(len(times) * len(y) * len(x)).reshape(len(times), len(y), len(x))
        file.createVariable("v", kind, ("time", *names))[:] = cells
    return path


def scene(path, left, top, size=30, step=100.0, crs="EPSG:32632"):
    with rasterio.open(
        path, "w", "GTiff", size, size, 1, dtype="uint16", crs=crs, transform=from_origin(left, top, step, step)
    ) as file:
        file.write(np.arange(size * size, dtype="uint16").reshape(1, size, size))
    return path


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    catalog = Catalog(folder / "data", samples=False)
    south_up = netcdf(folder / "south_up.nc", np.arange(-89.5, 90), np.arange(0.5, 360))
    catalog.add(south_up, "SOUTH_UP", "From south to north")
    irregular = np.array([61, 55, 54, 30, 3, -20, -21.5, -70])
    catalog.add(netcdf(folder / "irregular.nc", irregular, np.cumsum(np.arange(1, 20)) - 100.0), "IRREGULAR")
    catalog.add(netcdf(folder / "single.nc", np.arange(60, 40, -0.1), np.arange(160, 200, 0.1), dtype="f4"), "SINGLE")
    catalog.add(netcdf(folder / "grouped.nc", np.arange(10, 0, -1), np.arange(5), group="inner"), "GROUPED")
    (folder / "days").mkdir()
    for day in range(4):
        netcdf(folder / "days" / f"day{day}.nc", np.arange(5.5, 0, -1), np.arange(0.5, 8), times=(10 * day,), kind="i2")
    catalog.add(folder / "days", "DAYS")
    (folder / "scenes").mkdir()
    for number in range(3):
        scene(folder / "scenes" / f"S_2021070{number + 1}.tif", 600_000 + 1000 * number, 5_200_000)
    catalog.add(folder / "scenes", "SCENES")
    catalog.add_all(south_up, "PRIVATE", owner="ann")
    return catalog


def ask(catalog, collection, version="v2.1", **query):
    """Return what OUS says: addresses, warnings, explanations."""
    pairs = [(name.replace("_", "-"), value) for name, value in query.items()]
    parameters = parse_query(pairs, collection)

    async def work():
        found = await addresses(
            OwnCollections(catalog, SERVER), parameters, accepted(f"a/vnd.cmr-opendap.{version}+json")
        )
        return [item async for item in found.items], found

    items, found = asyncio.run(work())
    return [item.url for item in items], found.warnings, [item.explanation for item in items]


def slab_of(catalog, url):
    """Return the arrays that an address is about, by their names."""
    parts = urlsplit(url)
    collection, granule = locate(catalog, unquote(parts.path).removeprefix("/base/opendap/data/"))
    arrays = open_granule(collection, granule.removesuffix(".nc")).variables()
    found = {}
    for name, slabs in TERM.findall(unquote(parts.query)):
        array = arrays[f"/{name}"] if f"/{name}" in arrays else arrays["/" + name.replace("_", "/", 1)]
        ranges = re.findall(r"\[(\d+):1:(\d+)\]", slabs)
        assert not ranges or len(ranges) == len(array.shape)
        for (first, last), size in zip(ranges, array.shape, strict=False):
            assert 0 <= int(first) <= int(last) < size
        found[name] = array.read(tuple(slice(int(first), int(last) + 1, 1) for first, last in ranges) or array.whole)
    return found


def test_concept_ids_stay_the_same():
    assert concept_id("C", "OSTIA_SST") == "C9537010933192918-GDC"
    assert concept_id("G", "A", "b") != concept_id("G", "Ab", "")
    assert re.fullmatch(r"V\d{16}-GDC", concept_id("V", "OSTIA_SST", "sst"))


def test_a_collection_is_found_by_its_concept_id_and_by_its_own(catalog):
    by_own, _, _ = ask(catalog, "SOUTH_UP")
    by_concept, _, _ = ask(catalog, concept_id("C", "SOUTH_UP"))
    assert by_own == by_concept == [f"{DATA}/SOUTH_UP/south_up.nc"]
    assert ask(catalog, "NOT_THERE") == ([], [], [])
    chosen = ask(catalog, "DAYS", granules=f"day1,{concept_id('G', 'DAYS', 'day3')}")[0]
    assert chosen == [f"{DATA}/DAYS/day1.nc", f"{DATA}/DAYS/day3.nc"]
    others = ask(catalog, "DAYS", granules="day1", exclude_granules="true")[0]
    assert [url.rpartition("/")[2] for url in others] == ["day0.nc", "day2.nc", "day3.nc"]
    by_name = ask(catalog, "SOUTH_UP", variables="v")
    assert by_name == ask(catalog, "SOUTH_UP", variables=concept_id("V", "SOUTH_UP", "v"))
    assert by_name[0][0].endswith("?v,latitude,longitude,time")
    assert ask(catalog, "SOUTH_UP", variables="w")[1] == ["The variables w were not found."]


def test_what_is_private_is_its_owners(catalog):
    assert ask(catalog.seen_by("ann"), "PRIVATE")[0]
    for viewer in ("bob", None):
        for identifier in ("PRIVATE", concept_id("C", "PRIVATE")):
            assert ask(catalog.seen_by(viewer), identifier)[0] == []
        assert ask(catalog.seen_by(viewer), "SOUTH_UP")[0]


def test_granules_are_those_of_the_time_and_the_box(catalog):
    urls = ask(catalog, "DAYS", temporal="2020-01-11,2020-01-21T00:00:00Z")[0]
    assert [url.rpartition("/")[2] for url in urls] == ["day1.nc", "day2.nc"]
    assert ask(catalog, "DAYS", bounding_box="20,0,30,5")[0] == []
    assert len(ask(catalog, "DAYS", bounding_box="-10,0,3.5,5", page_size="3")[0]) == 3


def test_indices_are_those_of_each_grid(catalog):
    assert ask(catalog, "SOUTH_UP", bounding_box="10,20,12,22")[0] == [
        f"{DATA}/SOUTH_UP/south_up.nc?v[0:1:1][110:1:111][10:1:11],latitude[110:1:111],longitude[10:1:11],time[0:1:1]"
    ]
    west, east = ask(catalog, "SOUTH_UP", bounding_box="-2,0,3,1")[0]
    assert "[358:1:359]" in west
    assert "[0:1:2]" in east
    assert ask(catalog, "GROUPED", bounding_box="0.6,3,2,4")[0][0].endswith(
        "?inner_v[0:1:1][6:1:7][1:1:2],inner_latitude[6:1:7],inner_longitude[1:1:2],inner_time[0:1:1]"
    )
    assert ask(catalog, "GROUPED", version="v3", bounding_box="0.6,3,2,4")[0][0].endswith(
        "?dap4.ce=/inner/v[0:1:1][6:1:7][1:1:2];/inner/latitude[6:1:7];/inner/longitude[1:1:2];/inner/time[0:1:1]"
    )


def test_bands_of_scenes_are_cut_on_their_own_grids(catalog):
    urls, warnings, explained = ask(catalog, "SCENES", bounding_box="10.345,46.93,10.35,46.935", explain="true")
    assert (len(urls), warnings) == (3, [])
    columns = [explanation["index-ranges"]["band_1"]["x"] for explanation in explained]
    assert columns[0][0] - columns[1][0] == 10
    for url, explanation in zip(urls, explained, strict=True):
        values = slab_of(catalog, url)
        assert explanation["url"] == url
        assert explanation["bytes"] == values["band_1"].nbytes
        west, south, east, north = explanation["bounding-box"]
        assert west <= 10.345 < 10.35 <= east
        assert south <= 46.93 < 46.935 <= north
        assert values["x"].size == values["band_1"].shape[1]
        assert values["spatial_ref"].shape == values["time"].shape == ()


def test_all_of_a_granule_is_explained_as_well(catalog):
    _, _, (explanation,) = ask(catalog, "SOUTH_UP", explain="true")
    assert explanation == {
        "url": f"{DATA}/SOUTH_UP/south_up.nc",
        "index-ranges": {"v": {"time": [0, 1], "latitude": [0, 179], "longitude": [0, 359]}},
        "bounding-box": [-180, -90, 180, 90],
        "bytes": 2 * 180 * 360 * 4,
    }


def test_variables_are_called_as_the_dap_server_calls_them(catalog):
    for collection in catalog.collections():
        url = ask(catalog, collection.id, bounding_box="-180,-90,180,90")[0][0]
        assert all(values.size for values in slab_of(catalog, url).values())


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["SOUTH_UP", "IRREGULAR", "SINGLE"]),
    st.tuples(*[st.floats(-179, 179)] * 2),
    st.tuples(*[st.floats(-89, 89)] * 2),
)
def test_no_cell_of_a_box_is_missed(catalog, collection, longitudes, latitudes):
    (west, east), (south, north) = longitudes, sorted(latitudes)
    assume(north - south > 1e-3 and abs(west - east) > 1e-3)
    box = ",".join(f"{edge:.6f}" for edge in (west, south, east, north))
    west, south, east, north = (float(edge) for edge in box.split(","))
    urls = ask(catalog, collection, bounding_box=box)[0]
    got = [slab_of(catalog, url) for url in urls]
    with netCDF4.Dataset(catalog.get(collection).path) as file:
        y, x = (np.asarray(file[name][:], "f8") for name in ("latitude", "longitude"))
        rows = [n for n, (low, high) in enumerate(edges(y)) if min(high, north) - max(low, south) > 1e-4]
        turns = [(west + turn, (east if east > west else east + 360) + turn) for turn in (-360, 0, 360)]
        columns = [
            n
            for n, (low, high) in enumerate(edges(x))
            if any(min(high, end) - max(low, start) > 1e-4 for start, end in turns)
        ]
    seen_y = set(np.concatenate([part["latitude"] for part in got])) if got else set()
    seen_x = set(np.concatenate([part["longitude"] for part in got])) if got else set()
    if rows and columns:
        assert {y[row] for row in rows} <= seen_y
        assert {x[column] for column in columns} <= seen_x
        assert len(seen_y) <= len(rows) + 2
        assert len(seen_x) <= len(columns) + 4


def polar(path):
    """Write a grid around the North Pole whose coordinates are in kilometres, rows from the south up."""
    crs = CRS.from_epsg(3413)
    with netCDF4.Dataset(path, "w") as file:
        file.createVariable("crs", "i4").setncatts(
            {key: value for key, value in crs.to_cf().items() if isinstance(value, str | float | int)}
        )
        for name, values in (("y", np.arange(-3000, 3000, 150)), ("x", np.arange(-2900, 2900, 200))):
            file.createDimension(name, len(values))
            file.createVariable(name, "f4", (name,))[:] = values
            file[name].setncatts({"standard_name": f"projection_{name}_coordinate", "units": "km"})
        file.createVariable("ice", "u1", ("y", "x"))[:] = 1
        file["ice"].grid_mapping = "crs"
        return np.meshgrid(1000.0 * file["x"][:], 1000.0 * file["y"][:])


@pytest.mark.parametrize("box", [(-180, 60, 180, 90), (10, 70, 40, 80), (170, 65, -150, 85), (-45.5, 88, 135, 90)])
def test_a_projected_file_is_cut_in_its_own_units(tmp_path, box):
    catalog = Catalog(tmp_path / "data", samples=False)
    x, y = polar(tmp_path / "polar.nc")
    catalog.add(tmp_path / "polar.nc", "POLAR")
    longitude, latitude = Transformer.from_crs(3413, 4326, always_xy=True).transform(x, y)
    west, south, east, north = box
    width = east - west if east > west else east + 360 - west
    inside = (latitude >= south) & (latitude <= north) & ((longitude - west) % 360 <= width)
    (url,) = ask(catalog, "POLAR", bounding_box=",".join(map(str, box)))[0]
    assert url.endswith(",crs")
    found = slab_of(catalog, url)
    assert set(np.unique(y[inside])) <= set(1000 * found["y"].astype("f8"))
    assert set(np.unique(x[inside])) <= set(1000 * found["x"].astype("f8"))
    assert found["ice"].shape == (found["y"].size, found["x"].size)
    assert found["ice"].size < 0.5 * x.size or south < 70


def test_a_file_that_is_gone_is_an_error_of_the_server(tmp_path):
    catalog = Catalog(tmp_path / "data", samples=False)
    path = netcdf(tmp_path / "gone.nc", np.arange(5.5, 0, -1), np.arange(0.5, 8))
    catalog.add(path, "GONE")
    path.unlink()
    with pytest.raises(OusError) as caught:
        ask(catalog, "GONE", bounding_box="0,0,5,5")
    assert caught.value.status == 500
    assert "gone.nc" in caught.value.errors[-1]


def edges(values):
    middle = (values[1:] + values[:-1]) / 2
    outer = np.concatenate([[2 * values[0] - middle[0]], middle, [2 * values[-1] - middle[-1]]])
    return np.sort(np.stack([outer[:-1], outer[1:]], axis=1), axis=1)
