"""What may be asked over the network: hosts, addresses, redirects and limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.web import RequestHandler

from gdc_jupyter.catalog import remote
from gdc_jupyter.catalog.remote import download, fetch, fetch_json, final_url, raster_path, require_permitted, resolve
from gdc_jupyter.errors import GdcError
from gdc_jupyter.settings import Permissions

from .web import Web, serving

HERE = Permissions(hosts=("127.0.0.1",))


class Redirect(RequestHandler):
    """Sends the client to the address in the query."""

    def get(self) -> None:
        """Redirect."""
        self.redirect(self.get_query_argument("to"))


class Failing(RequestHandler):
    """Tells an error as openEO does."""

    def get(self) -> None:
        """Fail."""
        self.set_status(404)
        self.finish({"code": "CollectionNotFound", "message": "There is no such thing."})


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("web")
    (folder / "a.json").write_text(json.dumps({"a": 1}))
    (folder / "large.bin").write_bytes(b"x" * 500_000)
    with serving(folder, (r"/redirect", Redirect), (r"/failing", Failing)) as started:
        yield started


@pytest.fixture(autouse=True)
def fresh(web: Web) -> None:
    web.log.clear()
    final_url.cache_clear()


def refused(url: str, permissions: Permissions) -> str:
    with pytest.raises(GdcError) as caught:
        fetch(url, permissions)
    assert caught.value.code == "UrlNotPermitted"
    return caught.value.message


def test_a_permitted_host_is_asked(web: Web) -> None:
    assert fetch_json(f"{web.url}/a.json", HERE) == {"a": 1}
    assert web.paths() == ["/a.json"]


@pytest.mark.parametrize("hosts", [(), ("*",), ("*.0.0.1",), ("example.org",)])
def test_a_private_address_is_asked_only_if_it_is_named_exactly(web: Web, hosts: tuple[str, ...]) -> None:
    refused(f"{web.url}/a.json", Permissions(hosts=hosts))
    assert web.log == []


def test_names_of_private_addresses_are_found_out(web: Web) -> None:
    port = web.url.rpartition(":")[2]
    assert "private network" in refused(f"http://localhost:{port}/a.json", Permissions(hosts=("*",)))
    # Another way to write 127.0.0.1.
    assert "private network" in refused(f"http://2130706433:{port}/a.json", Permissions(hosts=("*",)))
    assert web.log == []
    assert fetch_json(f"http://localhost:{port}/a.json", Permissions(hosts=("localhost",))) == {"a": 1}


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3",
        "169.254.169.254",
        "192.168.0.1",
        "::1",
        "fe80::1%eth0",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "0.0.0.0",
        "224.0.0.1",
        "100.64.0.1",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not remote._public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::6810:84e5", "::ffff:93.184.215.14"])
def test_addresses_that_are_public(address: str) -> None:
    assert remote._public(address)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://127.0.0.1/a", "http://", "http://127.0.0.1\\@evil.org/", "http://a b/", "a.json"],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(GdcError, match="no address with http or https"):
        require_permitted(url, Permissions(hosts=("*", "127.0.0.1")))


def test_who_stands_before_the_host_does_not_count(web: Web) -> None:
    port = web.url.rpartition(":")[2]
    refused(f"http://example.org@127.0.0.1:{port}/a.json", Permissions(hosts=("example.org",)))
    assert web.log == []


def test_redirects_are_checked_anew(web: Web) -> None:
    port = web.url.rpartition(":")[2]
    inside = f"{web.url}/redirect?to={web.url}/a.json"
    assert fetch_json(inside, HERE) == {"a": 1}
    assert final_url(inside, HERE) == f"{web.url}/a.json"
    web.log.clear()
    message = refused(f"{web.url}/redirect?to=http://localhost:{port}/a.json", HERE)
    assert "The host localhost may not be asked; permitted are: 127.0.0.1" in message
    assert len(web.log) == 1
    for target in ("file:///etc/passwd", "/redirect%3Fto=/redirect"):
        with pytest.raises(GdcError) as caught:
            fetch(f"{web.url}/redirect?to={target}", HERE)
        assert caught.value.code == "UrlUnreachable"


def test_proxies_and_credentials_of_the_environment_are_not_used(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetch_json(f"{web.url}/a.json", HERE) == {"a": 1}


def test_limits(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GdcError, match="holds more than"):
        fetch(f"{web.url}/large.bin", HERE, limit=100_000)
    target = tmp_path / "large.bin"
    assert download(f"{web.url}/large.bin", HERE, target).stat().st_size == 500_000
    target.unlink()
    with pytest.raises(GdcError, match="holds more than"):
        download(f"{web.url}/large.bin", HERE, target, limit=100_000)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(remote, "DOWNLOAD_SECONDS", -1.0)
    with pytest.raises(GdcError, match="took longer"):
        fetch(f"{web.url}/large.bin", HERE)


def test_errors_of_the_service_are_told_without_the_query(web: Web) -> None:
    with pytest.raises(GdcError, match=r"/failing answers 404: There is no such thing\.") as caught:
        fetch(f"{web.url}/failing?token=secret", HERE)
    assert "secret" not in caught.value.message
    with pytest.raises(GdcError, match="is no JSON"):
        fetch_json(f"{web.url}/large.bin", HERE)
    with pytest.raises(GdcError) as caught:
        fetch("http://127.0.0.1:9/", HERE)
    assert caught.value.code == "UrlUnreachable"


def test_references_stay_on_the_web() -> None:
    assert resolve("../b.tif?x=1", "https://a.org/c/d/item.json") == "https://a.org/c/b.tif?x=1"
    with pytest.raises(GdcError, match="no address of the web"):
        resolve("file:///etc/passwd", "https://a.org/item.json")
    with pytest.raises(GdcError, match="no address of the web"):
        resolve("s3://bucket/key", "https://a.org/item.json")


def test_an_address_cannot_add_options_of_gdal() -> None:
    path = raster_path("https://a.org/b.tif?url=file:///etc/passwd&header.x=y")
    assert path.count("&url=") == 1
    assert path.endswith("url=https%3A%2F%2Fa.org%2Fb.tif%3Furl%3Dfile%3A%2F%2F%2Fetc%2Fpasswd%26header.x%3Dy")
