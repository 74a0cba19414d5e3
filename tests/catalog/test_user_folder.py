"""The folder of a user's files: what is stored is found, nothing is stored elsewhere, nothing is left of what fails."""

from __future__ import annotations

import contextlib
import errno
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdc_jupyter.catalog import user_folder
from gdc_jupyter.catalog.user_files import user_file
from gdc_jupyter.catalog.user_folder import UPLOADS, UserFolder, parts_of
from gdc_jupyter.errors import GdcError


@pytest.fixture
def folder(tmp_path):
    return UserFolder(tmp_path / "files" / "ann", quota=100_000, largest=50_000)


def store(folder, name, content=b"x"):
    upload = folder.upload(name, len(content))
    upload.write(content)
    return upload.commit()


def names(folder):
    return [file.path for file in folder.list()[0]]


def left_over(folder):
    uploads = folder.folder.parent / UPLOADS
    return (list(uploads.iterdir()) if uploads.exists() else []), dict(user_folder._counts)


def code(action, *arguments):
    with pytest.raises(GdcError) as caught:
        action(*arguments)
    return caught.value.code


def test_what_is_stored_is_found_listed_replaced_and_removed(folder):
    stored = store(folder, "maps/österreich/a b.tif", b"first")
    assert (stored.path, stored.size) == ("maps/österreich/a b.tif", 5)
    store(folder, "/maps//österreich/a b.tif", b"second")
    store(folder, "a.txt")
    assert folder.find("maps/österreich/a b.tif").read_bytes() == b"second"
    assert user_file(folder.folder, "maps/österreich/a b.tif").read_bytes() == b"second"
    assert names(folder) == ["a.txt", "maps/österreich/a b.tif"]
    folder.delete("maps/österreich/a b.tif")
    assert names(folder) == ["a.txt"]
    assert not (folder.folder / "maps").exists(), "empty folders go with the last file"
    assert code(folder.delete, "maps/österreich/a b.tif") == "FileNotFound"
    assert left_over(folder) == ([], {})


def test_a_folder_that_is_not_there_is_empty(folder):
    assert folder.list() == ([], None)
    assert folder.used() == 0
    assert code(folder.find, "a") == "FileNotFound"


def test_pages(folder):
    for name in ("b/2", "b/1", "a", "c", "b.txt"):
        store(folder, name)
    found, cursor = [], None
    for _ in range(3):
        page, cursor = folder.list(2, cursor)
        found += [file.path for file in page]
    assert found == ["a", "b.txt", "b/1", "b/2", "c"]
    assert cursor is None


WRONG = [
    *(
        "",
        "/",
        "..",
        "../bob/a",
        "a/../../b",
        "./a",
        "a/.",
        "a\0b",
        "a\nb",
        "a\\b",
        "..\\b",
        "C:\\b",
        "c:/b",
        "\\\\host\\b",
    ),
    *("x" * 256, "ä" * 128, "a/" * 600, "/".join("a" * 40), "\ud800"),
]


@pytest.mark.parametrize("name", WRONG)
def test_paths_that_cannot_be_taken(folder, name):
    for action in (folder.find, folder.upload, folder.delete):
        assert code(action, name) == "FilePathInvalid"


@given(st.text(max_size=40) | st.lists(st.sampled_from(["..", ".", "", "a", "\\", "\0", "C:"])).map("/".join))
def test_a_path_that_is_taken_stays_inside(name):
    with contextlib.suppress(GdcError):
        parts = parts_of(name)
        assert os.path.normpath("/".join(["/root/ann", *parts])) == "/".join(["/root/ann", *parts])


