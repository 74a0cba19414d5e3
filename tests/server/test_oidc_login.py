"""Logging in with the openEO client's flows, and that users of one server see nothing of each other."""

from __future__ import annotations

import json

import openeo
import pytest
import requests


@pytest.fixture(scope="module")
def shared(serve, oidc_provider, tmp_path_factory):
    """Return a server for several people, configured by a file."""
    folder = tmp_path_factory.mktemp("shared")
    for name in ("data", "jupyter-config"):
        (folder / name).mkdir()
    device = {"id": "public", "grant_types": ["urn:ietf:params:oauth:grant-type:device_code+pkce"]}
    provider = {
        "id": "home",
        "issuer": oidc_provider.issuer,
        "clients": ["robot", "other"],
        "default_clients": [device],
    }
    settings = {"GdcApp": {"oidc_providers": [provider | {"title": "Home"}], "samples": False}}
    (folder / "jupyter-config" / "jupyter_gdc_config.json").write_text(json.dumps(settings))
    server = serve(folder / "data", folder / "log")
    yield server
    server.stop()


def test_the_flow_of_client_credentials(shared, matches):
    matches(requests.get(f"{shared.url}/credentials/oidc", timeout=30).json(), ("/credentials/oidc", "get"))
    connection = openeo.connect(shared.url)
    connection.authenticate_oidc_client_credentials(client_id="robot", client_secret="client secret")
    account = connection.describe_account()
    matches(account, ("/me", "get"))
    assert (account["user_id"], account["name"]) == ("oidc~home~service-robot", "service-robot")


def test_the_device_flow(shared, capsys):
    connection = openeo.connect(shared.url).authenticate_oidc_device(max_poll_time=20)
    assert connection.describe_account() == connection.describe_account()
    assert connection.describe_account()["name"] == "Alice Liddell"
    assert connection.describe_account()["user_id"] == "oidc~home~alice"
    assert "ABCD-EFGH" in capsys.readouterr().out
    assert connection.execute({"a": {"process_id": "add", "arguments": {"x": 1, "y": 2}, "result": True}}) == 3


def test_two_users_see_only_their_own(shared, oidc_provider, graphs):
    sessions = []
    for client in ("robot", "other"):
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer oidc/home/{oidc_provider.token(client)}"
        sessions.append(session)
    ours, theirs = sessions
    job = ours.post(f"{shared.url}/jobs", json={"process": graphs.add}, timeout=30).headers["OpenEO-Identifier"]
    assert ours.put(f"{shared.url}/process_graphs/mine", json=graphs.add, timeout=30).status_code == 200
    assert ours.put(f"{shared.url}/files/a.txt", data=b"mine", timeout=30).status_code == 200
    paths = (f"jobs/{job}", "process_graphs/mine", "files/a.txt")
    for session, status in ((ours, 200), (theirs, 404), (shared.session, 404)):
        for path in paths:
            assert session.get(f"{shared.url}/{path}", timeout=30).status_code == status, path
    for path in paths:
        assert theirs.delete(f"{shared.url}/{path}", timeout=30).status_code == 404, path
    for path, name in (("jobs", "jobs"), ("process_graphs", "processes"), ("files", "files")):
        assert theirs.get(f"{shared.url}/{path}", timeout=30).json()[name] == []
        assert len(ours.get(f"{shared.url}/{path}", timeout=30).json()[name]) == 1
    call = {"process": graphs.graph(a={"process_id": "mine", "namespace": "user", "arguments": {}})}
    assert ours.post(f"{shared.url}/result", json=call, timeout=60).json() == 3
    assert theirs.post(f"{shared.url}/result", json=call, timeout=60).json()["code"] == "ProcessUnsupported"
    for session in sessions:
        session.close()
