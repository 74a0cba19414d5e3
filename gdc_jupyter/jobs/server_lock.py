"""Which server owns which running jobs, where several share a data folder: a lock file each, held while it lives."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from pathlib import Path

from gdc_jupyter.jobs.model import now


class ServerLock:
    """The mark that this server lives. The system lets go of it however the server ends, even by SIGKILL.

    Parameters
    ----------
    folder : pathlib.Path
        Where all servers of this data folder keep theirs.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.id = f"{os.getpid()}-{secrets.token_hex(6)}"
        self._path = folder / f"{self.id}.lock"
        # Locked before it has its name, so that nobody finds it unlocked.
        partial = folder / f"{self.id}.new"
        self._file = os.open(partial, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        os.write(self._file, json.dumps({"pid": os.getpid(), "started": now()}).encode())
        partial.rename(self._path)

    def release(self) -> None:
        """Give the mark up."""
        self._path.unlink(missing_ok=True)
        os.close(self._file)

    def alive(self, server: str | None) -> bool:
        """Tell whether a server of this folder still runs."""
        if server == self.id:
            return True
        if not server:
            return False
        try:
            other = os.open(self.folder / f"{server}.lock", os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            (self.folder / f"{server}.lock").unlink(missing_ok=True)
            return False
        finally:
            os.close(other)
