"""Servers that are not this project's: DAP2 alone, without coordinates, busy ones, and those that hang up."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from urllib.parse import unquote

import numpy as np
import pytest

import gdc_jupyter as gdc

LAT, LON = np.arange(89.5, -90, -1), np.arange(-179.5, 180)
V = np.arange(180 * 360, dtype="i4").reshape(180, 360)
WIRE = {"lat": ("Float64", ">f8", ("lat",)), "lon": ("Float64", ">f8", ("lon",)), "v": ("Int32", ">i4", ("lat", "lon"))}
ARRAYS = {"lat": LAT, "lon": LON, "v": V}


def declared(name, shape):
    kind, _, dims = WIRE[name]
    return f"{kind} {name}{''.join(f'[{dim} = {size}]' for dim, size in zip(dims, shape, strict=True))};"


def dap2(names, more=""):
    """Return what answers requests of DAP2 for some of the arrays, with further attributes."""

    def answer(path, query):
        if path.endswith(".das"):
            text = 'Attributes {\n lat { String units "degrees_north"; }\n lon { String units "degrees_east"; }\n}\n'
            return 200, (text[:-2] + more + "}\n").encode()
        if path.endswith(".dds"):
            return 200, f"Dataset {{ {' '.join(declared(each, ARRAYS[each].shape) for each in names)} }} x;".encode()
        if not path.endswith(".dods"):
            return 404, b"<html><title>404</title>Not here</html>"
        parts, body = [], b""
        for term in unquote(query).split(","):
            name, slabs = re.fullmatch(r"(\w+)((?:\[[\d:]+\])*)", term).groups()
            ranges = [tuple(map(int, each.split(":"))) for each in re.findall(r"\[([\d:]+)\]", slabs)]
            values = ARRAYS[name][tuple(slice(first, last + 1, step) for first, step, last in ranges)]
            parts.append(declared(name, values.shape))
            body += struct.pack(">II", values.size, values.size) + values.astype(WIRE[name][1]).tobytes()
        return 200, f"Dataset {{ {' '.join(parts)} }} x;\nData:\n".encode() + body

    return answer


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No server of this computer counts."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    for name in ("GDC_URL", "JPY_PARENT_PID", "JUPYTERHUB_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def with_ous(data):
    """Return what also lists, as OUS, an address that the formula has made a little too large."""

    def answer(path, query):
        if "/ous/collection/" not in path:
            return data(path, query)
        url = f"{started[0].url}/opendap/data/one.nc?v[39:1:41][189:1:192],lat[39:1:41],lon[189:1:192]"
        return 200, json.dumps({"hits": 1, "took": 0.1, "items": [url], "warnings": None}).encode()

    started = []
    return answer, started


def test_a_server_of_dap2_alone(dap_server):
    answer, started = with_ous(dap2(["lat", "lon", "v"]))
    started.append(dap_server(answer))
    dataset = gdc.open_dap(gdc.Selection("C1-X", (10, 49, 12, 51)), started[0].url)
    assert dataset["lat"].values.tolist() == [50.5, 49.5]
    assert dataset["lon"].values.tolist() == [10.5, 11.5]
    before = len(started[0].asked)
    assert dataset["v"].values.tolist() == V[39:41, 190:192].tolist()
    assert [path for path, _ in started[0].asked[before:]] == ["/opendap/data/one.dods?v%5B39:1:40%5D%5B190:1:191%5D"]
    assert dataset["v"].dtype == np.int32


def test_without_coordinates_the_indices_of_the_address_count(dap_server):
    answer, started = with_ous(dap2(["v"]))
    started.append(dap_server(answer))
    dataset = gdc.open_dap(gdc.Selection("C1-X", (10, 49, 12, 51)), started[0].url)
    assert dataset["v"].dims == ("lat", "lon")
    assert dataset["v"].values.tolist() == V[39:42, 189:193].tolist()


def test_times_that_cannot_be_understood_stay_numbers(dap_server):
    server = dap_server(dap2(["lat", "lon", "v"], ' v { String units "days since never"; }\n'))
    with pytest.warns(UserWarning, match="times of x are left as numbers"):
        dataset = gdc.open_dap(f"{server.url}/x.nc?v[0:1:0][0:1:2]")
    assert dataset["v"].values.tolist() == [[0, 1, 2]]
    assert dataset["v"].attrs["units"] == "days since never"


def test_granules_without_times_are_counted(dap_server):
    server = dap_server(dap2(["lat", "lon", "v"]))
    dataset = gdc.open_dap([f"{server.url}/{name}.nc?v[0:1:1][0:1:2],lat[0:1:1],lon[0:1:2]" for name in ("a", "b")])
    assert dataset["v"].dims == ("granule", "lat", "lon")
    assert dataset["granule"].values.tolist() == ["a", "b"]


def test_a_token_is_sent_to_the_server_that_it_is_for(dap_server):
    data = dap_server(dap2(["lat", "lon", "v"]))

    def ous(path, query):
        return 200, json.dumps({"items": [f"{data.url}/one.nc?v[0:1:0][0:1:0]"]}).encode()

    server = dap_server(ous)
    gdc.open_dap(gdc.Selection("C1-X"), server.url, token="for-ous")["v"].load()
    assert [headers.get("Authorization") for _, headers in server.asked] == ["Bearer for-ous"]
    assert {headers.get("Authorization") for _, headers in data.asked} == {None}


def test_a_busy_server_is_asked_again(dap_server):
    plain = dap2(["lat", "lon", "v"])
    left = [2]

    def busy(path, query):
        if path.endswith(".dods") and left[0]:
            left[0] -= 1
            return 503, b"busy"
        return plain(path, query)

    server = dap_server(busy)
    assert gdc.open_dap(f"{server.url}/x.nc?v[0:1:0][0:1:2]")["v"].values.tolist() == [[0, 1, 2]]
    left[0] = 9
    with pytest.raises(gdc.GdcError, match=r"HTTP 503: busy"):
        gdc.open_dap(f"{server.url}/x.nc?v[0:1:0][0:1:2]")


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<?xml"])
def test_a_server_that_hangs_up(said):
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def hang_up():
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(10_000)
                    connection.sendall(said)

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        address = f"http://user:hidden@127.0.0.1:{listening.getsockname()[1]}/x"
        with pytest.raises(gdc.GdcError) as caught:
            gdc.open_dap(address)
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    assert caught.value.code == "ServerNotFound"
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("body", [b"not JSON", b"[]", b'{"items": 3}', b"{}"])
def test_what_is_no_answer_of_ous(dap_server, body):
    server = dap_server(lambda path, query: (200, body))
    with pytest.raises(gdc.GdcError, match="does not answer as an OPeNDAP URL service"):
        gdc.Selection("C1-X").dap_urls(server.url)
