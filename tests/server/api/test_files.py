"""Files of users over HTTP: whole and in ranges, within their limits, and never outside of their folder."""

from __future__ import annotations

import asyncio
import json

import pytest
from gdc_server.api import bodies

from gdc_jupyter.catalog import user_folder

HEAD = "PUT /a%40b/gdc/files/slow.bin HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer basic//secret\r\n"


@pytest.fixture
def jp_server_config(jp_server_config):
    jp_server_config["GdcApp"] |= {"max_files_bytes": 3 << 20, "max_file_bytes": 2 << 20}
    return jp_server_config


@pytest.fixture
def ask(http_server_client, jp_serverapp):
    """Return a function that asks for a path as it is written: status, headers, and the body, as JSON where it is."""

    async def fetch(path, method="GET", query="", **options):
        options.setdefault("headers", {"Authorization": "Bearer basic//secret"})
        options.setdefault("body", b"" if method == "PUT" and "body_producer" not in options else None)
        url = f"/a%40b/gdc/{path}{query}"
        answer = await http_server_client.fetch(url, method=method, raise_error=False, **options)
        is_json = "json" in answer.headers.get("Content-Type", "") and answer.body
        return answer.code, answer.headers, json.loads(answer.body) if is_json else answer.body

    return fetch


@pytest.fixture
def put(ask):
    async def put(path, content, **options):
        return await ask(f"files/{path}", method="PUT", body=content, **options)

    return put


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "gdc" / "files" / "local"


def left_over(folder):
    uploads = folder.parent / user_folder.UPLOADS
    return list(uploads.iterdir()) if uploads.exists() else []


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_file_is_uploaded_listed_downloaded_and_removed(ask, put, folder):
    content = bytes(range(256)) * 6000
    status, _, body = await put("maps/m%C3%BCnster.tif", content)
    assert (status, body["path"], body["size"]) == (200, "maps/münster.tif", len(content))
    assert (folder / "maps" / "münster.tif").read_bytes() == content
    status, headers, body = await ask("files/maps/m%C3%BCnster.tif")
    assert (status, body) == (200, content)
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment")
    assert (await put("empty", b""))[2]["size"] == 0
    _, _, body = await ask("files")
    assert [(file["path"], file["size"]) for file in body["files"]] == [
        ("empty", 0),
        ("maps/münster.tif", len(content)),
    ]
    assert all(file["modified"].endswith("Z") for file in body["files"])
    _, _, body = await ask("me")
    assert body["storage"]["quota"] == 3 << 20
    assert body["storage"]["free"] == (3 << 20) - len(content) - user_folder.LEAST_BYTES
    assert (await ask("files/maps/m%C3%BCnster.tif", method="DELETE"))[0] == 204
    status, _, body = await ask("files/maps/m%C3%BCnster.tif")
    assert (status, body["code"]) == (404, "FileNotFound")
    assert (await ask("files/maps", method="DELETE"))[2]["code"] == "FileNotFound"


