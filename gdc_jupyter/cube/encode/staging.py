"""Files that are there whole or not at all: written in a hidden folder, and moved into place when they are finished."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gdc_jupyter.cube.encode.format import Asset
from gdc_jupyter.errors import GdcError

_CAUSES = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than the file system allows",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "the folder may not be written to",
    errno.EMFILE: "too many files are open",
    errno.ENAMETOOLONG: "its name is too long",
}
# Libraries that do not say why they failed have most likely run out of space where less than this is left.
LITTLE_SPACE = 1 << 20


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Give a hidden folder inside a folder, which is removed in the end with all that is still in it."""
    hidden = Path(tempfile.mkdtemp(prefix=".part-", dir=folder))
    try:
        yield hidden
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def publish(assets: list[Asset], folder: Path) -> list[Asset]:
    """Move finished files from their hidden folder to where they belong."""
    moved = []
    for asset in assets:
        with storing(asset.path.name, folder):
            moved.append(replace(asset, path=asset.path.replace(folder / asset.path.name)))
    return moved


@contextmanager
def storing(name: str, folder: Path) -> Iterator[None]:
    """Tell what a library raises while it writes as ``StorageFailure``, with the file's name and the cause.

    Raises
    ------
    GdcError
        ``StorageFailure``.
    """
    try:
        yield
    except (GdcError, MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        cause = _cause(error, folder)
        if cause is None:
            raise
        raise GdcError("StorageFailure", f"{name} could not be written: {cause}.") from error


def _cause(error: BaseException, folder: Path) -> str | None:
    number = _errno(error)
    if number in _CAUSES:
        return _CAUSES[number]
    module = type(error).__module__.partition(".")[0]
    if not isinstance(error, (OSError, RuntimeError)) and module != "rasterio":
        return None
    if _free_bytes(folder) < LITTLE_SPACE:
        return _CAUSES[errno.ENOSPC]
    return str(error).rstrip(".") if isinstance(error, OSError) or module == "rasterio" else None


def _errno(error: BaseException | None) -> int | None:
    """Return the number of the system's error that is behind an exception, if any."""
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if isinstance(error, OSError) and error.errno:
            return error.errno
        error, seen = error.__cause__ or error.__context__, seen + 1
    return None


def _free_bytes(folder: Path) -> int:
    try:
        status = os.statvfs(folder)
    except OSError:
        return LITTLE_SPACE
    return status.f_bavail * status.f_frsize
