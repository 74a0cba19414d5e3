"""The commands of the terminal, run as a user runs them."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import rasterio
import xarray as xr

from gdc_jupyter.commands import main

AREA = {"west": 11.35, "south": 46.5, "east": 11.36, "north": 46.505}


def graph(**arguments):
    return {
        "load": {
            "process_id": "load_collection",
            "arguments": {
                "id": "S2_ALPS",
                "spatial_extent": AREA,
                "temporal_extent": ["2022-07-01", "2022-08-01"],
                "bands": ["B04", "B08"],
                **arguments,
            },
        },
        "ndvi": {"process_id": "ndvi", "arguments": {"data": {"from_node": "load"}}},
        "best": {
            "process_id": "reduce_dimension",
            "arguments": {
                "data": {"from_node": "ndvi"},
                "dimension": "t",
                "reducer": {
                    "process_graph": {
                        "max": {"process_id": "max", "arguments": {"data": {"from_parameter": "data"}}, "result": True}
                    }
                },
            },
            "result": True,
        },
    }


@pytest.fixture
def graph_file(tmp_path):
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(graph()))
    return path


def test_run_writes_what_rasterio_computes(graph_file, tmp_path, catalog, data_directory):
    done = subprocess.run(
        [sys.executable, "-m", "gdc_server", "run", str(graph_file), "-o", str(tmp_path / "out.tif")],
        env={**os.environ, "GDC_DATA_DIR": str(data_directory)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(tmp_path / "out.tif")
    with rasterio.open(tmp_path / "out.tif") as file:
        result, bounds = file.read(1), file.bounds
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    from gdc_jupyter.catalog.collection import Query

    start, end = np.datetime64("2022-07-01"), np.datetime64("2022-08-01")
    best = np.full(result.shape, -np.inf)
    for item in catalog.get("S2_ALPS").items(Query(start=start, end=end)):
        bands = []
        for name in ("B04", "B08"):
            with rasterio.open(item["assets"][name]["href"]) as file:
                values = file.read(1, window=file.window(*bounds)).astype(float)
                bands.append(np.where(values == 0, np.nan, values))
        red, nir = bands
        best = np.fmax(best, (nir - red) / (nir + red))
    np.testing.assert_allclose(result, best, rtol=1e-5, atol=1e-6)


@pytest.mark.usefixtures("data_directory")
class TestInThisProcess:
    def test_the_name_of_the_output_says_the_format(self, graph_file, tmp_path, capsys):
        assert main(["run", str(graph_file), "-o", str(tmp_path / "out.json")]) == 0
        document = json.loads((tmp_path / "out.json").read_text())
        assert [each["name"] for each in document["dimensions"]] == ["y", "x"]
        assert main(["run", str(graph_file), "-o", str(tmp_path / "out.xyz")]) == 1
        assert ".tif" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("name", "first"),
        [
            ("out.tif", b"II"),
            ("out.TIFF", b"II"),
            ("out.nc", b"\x89HDF"),
            ("out.zarr.zip", b"PK"),
            ("out.png", b"\x89PNG"),
            ("out.jpg", b"\xff\xd8"),
            ("out.jpeg", b"\xff\xd8"),
            ("out.covjson", b'{"type":"Coverage"'),
            ("out.json", b'{"type":"datacube"'),
        ],
    )
    def test_each_extension_is_a_format(self, graph_file, tmp_path, capsys, name, first):
        assert main(["run", str(graph_file), "-o", str(tmp_path / name)]) == 0
        assert capsys.readouterr().out.strip() == str(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(first)
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["graph.json", name])

    def test_a_zarr_store_is_a_folder_and_is_replaced(self, graph_file, tmp_path):
        target = tmp_path / "out.zarr"
        for _ in range(2):
            assert main(["run", str(graph_file), "-o", str(target)]) == 0
            with xr.open_zarr(target, chunks=None) as data:
                assert data["var"].dims == ("y", "x")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["graph.json", "out.zarr"]

    def test_a_folder_is_not_replaced(self, graph_file, tmp_path, capsys):
        (tmp_path / "out.zarr").mkdir()
        assert main(["run", str(graph_file), "-o", str(tmp_path / "out.zarr")]) == 1
        assert "is a folder" in capsys.readouterr().err

    def test_files_of_dates_are_named_after_the_output(self, graph_file, tmp_path):
        nodes = graph()
        del nodes["best"]
        nodes["ndvi"]["result"] = True
        graph_file.write_text(json.dumps(nodes))
        assert main(["run", str(graph_file), "-o", str(tmp_path / "ndvi.tiff")]) == 0
        names = sorted(path.name for path in tmp_path.glob("*.tiff"))
        assert len(names) > 1
        assert all(re.fullmatch(r"ndvi_2022-07-\d\d(T\d{6}Z)?\.tiff", name) for name in names), names

    def test_a_number_is_no_picture(self, graph_file, tmp_path, capsys):
        graph_file.write_text(json.dumps({"a": {"process_id": "add", "arguments": {"x": 1, "y": 2}, "result": True}}))
        assert main(["run", str(graph_file), "-o", str(tmp_path / "out.png")]) == 1
        assert ".json" in capsys.readouterr().err
        assert main(["run", str(graph_file), "-o", str(tmp_path / "out.json")]) == 0
        assert json.loads((tmp_path / "out.json").read_text()) == 3

    def test_explain_tells_what_a_run_would_do(self, graph_file, capsys):
        assert main(["explain", str(graph_file)]) == 0
        text = capsys.readouterr().out
        assert "S2_ALPS" in text
        assert "reduce_dimension" in text
        assert main(["explain", str(graph_file), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert [node["id"] for node in found["nodes"]] == ["load", "ndvi", "best"]
        assert found["loads"][0]["bands"] == ["B04", "B08"]
        graph_file.write_text(json.dumps(graph(bands=["B99"])))
        assert main(["explain", str(graph_file)]) == 1
        assert "B99" in capsys.readouterr().err

    def test_a_graph_with_more_levels_than_can_be_read(self, graph_file, tmp_path, capsys):
        graph_file.write_text('{"a": ' * 100_000)
        assert main(["run", str(graph_file), "-o", str(tmp_path / "out.tif")]) == 1
        assert "Traceback" not in capsys.readouterr().err

    def test_faults_are_listed(self, graph_file, tmp_path, capsys):
        graph_file.write_text(json.dumps(graph(id="S3", bands=["B99"])))
        assert main(["run", str(graph_file), "-o", str(tmp_path / "out.tif")]) == 1
        assert "S2_ALPS" in capsys.readouterr().err
        assert not (tmp_path / "out.tif").exists()

    @pytest.mark.parametrize("text", ["", "[]", "{", '"text"'])
    def test_what_is_no_graph(self, graph_file, tmp_path, capsys, text):
        graph_file.write_text(text)
        assert main(["run", str(graph_file), "-o", str(tmp_path / "out.tif")]) == 1
        assert "Traceback" not in capsys.readouterr().err

    def test_missing_files_are_named(self, tmp_path, capsys):
        assert main(["run", str(tmp_path / "none.json"), "-o", str(tmp_path / "out.tif")]) == 1
        assert main(["add", str(tmp_path / "none.tif")]) == 1
        assert capsys.readouterr().err.count("none") == 2

    def test_add_list_remove(self, tmp_path, capsys):
        with rasterio.open(
            tmp_path / "heights.tif",
            "w",
            driver="GTiff",
            width=4,
            height=3,
            count=1,
            dtype="float32",
            crs="EPSG:4326",
            transform=rasterio.Affine(0.1, 0, 10, 0, -0.1, 50),
        ) as file:
            file.write(np.ones((1, 3, 4), "float32"))
        assert main(["add", str(tmp_path / "heights.tif"), "--id", "heights", "--title", "Heights"]) == 0
        assert main(["list"]) == 0
        assert "heights" in capsys.readouterr().out
        assert main(["remove", "heights"]) == 0
        assert main(["list"]) == 0
        assert "heights" not in capsys.readouterr().out.splitlines()[-1]
        assert main(["remove", "S2_ALPS"]) == 1


@pytest.mark.parametrize("extension", ["geojson", "parquet", "csv", "json"])
def test_statistics_of_fields_are_saved(extension, tmp_path, catalog, monkeypatch, data_directory):
    import geopandas
    import pandas as pd

    from gdc_jupyter.samples.fields import fields

    monkeypatch.setenv("GDC_DATA_DIR", str(data_directory))
    steps = graph(spatial_extent=None)
    del steps["best"]["result"]
    mean = {"m": {"process_id": "mean", "arguments": {"data": {"from_parameter": "data"}}, "result": True}}
    arguments = {
        "data": {"from_node": "best"},
        "geometries": {"from_node": "fields"},
        "reducer": {"process_graph": mean},
    }
    steps |= {
        "fields": {"process_id": "load_geojson", "arguments": {"data": fields()}},
        "zonal": {"process_id": "aggregate_spatial", "arguments": arguments},
        "save": {
            "process_id": "save_result",
            "arguments": {"data": {"from_node": "zonal"}, "format": "GeoJSON"},
            "result": True,
        },
    }
    (tmp_path / "graph.json").write_text(json.dumps(steps))
    out = tmp_path / f"fields.{extension}"
    assert main(["run", str(tmp_path / "graph.json"), "-o", str(out)]) == 0
    if extension == "csv":
        table = pd.read_csv(out)
    elif extension == "parquet":
        table = geopandas.read_parquet(out)
    else:
        table = geopandas.GeoDataFrame.from_features(json.loads(out.read_text()))
    assert len(table) == len(fields()["features"])
    assert set(table["crop"]) == {"maize", "meadow", "orchard", "potato", "rape", "wheat"}
    assert table["value"].between(-1, 1).all()
