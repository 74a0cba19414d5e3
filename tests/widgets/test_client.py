"""connect() finds the server that is meant."""

from __future__ import annotations

import json
import os

import pytest

from gdc_jupyter.client import connect
from gdc_jupyter.errors import GdcError


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith(("GDC_", "JUPYTERHUB_", "JPY_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def mounted(backend, monkeypatch):
    """The back-end under the path of the extension, as a Jupyter server has it."""
    route = backend.route
    monkeypatch.setattr(
        backend, "route", lambda method, path, request: route(method, path.removeprefix("/me/gdc"), request)
    )
    return backend


def describe_server(folder, backend, pid, token="secret-token", base_url="/me/", host="127.0.0.1"):
    info = {"pid": pid, "url": f"http://{host}:{backend.port}{base_url}", "base_url": base_url, "token": token}
    (folder / f"jpserver-{pid}.json").write_text(json.dumps(info))


def test_the_server_of_this_kernel(runtime, mounted, monkeypatch):
    describe_server(runtime, mounted, os.getpid())
    monkeypatch.setenv("JPY_PARENT_PID", str(os.getpid()))
    con = connect()
    assert con.root_url.rstrip("/") == f"{mounted.url}me/gdc"
    assert con.auth.bearer == "basic//granted"
    assert "secret" not in repr(con)


def test_any_running_server_on_this_machine_where_the_kernel_has_none(runtime, mounted):
    describe_server(runtime, mounted, os.getpid(), host="0.0.0.0")
    describe_server(runtime, mounted, 2**22 + 1)  # no process has this id
    assert connect().root_url.startswith(f"{mounted.url}me/gdc")


def test_under_jupyterhub(runtime, mounted, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "hub-token")
    monkeypatch.setenv("JUPYTERHUB_SERVICE_URL", f"http://0.0.0.0:{mounted.port}/me/")
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/me/")
    assert connect().root_url.startswith(f"{mounted.url}me/gdc")


def test_an_address_in_the_environment_comes_first(runtime, backend, monkeypatch):
    monkeypatch.setenv("GDC_URL", backend.url)
    monkeypatch.setenv("GDC_TOKEN", "x")
    assert connect().auth.bearer == "basic//granted"


def test_a_named_server_is_not_logged_in_to_without_a_token(backend):
    assert "/credentials/basic" not in {path for _, path in backend.requests}
    connect(backend.url)
    assert "/credentials/basic" not in {path for _, path in backend.requests}


def test_without_any_server_it_says_what_to_start(runtime):
    with pytest.raises(GdcError, match=r"jupyter lab.*jupyter gdc"):
        connect()


def test_a_server_without_the_extension_is_not_taken(runtime, backend, monkeypatch):
    monkeypatch.setattr(backend, "route", lambda *_: (404, {}))
    describe_server(runtime, backend, os.getpid(), base_url="/")
    with pytest.raises(GdcError, match="gdc extension"):
        connect()


def test_a_token_in_the_url_is_refused_without_repeating_it(backend):
    with pytest.raises(GdcError) as caught:
        connect(f"{backend.url}?token=secret-token")
    assert "secret-token" not in str(caught.value)
