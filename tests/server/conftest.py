"""A real `jupyter gdc` in a process of its own, for the tests that need jobs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from gdc_jupyter.demo import free_port

TOKEN = "secret"
REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "api"


def node(process, **arguments):
    return {"process_id": process, "arguments": arguments}


def graph(**nodes):
    """Return a process whose last node is its result."""
    nodes[list(nodes)[-1]]["result"] = True
    return {"process_graph": nodes}


BOX = {"west": 679720, "south": 5151080, "east": 680680, "north": 5151920, "crs": 32632}


def median(format="GTiff", resolution=None, **load):
    """Return the median over time of two bands; a fine resolution makes it slow."""
    load = {"id": "S2_ALPS", "spatial_extent": BOX, "temporal_extent": ["2022-06-01", "2022-07-01"]} | load
    load.setdefault("bands", ["B04", "B08"])
    nodes = {"load": node("load_collection", **load)}
    if resolution:
        nodes["fine"] = node("resample_spatial", data={"from_node": "load"}, resolution=resolution, method="cubic")
    reducer = graph(m=node("median", data={"from_parameter": "data"}))
    nodes["median"] = node("reduce_dimension", data={"from_node": list(nodes)[-1]}, dimension="t", reducer=reducer)
    nodes["save"] = node("save_result", data={"from_node": "median"}, format=format)
    return graph(**nodes)


class Server:
    """`jupyter gdc` and how to talk to it."""

    def __init__(self, data, log, *options):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/gdc"
        self.data = data
        self.log = log
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer basic//{TOKEN}"
        fixed = [f"--ServerApp.port={self.port}", f"--IdentityProvider.token={TOKEN}", "--no-browser"]
        with log.open("ab") as output:
            self.process = self._start(data, output, [*fixed, *options])
        self._wait_until_it_answers()

    @staticmethod
    def _start(data, output, options):
        return subprocess.Popen(
            [sys.executable, "-m", "gdc_server", *options],
            env=os.environ | {"GDC_DATA_DIR": str(data), "JUPYTER_CONFIG_DIR": str(data.parent / "jupyter-config")},
            cwd=data,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )

    def _wait_until_it_answers(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                requests.get(f"{self.url}/conformance", timeout=5)
                return
            except requests.ConnectionError:
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() < deadline, self.log.read_text()
                time.sleep(0.05)

    def get(self, path, **options):
        return self.session.get(self.url + path, timeout=30, **options)

    def post(self, path, body=None, **options):
        return self.session.post(self.url + path, json=body, timeout=60, **options)

    def delete(self, path):
        return self.session.delete(self.url + path, timeout=30)

    def create(self, process, **fields):
        answer = self.post("/jobs", {"process": process, **fields})
        assert answer.status_code == 201, answer.text
        return answer.headers["OpenEO-Identifier"]

    def start(self, process, **fields):
        job = self.create(process, **fields)
        answer = self.post(f"/jobs/{job}/results")
        assert answer.status_code == 202, answer.text
        return job

    def wait(self, job, *states, progress=0, seconds=30):
        deadline = time.monotonic() + seconds
        while True:
            described = self.get(f"/jobs/{job}").json()
            if described["status"] in states and described.get("progress", 0) >= progress:
                return described
            assert time.monotonic() < deadline, described
            time.sleep(0.01)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(15)
        self.session.close()


@pytest.fixture(scope="session")
def oidc_provider(tmp_path_factory):
    """Return a provider of OpenID Connect that runs: its issuer, and how to ask and to direct it."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    with (tmp_path_factory.getbasetemp() / "oidc.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("oidc_provider.py")), str(port)],
            env=os.environ | {"AUTHLIB_INSECURE_TRANSPORT": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    process.stdout.readline()

    def direct(what, body=None):
        return requests.post(f"{issuer}/test/{what}", json=body, timeout=10).json()

    def token(client, secret="client secret"):
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        return requests.post(f"{issuer}/oauth2/token", data=form, timeout=10).json()["access_token"]

    def opaque_token(subject):
        asked = {
            "response_type": "code",
            "client_id": "any",
            "redirect_uri": "http://127.0.0.1/",
            "scope": "openid profile",
        }
        login = requests.post(
            f"{issuer}/oauth2/authorize", params=asked, data={"sub": subject}, timeout=10, allow_redirects=False
        )
        code = parse_qs(urlsplit(login.headers["Location"]).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://127.0.0.1/"}
        form |= {"client_id": "any", "client_secret": "any"}
        return requests.post(f"{issuer}/oauth2/token", data=form, timeout=10).json()["access_token"]

    yield SimpleNamespace(issuer=issuer, direct=direct, token=token, opaque_token=opaque_token)
    process.terminate()
    process.wait(10)
    process.stdout.close()


@pytest.fixture(scope="session")
def graphs():
    """Return processes to try: their parts, a trivial one, one that makes a file, and one that takes minutes."""
    return SimpleNamespace(
        node=node,
        graph=graph,
        median=median,
        add=graph(sum=node("add", x=1, y=2)),
        long=median(resolution=0.1, temporal_extent=["2022-06-01", "2022-06-12"], bands=["B04"]),
    )


@pytest.fixture(scope="session")
def sample_data(tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "gdc-data"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def serve():
    """Return what starts a server: data folder, log file, options."""
    return Server


@pytest.fixture(scope="session")
def server(sample_data, tmp_path_factory):
    server = Server(sample_data, tmp_path_factory.getbasetemp() / "server.log", "--GdcApp.max_running_jobs=2")
    yield server
    server.stop()


def _matching(name):
    path = REFERENCE / name
    if not path.exists():
        pytest.skip("the published API document is not here")
    from openapi_schema_validator import OAS30Validator

    document = json.loads(path.read_text())

    def check(body, operation, status="200", media_type="application/json"):
        path, method = operation
        answer = document["paths"][path][method]["responses"][status]
        if "$ref" in answer:
            answer = document["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
        schema = answer["content"][media_type]["schema"]
        whole = {"components": document["components"], "allOf": [schema]}
        errors = [f"{error.json_path}: {error.message[:300]}" for error in OAS30Validator(whole).iter_errors(body)]
        assert not errors, errors

    return check


@pytest.fixture(scope="session")
def matches():
    """Return a check of an answer's body against the published API document."""
    return _matching("gdc-1.0.0-beta.relaxed.openapi.json")


@pytest.fixture(scope="session")
def matches_openeo():
    """Return a check of an answer's body against openEO's document, for what is there alone."""
    return _matching("openeo-1.2.0.relaxed.openapi.json")


@pytest.fixture(scope="session")
def is_stac():
    """Return a check of a STAC item against the published schemas, those of its extensions included."""
    mirror = REFERENCE.parent / "stac-schemas"
    if not mirror.exists():
        pytest.skip("the published STAC schemas are not here")
    from jsonschema import Draft7Validator
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT7

    def retrieve(uri):
        path = mirror / uri.split("://", 1)[1].partition("#")[0]
        return Resource.from_contents(json.loads(path.read_text()), default_specification=DRAFT7)

    registry = Registry(retrieve=retrieve)

    def check(item):
        for uri in ["https://schemas.stacspec.org/v1.0.0/item-spec/json-schema/item.json", *item["stac_extensions"]]:
            errors = [
                f"{uri} {error.json_path}: {error.message[:300]}"
                for error in Draft7Validator({"$ref": uri}, registry=registry).iter_errors(item)
            ]
            assert not errors, errors

    return check
