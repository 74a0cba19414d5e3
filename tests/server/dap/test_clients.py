"""Real clients read the same bits by DAP2 and DAP4: netCDF4, ncdump, pydap, xarray and GDAL."""

from __future__ import annotations

import os
import shutil
import subprocess

import netCDF4
import numpy as np
import pytest

from ..conftest import TOKEN
from .answers import NUMBERS, read_with_gdal, same


@pytest.fixture(scope="module")
def remote(dap):
    with netCDF4.Dataset(dap.varied) as dataset:
        dataset.set_auto_maskandscale(False)
        yield dataset


class TestNetcdfLibraryByDap2:
    @pytest.mark.parametrize("name", NUMBERS)
    def test_values_are_the_same_bits(self, remote, file, name):
        assert same(remote[name][...], file[name][...])

    @pytest.mark.parametrize("name", ["sst", "wind"])
    def test_so_are_strided_hyperslabs(self, remote, file, name):
        part = (slice(1, 5, 3), slice(2, 17, 5), slice(0, 36, 7))
        assert same(remote[name][part], file[name][part])
        assert same(remote[name][3, 4, 5:9], file[name][3, 4, 5:9])

    def test_groups_are_parts_of_names(self, remote, file):
        assert same(remote["model_temperature"][:], file["model/temperature"][:])
        assert same(remote["model_inner_flag"][:], file["model/inner/flag"][:])
        assert remote["model_temperature"].dimensions == ("time", "model_level")

    def test_texts_and_characters(self, remote, file):
        for name in ("words", "umlauts"):
            found = netCDF4.chartostring(remote[name][:], encoding="utf-8")
            assert found.tolist() == file[name][:].tolist()
        assert netCDF4.chartostring(remote["word"][:]) == "alone"
        assert remote["station"].dimensions == ("n", "letters")
        assert (remote["station"][:] == file["station"][:]).all()
        assert remote["letter"][:].tobytes() == b"Q"

    def test_attributes(self, remote, file):
        for name in ("sst", "time", "lat"):
            for key in file[name].ncattrs():
                expected, found = file[name].getncattr(key), remote[name].getncattr(key)
                assert found == expected
                assert getattr(found, "dtype", None) == getattr(expected, "dtype", None)
        assert np.isnan(remote["wind"]._FillValue)
        assert remote.title == file.title
        assert remote.history == file.history
        assert (remote.numbers == file.numbers).all()

    def test_unlimited_dimensions(self, remote):
        assert [name for name, each in remote.dimensions.items() if each.isunlimited()] == ["time"]

    def test_unsigned_numbers_are_told_to_be_so(self, dap, file):
        with netCDF4.Dataset(dap.varied) as remote:
            for name in ("vector_u1", "vector_u2", "vector_u4"):
                assert same(remote[name][:], file[name][:])

    def test_a_constraint_in_the_address(self, dap, file):
        with netCDF4.Dataset(f"{dap.varied}?sst[0:1:3][2:3:16][4:1:20],lat[2:3:16]") as remote:
            remote.set_auto_maskandscale(False)
            assert same(remote["sst"][:], file["sst"][0:4, 2:17:3, 4:21])
            assert same(remote["lat"][:], file["lat"][2:17:3])

    def test_it_logs_in_with_the_token_as_password(self, dap):
        address = f"{dap.root}/secret/varied"
        with pytest.raises(OSError, match=r"Authorization|Access|NetCDF"):
            netCDF4.Dataset(address)
        with netCDF4.Dataset(address.replace("http://", f"http://x:{TOKEN}@")) as remote:
            assert remote["time"][:].tolist() == [0, 1, 2, 3, 4]


@pytest.fixture(scope="module", params=["#dap4", "#mode=dap4"])
def remote4(dap, request):
    with netCDF4.Dataset(dap.varied + request.param) as dataset:
        dataset.set_auto_maskandscale(False)
        yield dataset


