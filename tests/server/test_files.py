"""Uploaded files in use: by the openEO client, and in process graphs."""

from __future__ import annotations

import json

import openeo

POINT = {"type": "Feature", "properties": {"name": "here"}, "geometry": {"type": "Point", "coordinates": [11.4, 46.5]}}


def test_the_openeo_client_uploads_and_graphs_load(server, graphs, tmp_path, matches_openeo):
    source = tmp_path / "points.geojson"
    source.write_text(json.dumps({"type": "FeatureCollection", "features": [POINT]}))
    connection = openeo.connect(server.url).authenticate_basic("me", "secret")
    file = connection.upload_file(source, "vectors/points.geojson")
    try:
        matches_openeo(server.get("/files").json(), ("/files", "get"))
        assert [(str(each.path), each.metadata["size"]) for each in connection.list_files()] == [
            ("vectors/points.geojson", source.stat().st_size)
        ]
        assert file.download(tmp_path / "again").read_bytes() == source.read_bytes()
        load = graphs.node("load_uploaded_files", paths=["vectors/points.geojson"], format="GeoJSON")
        answer = server.post("/result", {"process": graphs.graph(load=load)}).json()
        assert [feature["properties"]["name"] for feature in answer["features"]] == ["here"]
    finally:
        file.delete()
    assert connection.list_files() == []
