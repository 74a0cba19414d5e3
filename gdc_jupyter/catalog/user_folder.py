"""The folder of a user's files: paths that stay inside, uploads that appear whole or not at all, and a quota."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from gdc_jupyter.errors import GdcError

#: Bytes of a name, of a whole path, and folders in each other.
LONGEST_NAME, LONGEST_PATH, MOST_LEVELS = 255, 1000, 32
#: Files that one user may have, and the least that each counts, for an empty one takes place as well.
MOST_FILES, LEAST_BYTES = 100_000, 512
#: Where uploads grow; no owner's folder has this name. What a server left there is removed after so many seconds.
UPLOADS, _ABANDONED_SECONDS = ".uploads", 86_400.0
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f\\]|^[A-Za-z]:|[\ud800-\udfff]")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_counts: dict[Path, _Count] = {}
_counting = threading.Lock()


@dataclass
class _Count:
    """What counts of a folder while files are uploaded to it: bytes stored and coming, files, and uploads."""

    used: int
    files: int
    coming: int = 0
    uploads: int = 0


@dataclass(frozen=True)
class StoredFile:
    """A file by its path in the user's folder, with its size in bytes and when it was last changed (RFC 3339)."""

    path: str
    size: int
    modified: str


class UserFolder:
    """The files of one user.

    Parameters
    ----------
    folder : Path
        As :func:`gdc_jupyter.settings.files_folder` gives it; it need not exist.
    quota : int
        Bytes that all files together may have; 0 for no limit.
    largest : int
        Bytes that one file may have; 0 for no limit but the quota.
    """

    def __init__(self, folder: Path, quota: int = 0, largest: int = 0) -> None:
        self.folder = folder
        self.quota = quota
        self.largest = min(filter(None, (quota, largest)), default=0)

    def list(self, limit: int | None = None, cursor: str | None = None) -> tuple[list[StoredFile], str | None]:
        """Return files by path, those in folders included and links not, and the cursor of the next page."""
        found = sorted((file for file in self._files() if cursor is None or file.path > cursor), key=lambda f: f.path)
        if limit and len(found) > limit:
            return found[:limit], found[limit - 1].path
        return found, None

    def used(self) -> int:
        """Return the bytes that all files count."""
        return self._count().used

    def _count(self) -> _Count:
        sizes = [max(file.size, LEAST_BYTES) for file in self._files()]
        return _Count(sum(sizes), len(sizes))

    def find(self, name: str) -> Path:
        """Return where a file is.

        Raises
        ------
        GdcError
            ``FileNotFound``, ``FilePathInvalid``, or ``FileOperationUnsupported`` for a folder.
        """
        parts = parts_of(name)
        with self._opened(parts[:-1], name) as folder:
            status = os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
            _require_file(status, name)
        return self.folder.joinpath(*parts)

    def upload(self, name: str, size: int | None = None) -> Upload:
        """Begin to store a file, in place of the one that has its path.

        Parameters
        ----------
        name : str
            Its path in the folder; folders are made as needed.
        size : int, optional
            The bytes that will come, where that is known.

        Raises
        ------
        GdcError
            ``FilePathInvalid``, ``FileSizeExceeded``, ``StorageQuotaExceeded`` or ``StorageFailure``.
        """
        parts = parts_of(name)
        self.check_size(size or 0)
        self._require_free(parts)
        return Upload(self, parts, size)

    def _require_free(self, parts: tuple[str, ...]) -> None:
        """Refuse a path at which no file can be."""
        try:
            with self._opened(parts[:-1], "/".join(parts)) as folder:
                status = os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
        except GdcError as error:
            if error.code != "FileNotFound":
                raise
            return
        if stat.S_ISDIR(status.st_mode):
            raise GdcError("FilePathInvalid", f"'{'/'.join(parts)}' is a folder; a file cannot take its place.")

    def check_size(self, size: int) -> None:
        """Refuse a file that is too large.

        Raises
        ------
        GdcError
            ``FileSizeExceeded``.
        """
        if self.largest and size > self.largest:
            raise GdcError("FileSizeExceeded", f"A file may have {self.largest} bytes, and this one has more.")

    def delete(self, name: str) -> None:
        """Remove a file, and the folders that are empty then.

        Raises
        ------
        GdcError
            ``FileNotFound``, ``FilePathInvalid``, or ``FileOperationUnsupported`` for a folder.
        """
        parts = parts_of(name)
        with self._opened(parts[:-1], name) as folder:
            status = os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
            _require_file(status, name)
            os.unlink(parts[-1], dir_fd=folder)
        with _counting:
            if count := _counts.get(self.folder):
                count.used -= max(status.st_size, LEAST_BYTES)
                count.files -= 1
        for depth in range(len(parts) - 1, 0, -1):
            with suppress(OSError, GdcError), self._opened(parts[: depth - 1], name) as folder:
                os.rmdir(parts[depth - 1], dir_fd=folder)

    def _files(self) -> Iterator[StoredFile]:
        for folder, folders, names in os.walk(self.folder):
            folders.sort()
            for name in names:
                path = Path(folder, name)
                with suppress(OSError, UnicodeEncodeError):
                    status = path.lstat()
                    relative = path.relative_to(self.folder).as_posix()
                    relative.encode()
                    if stat.S_ISREG(status.st_mode):
                        yield StoredFile(relative, status.st_size, _time(status))

    @contextmanager
    def _opened(self, parts: tuple[str, ...], name: str, make: bool = False) -> Iterator[int]:
        """Give a descriptor of the folder of a file, reached without a link; tell what fails in words of the API."""
        folder = -1
        try:
            if make:
                self.folder.mkdir(parents=True, exist_ok=True)
            folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
            for part in parts:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=folder)
                inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder
        except OSError as error:
            raise _told(error, name) from None
        finally:
            if folder >= 0:
                os.close(folder)


