"""The ordinary openEO client, from login to the pixels."""

from __future__ import annotations

import rasterio

EXTENT = {"west": 679720, "south": 5151080, "east": 680680, "north": 5151920, "crs": 32632}


def test_the_client_does_the_main_job(server, tmp_path):
    import openeo

    connection = openeo.connect(server.url).authenticate_basic("me", "secret")
    assert connection.describe_account()["user_id"] == "local"
    assert connection.list_collection_ids()[0] == "S2_ALPS"
    assert "t" in connection.describe_collection("S2_ALPS")["cube:dimensions"]
    cube = connection.load_collection(
        "S2_ALPS", spatial_extent=EXTENT, temporal_extent=["2022-06-01", "2022-09-01"], bands=["B04", "B08"]
    )
    ndvi = cube.ndvi(nir="B08", red="B04").median_time()
    assert connection.validate_process_graph(ndvi) == []
    ndvi.download(tmp_path / "preview.tif", format="GTiff")
    estimated = ndvi.create_job(out_format="GTiff").estimate()
    assert estimated["duration"].startswith("PT")
    assert estimated["size"] == 84 * 96 * 4
    assert estimated["explanation"]["loads"][0]["dates"] > 5
    job = ndvi.execute_batch(tmp_path / "ndvi.tif", out_format="GTiff", title="NDVI", max_poll_interval=0.1)
    assert job.status() == "finished"
    assert job.describe()["title"] == "NDVI"
    assert [entry["level"] for entry in job.logs()].count("error") == 0
    with rasterio.open(tmp_path / "ndvi.tif") as image, rasterio.open(tmp_path / "preview.tif") as preview:
        values = image.read(1, masked=True)
        assert (image.read(1, masked=True) == preview.read(1, masked=True)).all()
    assert values.shape == (84, 96)
    assert -1 <= values.min() < values.max() <= 1
    job.delete_job()
    assert job.job_id not in [each["id"] for each in connection.list_jobs()]