class TestNetcdfLibraryByDap4:
    @pytest.mark.parametrize("name", [*NUMBERS, "model/level", "model/temperature", "model/inner/flag"])
    def test_values_and_types_are_the_same(self, remote4, file, name):
        found, expected = remote4[name][...], file[name][...]
        assert same(found, expected)
        assert found.dtype == expected.dtype.newbyteorder("=")
        if expected.ndim:
            part = tuple(slice(1, None, 2) for _ in expected.shape)
            assert same(remote4[name][part], file[name][part])

    @pytest.mark.parametrize("name", ["words", "umlauts", "station"])
    def test_texts_and_characters(self, remote4, file, name):
        assert remote4[name][:].tolist() == file[name][:].tolist()
        assert remote4[name].dimensions == file[name].dimensions
        assert remote4["word"][...] == "alone"

    def test_attributes(self, remote4, file):
        assert remote4["time"].units == file["time"].units
        assert remote4["sst"]._FillValue == -32768
        assert remote4["sst"]._FillValue.dtype == np.int16
        assert remote4["model"].comment == "of a group"
        assert (remote4.numbers == file.numbers).all()
        assert remote4.history == file.history
        assert remote4.dimensions["time"].isunlimited()

    def test_constraints(self, dap, file):
        expression = "/sst[0:2:4][][3:5];/lat;/lon[3:5];/model/temperature[0:2:4][]"
        with netCDF4.Dataset(f"{dap.varied}?dap4.ce={expression}#dap4") as remote:
            remote.set_auto_maskandscale(False)
            assert same(remote["sst"][:], file["sst"][0:5:2, :, 3:6])
            assert same(remote["lon"][:], file["lon"][3:6])
            assert same(remote["model/temperature"][:], file["model/temperature"][0:5:2])
            assert remote["sst"].dimensions[1:] == ("lat", "lon")
        with netCDF4.Dataset(f"{dap.varied}?dap4.ce=/lat=[2:3:11];/sst[1][][0:1];/lat#dap4") as remote:
            remote.set_auto_maskandscale(False)
            assert same(remote["sst"][:], file["sst"][1:2, 2:12:3, 0:2])
            assert same(remote["lat"][:], file["lat"][2:12:3])

    def test_integers_of_64_bits(self, dap):
        with netCDF4.Dataset(f"{dap.root}/large/large#dap4") as remote:
            assert (remote["count"][:] == 2**53 + 1).all()

    def test_it_logs_in_with_the_token_as_password(self, dap):
        address = f"{dap.root}/secret/varied#dap4"
        with netCDF4.Dataset(address.replace("http://", f"http://x:{TOKEN}@")) as remote:
            assert remote["time"][:].tolist() == [0, 1, 2, 3, 4]


#: What pydap cannot read of any server: texts that are not ASCII.
PYDAP = [name for name in NUMBERS if not name.startswith("scalar")]


class TestPydap:
    @pytest.mark.parametrize("protocol", ["dap2", "dap4"])
    def test_values_are_the_same(self, dap, file, protocol):
        from pydap.client import open_url

        dataset = open_url(dap.varied, protocol=protocol)
        for name in PYDAP:
            assert same(np.asarray(dataset[name][:].data), file[name][:]), name
        part = (slice(1, 5, 3), slice(2, 17, 5), slice(0, 36, 7))
        assert same(np.asarray(dataset["sst"][part].data), file["sst"][part])
        for name in NUMBERS:
            if name.startswith("scalar"):
                assert np.asarray(dataset[name].data[()]) == file[name][...], name
        words = [each.decode() for each in np.asarray(dataset["words"][:].data).astype("S")]
        assert words == file["words"][:].tolist()
        assert dataset["sst"].attributes["_FillValue"] == -32768
        assert np.isnan(dataset["wind"].attributes["_FillValue"])

    def test_characters_and_groups(self, dap, file):
        from pydap.client import open_url

        flat, whole = open_url(dap.varied, protocol="dap2"), open_url(dap.varied, protocol="dap4")
        assert flat["station"][:].data.tolist() == [b"Oslo", b"Rom", b"Berlin", b"", b"a", b"bc", b"def"]
        assert (np.asarray(whole["station"][:].data).view("S1") == file["station"][:]).all()
        assert same(np.asarray(flat["model_temperature"][:].data), file["model/temperature"][:])
        assert same(np.asarray(whole["/model/temperature"][:].data), file["model/temperature"][:])

    def test_constraints_in_the_address(self, dap, file):
        from pydap.client import open_url

        dataset = open_url(f"{dap.varied}?dap4.ce=/sst[1:1:3][2:1:5][3:1:5];/lat", protocol="dap4")
        assert same(np.asarray(dataset["sst"][:].data), file["sst"][1:4, 2:6, 3:6])
        dataset = open_url(f"{dap.varied}?sst[1:1:3][2:1:5][3:1:5],lat[2:1:5]", protocol="dap2")
        assert same(np.asarray(dataset["sst"][:].data), file["sst"][1:4, 2:6, 3:6])