class Upload:
    """A file that is being stored; it appears with `commit`, and without it nothing is left.

    Parameters
    ----------
    folder : UserFolder
    parts : tuple of str
        Its path.
    size : int, optional
        The bytes that will come.
    """

    def __init__(self, folder: UserFolder, parts: tuple[str, ...], size: int | None) -> None:
        self._folder, self._parts = folder, parts
        self._lock = threading.Lock()
        self._size = self._coming = 0
        with _counting:
            self._count = _counts.setdefault(folder.folder, _counts.get(folder.folder) or folder._count())
            self._count.uploads += 1
        try:
            self._reserve(max(size or 0, LEAST_BYTES))
            self._partial = _partial(folder.folder)
            self._file: IO[bytes] | None = self._partial.open("xb")
        except OSError as error:
            self._release()
            raise _told(error, self.name) from None
        except GdcError:
            self._release()
            raise

    @property
    def name(self) -> str:
        """The path of the file."""
        return "/".join(self._parts)

    def write(self, content: bytes | bytearray) -> None:
        """Append what has come.

        Raises
        ------
        GdcError
            ``FileSizeExceeded``, ``StorageQuotaExceeded`` or ``StorageFailure``; nothing is left of the file then.
        """
        with self._lock:
            if self._file is None:
                return
            try:
                self._size += len(content)
                self._folder.check_size(self._size)
                self._reserve(self._size - self._coming)
                self._file.write(content)
            except OSError as error:
                self._drop()
                raise _told(error, self.name) from None
            except GdcError:
                self._drop()
                raise

    def commit(self) -> StoredFile:
        """Put the file in its place and describe it.

        Raises
        ------
        GdcError
            ``FilePathInvalid`` or ``StorageFailure``; nothing is left of the file then.
        """
        with self._lock:
            if self._file is None:
                raise GdcError("StorageFailure", f"The upload of '{self.name}' was broken off.")
            try:
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
                modified = _time(self._partial.stat())
                with _counting:
                    self._check_room()
                    self._move()
                return StoredFile(self.name, self._size, modified)
            except OSError as error:
                raise _told(error, self.name) from None
            finally:
                self._drop()

    def abort(self) -> None:
        """Forget what has come; nothing happens once the file is stored."""
        with self._lock:
            self._drop()

    def _move(self) -> None:
        replaced = self._replaced()
        for attempt in range(3):
            try:
                with self._folder._opened(self._parts[:-1], self.name, make=True) as folder:
                    os.replace(self._partial, self._parts[-1], dst_dir_fd=folder)
                break
            except GdcError as error:
                # Somebody may have deleted the last file in the folder meanwhile, and so the folder.
                if error.code != "FileNotFound" or attempt == 2:
                    raise
        self._count.used += max(self._size, LEAST_BYTES) - replaced
        self._count.files += not replaced

    def _replaced(self) -> int:
        """Return what the file that it takes the place of counts."""
        try:
            return max(self._folder.find(self.name).stat().st_size, LEAST_BYTES)
        except (GdcError, OSError):
            return 0

    def _reserve(self, size: int) -> None:
        if size > 0:
            with _counting:
                self._check_room(size)
                self._count.coming += size
                self._coming += size

    def _check_room(self, more: int = 0) -> None:
        """Refuse what is more than the quota, with all that comes at the same time."""
        replaced = self._replaced()
        quota, count = self._folder.quota, self._count
        if count.files >= MOST_FILES and not replaced:
            raise GdcError("StorageQuotaExceeded", f"A user may have {MOST_FILES} files; delete some first.")
        if quota and count.used + count.coming + more - replaced > quota:
            raise GdcError(
                "StorageQuotaExceeded",
                f"The quota of {quota} bytes has no room for '{self.name}'; delete files first.",
            )

    def _release(self) -> None:
        with _counting:
            self._count.coming -= self._coming
            self._count.uploads -= 1
            if not self._count.uploads:
                _counts.pop(self._folder.folder, None)

    def _drop(self) -> None:
        if self._file is None:
            return
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._partial.unlink()
        self._file = None
        self._release()