def test_links_are_not_followed(folder, tmp_path):
    store(folder, "own")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("secret")
    (folder.folder / "file").symlink_to(tmp_path / "secret" / "key")
    (folder.folder / "folder").symlink_to(tmp_path / "secret")
    assert names(folder) == ["own"]
    assert code(folder.find, "file") == "FileNotFound"
    assert code(folder.find, "folder/key") == "FilePathInvalid"
    assert code(folder.upload, "folder/key") == "FilePathInvalid"
    assert code(folder.delete, "folder/key") == "FilePathInvalid"
    store(folder, "file", b"own")
    assert (tmp_path / "secret" / "key").read_text() == "secret"
    assert folder.find("file").read_bytes() == b"own"
    upload = folder.upload("later/key")
    (folder.folder / "later").symlink_to(tmp_path / "secret")
    assert code(upload.commit) == "FilePathInvalid"
    assert left_over(folder) == ([], {})


def test_a_folder_and_a_file_do_not_take_each_others_place(folder):
    store(folder, "a/b")
    assert code(folder.upload, "a") == "FilePathInvalid"
    assert code(folder.upload, "a/b/c") == "FilePathInvalid"
    assert code(folder.find, "a") == "FileOperationUnsupported"
    assert code(folder.delete, "a") == "FileOperationUnsupported"
    upload = folder.upload("new")
    store(folder, "new/inner")
    assert code(upload.commit) == "FilePathInvalid"
    assert left_over(folder) == ([], {})


def test_a_file_appears_whole_or_not_at_all(folder):
    store(folder, "a", b"before")
    upload = folder.upload("a")
    upload.write(b"half")
    assert folder.find("a").read_bytes() == b"before"
    upload.abort()
    upload.abort()
    assert code(upload.commit) == "StorageFailure"
    assert folder.find("a").read_bytes() == b"before"
    assert left_over(folder) == ([], {})


def test_limits(folder):
    assert code(folder.upload, "a", 50_001) == "FileSizeExceeded"
    upload = folder.upload("a")
    upload.write(b"x" * 50_000)
    assert code(upload.write, b"x") == "FileSizeExceeded"
    assert left_over(folder) == ([], {})
    for name in ("a", "b"):
        store(folder, name, b"x" * 40_000)
    assert code(folder.upload, "c", 20_001) == "StorageQuotaExceeded"
    first = folder.upload("c", 15_000)
    assert code(folder.upload, "d", 15_000) == "StorageQuotaExceeded", "what is uploaded at the same time counts"
    second = folder.upload("d")
    second.write(b"x" * 5000)
    assert code(second.write, b"x") == "StorageQuotaExceeded"
    first.abort()
    store(folder, "a", b"x" * 50_000)
    assert folder.used() == 90_000
    assert left_over(folder) == ([], {})


def test_empty_files_have_an_end_too(folder, monkeypatch):
    monkeypatch.setattr(user_folder, "MOST_FILES", 3)
    for name in "abc":
        store(folder, name, b"")
    assert code(folder.upload, "d") == "StorageQuotaExceeded"
    store(folder, "c", b"again")


def test_many_uploads_at_once_stay_within_the_quota(folder):
    def attempt(number):
        try:
            return store(folder, f"f{number}", b"x" * 30_000).size
        except GdcError as error:
            return error.code

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(attempt, range(16)))
    assert set(found) <= {30_000, "StorageQuotaExceeded"}
    assert 0 < folder.used() <= 100_000
    assert left_over(folder) == ([], {})


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_full_disk_leaves_nothing_half(folder, monkeypatch, number):
    store(folder, "a", b"before")

    def fail(*_, **__):
        raise OSError(number, "no")

    monkeypatch.setattr(user_folder.os, "fsync", fail)
    assert code(store, folder, "a", b"after") == "StorageFailure"
    monkeypatch.undo()
    monkeypatch.setattr(user_folder.os, "replace", fail)
    assert code(store, folder, "a", b"after") == "StorageFailure"
    assert folder.find("a").read_bytes() == b"before"
    assert left_over(folder) == ([], {})


def test_what_was_abandoned_is_removed(folder):
    uploads = folder.folder.parent / UPLOADS
    uploads.mkdir(parents=True)
    (uploads / "old").write_bytes(b"x")
    os.utime(uploads / "old", (0, 0))
    (uploads / "new").write_bytes(b"x")
    store(folder, "a")
    assert [path.name for path in uploads.iterdir()] == ["new"]
