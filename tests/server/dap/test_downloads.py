"""Files and text with the same constraints, and answers that are sent again only if the file has changed."""

from __future__ import annotations

import netCDF4
import numpy as np
import pytest

from gdc_jupyter.catalog.catalog import Catalog

from .answers import NUMBERS, VARIED, ask, downloaded, same
from .files import grid_axes


class TestDownloads:
    @pytest.mark.parametrize("suffix", ["nc4", "dap.nc4"])
    def test_a_netcdf4_file_is_the_file(self, dap, file, suffix):
        with downloaded(dap, f"{VARIED}.{suffix}") as found:
            names = [*NUMBERS, "words", "umlauts", "word", "station", "letter"]
            for name in [*names, "model/level", "model/temperature", "model/inner/flag"]:
                assert found[name].dimensions == file[name].dimensions
                assert found[name].dtype == (str if file[name].dtype is str else file[name].dtype.newbyteorder("="))
                assert found[name].ncattrs() == file[name].ncattrs()
                if file[name].dtype is str:
                    assert np.asarray(found[name][...]).tolist() == np.asarray(file[name][...]).tolist()
                else:
                    assert same(found[name][...], file[name][...])
            assert found.dimensions["time"].isunlimited()
            assert found.title == file.title
            assert found["model"].comment == "of a group"

    @pytest.mark.parametrize(
        "asked",
        [
            "nc4?sst[0:1:3][2:3:16][4:1:20],lat[2:3:16]",
            "nc?sst[0:1:3][2:3:16][4:1:20],lat[2:3:16]",
            "nc4?dap4.ce=/sst[0:3][2:3:16][4:20];/lat[2:3:16]",
            "dap.nc4?dap4.ce=/lat=[2:3:16];/lat;/sst[0:3][][4:20]",
        ],
    )
    def test_constraints(self, dap, file, asked):
        with downloaded(dap, f"{VARIED}.{asked}") as found:
            assert same(found["sst"][:], file["sst"][0:4, 2:17:3, 4:21])
            assert same(found["lat"][:], file["lat"][2:17:3])
            assert found["sst"]._FillValue == -32768
            assert found["sst"].dimensions == ("time", "lat", "lon")
            assert "wind" not in found.variables

    def test_a_classic_file(self, dap, file):
        with downloaded(dap, f"{VARIED}.nc") as found:
            assert found.data_model == "NETCDF3_64BIT_OFFSET"
            for name in NUMBERS:
                assert same(found[name][...], file[name][...])
            assert found["vector_u2"]._Unsigned == "true"
            assert found["umlauts"][:].tolist() == file["umlauts"][:].tolist()
            assert (found["station"][:] == file["station"][:]).all()
            assert same(found["model_temperature"][:], file["model/temperature"][:])
            assert found["model_temperature"].dimensions == ("time", "model_level")
        refused = ask(dap, "large/large.nc")
        assert refused.status_code == 400
        assert "ask for it by DAP4 (.dap) or as .nc4" in refused.text
        with downloaded(dap, "large/large.nc4") as found:
            assert (found["count"][:] == 2**53 + 1).all()

    def test_a_dimension_that_is_cut_in_two_ways(self, dap, file):
        with downloaded(dap, f"{VARIED}.nc4?dap4.ce=/lat[0:3];/wind[0][5:9][]") as found:
            assert same(found["lat"][:], file["lat"][:4])
            assert same(found["wind"][:], file["wind"][:1, 5:10])
            assert found["wind"].dimensions == ("time", "lat_2", "lon")

    def test_text(self, dap, file):
        lines = ask(dap, f"{VARIED}.ascii?sst[1:2][3:4][5:7],words[1:5],word,scalar_f4,lat[0:1]").text.splitlines()
        assert lines[0] == "Dataset: varied"
        values = file["sst"][1:3, 3:5, 5:8]
        assert f"sst.sst[sst.time=1.0][sst.lat=-55.0], {', '.join(map(str, values[0, 0]))}" in lines
        assert f"sst.sst[sst.time=2.0][sst.lat=-45.0], {', '.join(map(str, values[1, 1]))}" in lines
        assert f"scalar_f4, {file['scalar_f4'][...]!s}" in lines
        assert "lat, -85.0, -75.0" in lines
        assert 'word, "alone"' in lines
        assert any(line.startswith("words, ") and line.endswith(', "x,y", "quoted ""q"""') for line in lines)
        for suffix in ("asc", "csv"):
            assert ask(dap, f"{VARIED}.{suffix}?lat[0:1]").text == "Dataset: varied\nlat, -85.0, -75.0\n"
        found = ask(dap, f"{VARIED}.dap.csv?dap4.ce=/model/temperature[1:2][];/station[0:1][]").text.splitlines()
        rows = {name: list(map(float, rest)) for name, *rest in (line.split(", ") for line in found[2:])}
        assert found[1] == '/station, "Oslo", "Rom"'
        assert rows["/model/temperature[1]"] == file["model/temperature"][1].tolist()
        assert rows["/model/temperature[2]"] == file["model/temperature"][2].tolist()


def test_answers_are_sent_again_only_if_the_file_has_changed(dap):
    first = ask(dap, f"{VARIED}.dods?lat")
    again = ask(dap, f"{VARIED}.dods?lat", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert "Last-Modified" in first.headers
    assert ask(dap, f"{VARIED}.dods?lat", headers={"If-None-Match": 'W/"other"'}).content == first.content


def test_a_file_that_was_changed_is_served_anew(dap, tmp_path):
    def make(value):
        with netCDF4.Dataset(tmp_path / "new.nc", "w") as dataset:
            grid_axes(dataset, times=2)
            dataset.createVariable("v", "f4", ("time", "lat", "lon"))[:] = value
        (tmp_path / "new.nc").replace(tmp_path / "changing.nc")

    make(1)
    Catalog(dap.server.data).add(tmp_path / "changing.nc", "changing")
    for value in (1, 2):
        make(value)
        with netCDF4.Dataset(f"{dap.root}/changing/changing") as remote:
            assert (remote["v"][:] == value).all()


def test_a_file_that_cannot_be_read_is_told_before_anything_is_sent(dap, tmp_path):
    path = tmp_path / "damaged.nc"
    with netCDF4.Dataset(path, "w") as dataset:
        grid_axes(dataset, times=2, rows=100, columns=200)
        variable = dataset.createVariable("v", "f8", ("time", "lat", "lon"), zlib=True)
        variable[:] = np.random.default_rng(1).normal(size=(2, 100, 200))
    Catalog(dap.server.data).add(path, "damaged")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle - 50_000 : middle + 50_000] = bytes(100_000)
    path.write_bytes(content)
    assert ask(dap, "damaged/damaged.dds").status_code == 200
    answer = ask(dap, "damaged/damaged.dods?v")
    assert answer.status_code == 424
    assert answer.text.startswith("Error {\n    code = 1008;")
    assert "damaged.nc" in answer.text
    assert str(tmp_path) not in answer.text
    whole = ask(dap, "damaged/damaged.dap?dap4.ce=/v")
    assert whole.status_code == 424
    assert "<Error" in whole.text
    assert ask(dap, "damaged/damaged.nc4?v").status_code == 424
    assert ask(dap, "damaged/damaged.dods?lat").status_code == 200
