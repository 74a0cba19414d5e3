"""OUS for the server's own collections over HTTP: addresses that resolve, what is private, and what cannot be asked."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import netCDF4
import numpy as np
import pytest
import requests

from gdc_jupyter.catalog.catalog import Catalog

HEADERS = {"Echo-Token": "secret"}


@pytest.fixture(scope="module")
def own(serve, tmp_path_factory):
    """A server with two collections of three files each, one of them somebody else's."""
    folder = tmp_path_factory.mktemp("own")
    catalog = Catalog(folder / "data", samples=False)
    days = folder / "days"
    days.mkdir()
    for day in range(3):
        with netCDF4.Dataset(days / f"day{day}.nc", "w") as file:
            for name, values in (("time", [day]), ("lat", np.arange(9.5, 0, -1)), ("lon", np.arange(0.5, 360))):
                file.createDimension(name, len(values))
                file.createVariable(name, "f8", (name,))[:] = values
            file["time"].units = "days since 2020-01-01"
            file["lat"].units, file["lon"].units = "degrees_north", "degrees_east"
            values = 10_000 * day + np.arange(3600).reshape(1, 10, 360)
            file.createVariable("v", "i4", ("time", "lat", "lon"))[:] = values
    catalog.add(days, "DAYS")
    catalog.add_all(days, "ANNS", owner="ann")
    server = serve(folder / "data", folder / "log", "--GdcApp.samples=False")
    yield server
    server.stop()


def ask(server, path, headers=HEADERS, **options):
    return requests.get(f"{server.url.removesuffix('/gdc')}/opendap/ous/{path}", headers=headers, timeout=20, **options)


def test_each_address_is_there_and_holds_what_it_says(own):
    answer = ask(own, "collection/DAYS?bounding-box=-2,3,2,5&explain=true").json()
    assert answer["hits"] == 6
    assert len(answer["warnings"]) == 1
    assert [explanation["url"] for explanation in answer["explanations"]] == answer["items"]
    for number, explanation in enumerate(answer["explanations"]):
        parts = urlsplit(explanation["url"])
        login = f"{parts.scheme}://x:secret@{parts.netloc}{parts.path.removesuffix('.nc')}?{parts.query}"
        with netCDF4.Dataset(login) as file:
            values = file["v"][:]
            assert file["lat"][:].tolist() == [4.5, 3.5]
            assert file["lon"][:].tolist() == ([0.5, 1.5] if number % 2 else [358.5, 359.5])
            assert file["time"][:].tolist() == [number // 2]
        first = 10_000 * (number // 2) + 5 * 360 + (0 if number % 2 else 358)
        assert values.tolist() == [[[first, first + 1], [first + 360, first + 361]]]
        assert explanation["bytes"] == values.nbytes == 16
        assert explanation["bounding-box"] == ([0, 3, 2, 5] if number % 2 else [-2, 3, 0, 5])


@pytest.mark.parametrize("version", ["v1", "v2.1", "v3"])
def test_each_address_is_a_file(own, version):
    headers = HEADERS | {"Accept": f"application/vnd.cmr-opendap.{version}+json"}
    urls = ask(own, "collection/DAYS?bounding-box=10,3,12,5", headers=headers).json()["items"]
    assert len(urls) == 3
    for day, url in enumerate(urls):
        answer = requests.get(url, headers={"Authorization": "token secret"}, timeout=20)
        with netCDF4.Dataset("x.nc", memory=answer.content) as file:
            first = 10_000 * day + 5 * 360 + 10
            assert file["v"][:].tolist() == [[[first, first + 1], [first + 360, first + 361]]]
            assert file["time"][:].tolist() == [day]
            assert file["lon"][:].tolist() == [10.5, 11.5]


def test_a_stream_says_the_same(own):
    query = "DAYS?bounding-box=10,3,12,5&explain=true&temporal=2020-01-02,"
    streamed = json.loads(ask(own, f"streaming-collection/{query}").content)
    whole = ask(own, f"collection/{query}").json()
    for answer in (streamed, whole):
        del answer["took"]
    assert streamed == whole
    assert [item.rpartition("/")[2].partition(".")[0] for item in whole["items"]] == ["day1", "day2"]


def test_what_is_somebody_elses_is_not_there(own):
    assert ask(own, "collection/ANNS").json()["items"] == []
    assert ask(own, "collection/DAYS", headers={}).status_code == 403


def test_pages_follow_each_other(own):
    first = ask(own, "collection/DAYS?page_size=2")
    assert (first.json()["hits"], len(first.json()["items"])) == (3, 2)
    after = first.headers["CMR-Search-After"]
    second = ask(own, "collection/DAYS?page_size=2", headers=HEADERS | {"CMR-Search-After": after})
    assert "CMR-Search-After" not in second.headers
    assert first.json()["items"] + second.json()["items"] == ask(own, "collection/DAYS").json()["items"]


def test_version_1_says_where_data_are_as_well(own):
    headers = HEADERS | {"Accept": "application/vnd.cmr-opendap.v1+json"}
    answer = ask(own, "collection/DAYS?bounding-box=10,3,12,5", headers=headers).json()
    assert answer["items"] == ask(own, "collection/DAYS?bounding-box=10,3,12,5").json()["items"]


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("DAYS?bounding-box=0,-91,10,95", 400, "latitude are not within the valid range"),
        ("DAYS?bounding-box=0,20,10,30", 200, ""),
        ("NOT_THERE?bounding-box=0,0,1,1", 200, ""),
        ("DAYS?temporal=yesterday,", 400, "temporal"),
        ("DAYS?variables=w&bounding-box=0,0,1,1", 200, "The variables w were not found."),
    ],
)
def test_what_cannot_be_answered(own, query, status, told):
    answer = ask(own, f"collection/{query}")
    assert answer.status_code == status
    assert told in answer.text
    if status == 200 and not told:
        assert answer.json()["items"] == []
