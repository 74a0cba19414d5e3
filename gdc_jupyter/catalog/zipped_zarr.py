"""Zarr stores in ZIP files, as results are sent: unpacked for a run, and not beyond a limit."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from gdc_jupyter.errors import GdcError

#: What an archive may hold: a small one can claim to hold any number of bytes and members.
MOST_BYTES, MOST_MEMBERS = 4 << 30, 100_000
_PIECE = 1 << 20


def is_zipped(path: Path) -> bool:
    """Return whether a file is a ZIP archive."""
    return path.is_file() and zipfile.is_zipfile(path)


def unpack_zarr(path: Path, folder: Path) -> Path:
    """Unpack the store in an archive and return its folder.

    Parameters
    ----------
    path : Path
        A ZIP file with a store at its top, or in a folder of its own.
    folder : Path
        Where to; it does not exist yet.

    Raises
    ------
    GdcError
        ``FormatUnsuitable`` for an archive that is broken, holds more than `MOST_BYTES` or `MOST_MEMBERS`, names what
        is outside of it, or has no Zarr store in it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _check(path, members)
            for member in members:
                _extract(archive, member, folder / member.filename)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise _refusal(path, f"it cannot be unpacked: {error}") from None
    return _store(path, folder)


def _check(path: Path, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS:
        raise _refusal(path, f"it holds {len(members):,} files, and the most is {MOST_MEMBERS:,}")
    size = sum(member.file_size for member in members)
    if size > MOST_BYTES:
        raise _refusal(path, f"it holds {size / 1e9:.2g} GB, and the most is {MOST_BYTES / 1e9:.2g} GB")
    for member in members:
        parts = PurePosixPath(member.filename).parts
        if ".." in parts or member.filename.startswith("/") or "\\" in member.filename or ":" in member.filename:
            raise _refusal(path, f"it names a file outside of itself, {member.filename!r}")


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    # A member gives no more bytes than it has said, whatever it holds, and links come out as files.
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file, _PIECE)


def _store(path: Path, folder: Path) -> Path:
    from gdc_jupyter.catalog.arrays import is_zarr

    entries = list(folder.iterdir()) if folder.is_dir() else []
    for candidate in (folder, *entries):
        if candidate.is_dir() and is_zarr(str(candidate)):
            return candidate
    raise _refusal(path, "there is no Zarr store in it")


def _refusal(path: Path, reason: str) -> GdcError:
    return GdcError("FormatUnsuitable", f"{path.name} cannot be loaded as Zarr: {reason}.")