def parts_of(name: str) -> tuple[str, ...]:
    """Return the names in a path, from the outermost; doubled slashes are the same as single ones.

    Raises
    ------
    GdcError
        ``FilePathInvalid`` for what could lead out of the folder or cannot be a name, with the reason.
    """
    parts = tuple(part for part in name.split("/") if part)
    reason = ""
    if not parts:
        reason = "it names no file"
    elif any(part in (".", "..") for part in parts):
        reason = "it must not have '.' or '..' in it"
    elif any(_UNUSABLE.search(part) for part in parts):
        reason = "it has a character in it that it must not have: a control character, a backslash or a drive's colon"
    elif any(len(part.encode()) > LONGEST_NAME for part in parts) or len(name.encode()) > LONGEST_PATH:
        reason = f"a name may have {LONGEST_NAME} bytes and a path {LONGEST_PATH}"
    elif len(parts) > MOST_LEVELS:
        reason = f"there may be {MOST_LEVELS} folders in each other"
    if reason:
        raise GdcError("FilePathInvalid", f"The path {name!r:.100} cannot be taken: {reason}.")
    return parts


def _partial(folder: Path) -> Path:
    """Return a new path that uploads to a folder grow at, and remove what was abandoned there."""
    uploads = folder.parent / UPLOADS
    uploads.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in uploads.iterdir():
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                path.unlink()
    return uploads / secrets.token_hex(16)


def _require_file(status: os.stat_result, name: str) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise GdcError("FileOperationUnsupported", f"'{name}' is a folder; name the files in it.")
    if not stat.S_ISREG(status.st_mode):
        raise GdcError("FileNotFound", f"There is no file '{name}'.")


def _told(error: OSError, name: str) -> GdcError:
    if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY, errno.ENAMETOOLONG):
        return GdcError("FilePathInvalid", f"The path '{name}' cannot be taken: a file, a folder or a link is there.")
    if error.errno == errno.ENOENT:
        return GdcError("FileNotFound", f"There is no file at '{name}'.")
    if error.errno in _FULL:
        return GdcError("StorageFailure", f"There is no space left to store '{name}'; nothing of it was kept.")
    return GdcError("StorageFailure", f"The file '{name}' cannot be stored or read ({os.strerror(error.errno or 0)}).")


def _time(status: os.stat_result) -> str:
    return datetime.fromtimestamp(status.st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