async def test_ranges_and_conditions(ask, put):
    await put("a", b"0123456789")
    own = {"Authorization": "Bearer basic//secret"}
    status, headers, body = await ask("files/a", headers=own | {"Range": "bytes=2-4"})
    assert (status, body, headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    assert (await ask("files/a", headers=own | {"Range": "bytes=20-"}))[0] == 416
    status, headers, body = await ask("files/a", method="HEAD")
    assert (status, headers["Content-Length"], body) == (200, "10", b"")
    assert (await ask("files/a", headers=own | {"If-None-Match": headers["ETag"]}))[0] == 304


async def test_pages(ask, put):
    for name in ("b", "a", "c/d"):
        await put(name, b"x")
    _, _, body = await ask("files", query="?limit=2")
    assert [file["path"] for file in body["files"]] == ["a", "b"]
    cursor = next(link["href"] for link in body["links"] if link["rel"] == "next").rpartition("cursor=")[2]
    _, _, body = await ask("files", query=f"?limit=2&cursor={cursor}")
    assert [file["path"] for file in body["files"]] == ["c/d"]


@pytest.mark.parametrize(
    "path",
    [
        *("../local/a", "..%2f..%2fcatalog.sqlite", "%2e%2e/a", "a/%2e%2e/%2e%2e/b", "a%00b", "a%0ab", "a%5cb"),
        *("C:%5ca", "c:/a", "..%5c..%5ca", "x" * 300, "a/" * 50 + "a", "%2e", "%ff", "%ed%a0%80"),
    ],
)
async def test_no_path_leaves_the_folder(ask, put, folder, path):
    for method in ("PUT", "GET", "DELETE"):
        status, _, body = await ask(f"files/{path}", method=method)
        assert status == 400, body
        assert body["code"] in ("FilePathInvalid", "RequestInvalid")
    assert not folder.exists() or not list(folder.iterdir())


async def test_a_leading_slash_is_one_too_many(ask, put, folder):
    assert (await put("%2fetc%2fpasswd", b"own"))[2]["path"] == "etc/passwd"
    assert (folder / "etc" / "passwd").read_bytes() == b"own"


async def test_links_lead_nowhere(ask, put, folder, tmp_path):
    await put("own", b"x")
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "out").symlink_to(tmp_path)
    assert (await ask("files/link"))[2]["code"] == "FileNotFound"
    for method in ("GET", "PUT", "DELETE"):
        assert (await ask("files/out/secret", method=method))[2]["code"] == "FilePathInvalid"
    assert [file["path"] for file in (await ask("files"))[2]["files"]] == ["own"]
    assert (tmp_path / "secret").read_text() == "secret"


async def test_folders_are_no_files(ask, put):
    await put("a/b", b"x")
    for method in ("GET", "DELETE"):
        assert (await ask("files/a", method=method))[2]["code"] == "FileOperationUnsupported"
    assert (await put("a", b"x"))[2]["code"] == "FilePathInvalid"
    assert (await ask("files", method="PUT"))[2]["code"] == "MethodNotAllowed"


async def test_what_is_too_large_is_refused_and_leaves_nothing(put, folder):
    status, _, body = await put("a", b"x" * ((2 << 20) + 1))
    assert (status, body["code"]) == (413, "FileSizeExceeded")
    assert str(2 << 20) in body["message"]
    assert (await put("a", b"x" * (2 << 20)))[0] == 200
    status, _, body = await put("b", b"x" * (2 << 20))
    assert (status, body["code"]) == (400, "StorageQuotaExceeded")
    assert (await put("a", b"y" * (2 << 20)))[0] == 200
    await until(lambda: not left_over(folder))
    assert [path.name for path in folder.iterdir()] == ["a"]


async def test_a_file_of_unknown_size_is_refused_when_it_is_too_large(put, folder):
    async def endless(write):
        for _ in range(5):
            await write(b"x" * (1 << 20))

    status, _, body = await put("a", None, body_producer=endless)
    assert (status, body["code"]) == (413, "FileSizeExceeded")
    await until(lambda: not left_over(folder))


async def test_a_full_disk_leaves_the_earlier_file(put, folder, monkeypatch):
    await put("a", b"before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(user_folder.os, "fsync", full)
    status, _, body = await put("a", b"after")
    assert (status, body["code"]) == (500, "StorageFailure")
    assert "no space" in body["message"]
    assert (folder / "a").read_bytes() == b"before"
    await until(lambda: not left_over(folder))


@pytest.mark.parametrize("slow", [True, False])
async def test_an_upload_that_does_not_end_leaves_nothing(
    http_server, jp_serverapp, jp_http_port, folder, monkeypatch, slow
):
    monkeypatch.setattr(bodies, "SLOWEST_SECONDS", 0.3 if slow else 60)
    reader, writer = await asyncio.open_connection("127.0.0.1", jp_http_port)
    writer.write(f"{HEAD}Content-Length: 1500000\r\n\r\n".encode() + b"x" * 1_200_000)
    await until(lambda: left_over(folder))
    if slow:
        assert b"408" in await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await until(lambda: not left_over(folder) and not user_folder._counts)
    assert not folder.exists()


async def test_who_has_not_logged_in_has_no_files(ask, put, folder):
    await put("a", b"x")
    for method in ("GET", "PUT", "DELETE"):
        assert (await ask("files/a", method=method, headers={}))[0] == 401
    assert (await ask("files", headers={}))[0] == 401
    assert (folder / "a").read_bytes() == b"x"
