"""Files of features, uploaded or at an address, as vector cubes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

from gdc_jupyter.errors import GdcError
from gdc_jupyter.graph import execute
from gdc_jupyter.settings import Permissions

from .graphs import node
from .web import serving


@pytest.fixture
def fields() -> geopandas.GeoDataFrame:
    geometries = [shapely.box(10, 46, 10.1, 46.1), shapely.box(10.2, 46.2, 10.3, 46.3)]
    return geopandas.GeoDataFrame({"crop": ["rye", "oat"], "area": [1.5, 2.0]}, geometry=geometries, crs="EPSG:4326")


def write(frame: geopandas.GeoDataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path, driver="GPKG" if path.suffix == ".gpkg" else "GeoJSON")
    return path


def load(folder: Path, format: str, *names: str) -> Any:
    graph = {"load": node("load_uploaded_files", True, paths=list(names), format=format)}
    return execute(graph, permissions=Permissions(files=folder))


@pytest.mark.parametrize(("name", "format"), [("a.geojson", "geojson"), ("a.gpkg", "GPKG"), ("a.parquet", "Parquet")])
def test_features_are_loaded_with_their_properties(
    fields: geopandas.GeoDataFrame, tmp_path: Path, name: str, format: str
) -> None:
    write(fields, tmp_path / name)
    frame = load(tmp_path, format, name)
    assert isinstance(frame, geopandas.GeoDataFrame)
    assert frame["crop"].tolist() == ["rye", "oat"]
    assert frame["area"].tolist() == [1.5, 2.0]
    assert all(frame.geometry.geom_equals(fields.geometry))


def test_several_files_are_one_cube_in_the_first_crs(fields: geopandas.GeoDataFrame, tmp_path: Path) -> None:
    write(fields.to_crs(32632), tmp_path / "a.gpkg")
    write(fields, tmp_path / "b.gpkg")
    frame = load(tmp_path, "GPKG", "a.gpkg", "b.gpkg")
    assert len(frame) == 4
    assert frame.crs.to_epsg() == 32632
    assert frame.geometry.iloc[3].hausdorff_distance(frame.geometry.iloc[1]) < 1e-3


def test_features_at_an_address(fields: geopandas.GeoDataFrame, tmp_path: Path) -> None:
    write(fields, tmp_path / "a.geojson")
    with serving(tmp_path) as web:
        graph = {"load": node("load_url", True, url=f"{web.url}/a.geojson", format="GeoJSON")}
        frame = execute(graph, permissions=Permissions(hosts=("127.0.0.1",)))
    assert frame["crop"].tolist() == ["rye", "oat"]


@pytest.mark.parametrize(
    ("content", "format"),
    [(b"{}", "GeoJSON"), (b"[1]", "GeoJSON"), (b"\x00\xff", "GeoJSON"), (b"PAR1", "Parquet"), (b"<xml/>", "GPKG")],
)
def test_other_content_is_refused(tmp_path: Path, content: bytes, format: str) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(GdcError, match=f"file cannot be loaded as {format}") as caught:
        load(tmp_path, format, "file")
    assert caught.value.code == "FormatUnsuitable"


def test_a_virtual_dataset_is_no_geopackage(fields: geopandas.GeoDataFrame, tmp_path: Path) -> None:
    (tmp_path / "user").mkdir()
    secret = write(fields, tmp_path / "secret.geojson")
    layer = f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer>'
    (tmp_path / "user" / "a.gpkg").write_text(layer + "</OGRVRTDataSource>")
    (tmp_path / "user" / "a.geojson").write_text(json.dumps({"type": "FeatureCollection"}))
    for name, format in (("a.gpkg", "GPKG"), ("a.geojson", "GeoJSON")):
        with pytest.raises(GdcError):
            load(tmp_path / "user", format, name)