@pytest.mark.filterwarnings("ignore:PyDAP was unable to determine")
@pytest.mark.filterwarnings("ignore:variable 'rain' has multiple fill values")
class TestXarray:
    @pytest.mark.parametrize(("engine", "ending"), [("netcdf4", ""), ("netcdf4", "#dap4"), ("pydap", "")])
    def test_decoded_values(self, dap, engine, ending):
        import xarray as xr

        with xr.open_dataset(dap.file) as expected, xr.open_dataset(dap.varied + ending, engine=engine) as found:
            for name in ("wind", "rain", "time", "lat", "vector_u1", "vector_u2", "vector_u4", "station"):
                np.testing.assert_array_equal(found[name].values, expected[name].values)
                assert found[name].dims == expected[name].dims
            part = {"time": slice(1, 3), "lat": slice(0, 18, 4), "lon": slice(5, 9)}
            # pydap takes Float32 attributes for Float64, and netCDF 4.10 changes their last bits in DAP4.
            exact = (engine, ending) == ("netcdf4", "")
            np.testing.assert_allclose(
                found["sst"].isel(part).values, expected["sst"].isel(part).values, rtol=0 if exact else 1e-6
            )

    def test_pydap_by_dap4(self, dap):
        import xarray as xr
        from pydap.client import open_url
        from xarray.backends import PydapDataStore

        found = xr.open_dataset(PydapDataStore(open_url(dap.varied, protocol="dap4")))
        with xr.open_dataset(dap.file) as expected:
            for name in ("wind", "time", "lat", "vector_i8", "vector_u8"):
                np.testing.assert_array_equal(found[name].values, expected[name].values)


@pytest.mark.parametrize("ending", ["", "#dap4"])
def test_what_is_missing_is_missing(dap, ending):
    with netCDF4.Dataset(dap.file) as expected, netCDF4.Dataset(dap.varied + ending) as found:
        for name in ("rain", "sst", "wind"):
            assert (np.ma.getmaskarray(found[name][:]) == np.ma.getmaskarray(expected[name][:])).all()
        assert found["rain"][:].mask.sum() == 12


def ncdump(*arguments):
    program = shutil.which("ncdump")
    if program is None:
        if os.environ.get("GDC_REQUIRE_CLIENTS") == "1":
            pytest.fail("there is no ncdump; it is in the package netcdf-bin")
        pytest.skip("there is no ncdump")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestNcdump:
    @pytest.mark.parametrize("ending", ["", "#dap4"])
    def test_it_prints_the_same_values(self, dap, ending):
        names = ["-v", "sst,lat,vector_i2,vector_f8", "-p", "9,17"]

        def data(address):
            return ncdump(*names, address).partition("data:")[2].partition("group:")[0].rstrip("}\n ")

        found, expected = data(dap.varied + ending), data(str(dap.file))
        assert sorted(found.split(";")) == sorted(expected.split(";"))

    def test_constraints(self, dap, file):
        found = ncdump("-v", "lat", f"{dap.varied}?lat[1:2:5]")
        assert "lat = -75, -55, -35 ;" in found
        found = ncdump("-v", "lat", f"{dap.varied}?dap4.ce=/lat[1:2:5]#dap4")
        assert "lat = -75, -55, -35 ;" in found


def test_gdal(dap, file, tmp_path):
    found = read_with_gdal(f'netcdf:"{dap.varied}":sst', 2, tmp_path / "band.npy")
    if found is None:
        pytest.skip("GDAL's netCDF driver is not built with DAP")
    assert same(found[0][::-1], file["sst"][1])
