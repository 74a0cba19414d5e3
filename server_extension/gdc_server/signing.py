"""Addresses that open one file for a while and without a login: an expiry time and a keyed hash of what is opened."""

from __future__ import annotations

import base64
import hmac
import os
import secrets
import time
from pathlib import Path

from gdc_jupyter.errors import GdcError

_KEY_BYTES = 32
_SIGNATURE_BYTES = 24


class Signer:
    """Signs and checks with a key that is kept in the data folder, so that links outlive a restart.

    Parameters
    ----------
    key_file : pathlib.Path
        Made with mode 0600 where it is missing.
    lifetime : int
        Seconds that a signature is good for.
    """

    def __init__(self, key_file: Path, lifetime: int) -> None:
        self._key = _read_or_make(key_file)
        self.lifetime = lifetime

    def sign(self, job_id: str, file: str, expires: int | None = None) -> tuple[str, int]:
        """Return the signature for a file of a job, and when it expires as seconds since 1970."""
        expires = int(time.time()) + self.lifetime if expires is None else expires
        return self._signature(job_id, file, expires), expires

    def check(self, signature: str, expires: str, job_id: str, file: str) -> None:
        """Check what came with an address.

        Raises
        ------
        GdcError
            ``PermissionsInsufficient`` where it was not signed here, ``ResultLinkExpired`` where its time is over.
        """
        right = self._signature(job_id, file, int(expires)) if expires.isdecimal() else ""
        if not hmac.compare_digest(right.encode(), signature.encode()):
            raise GdcError(
                "PermissionsInsufficient",
                "The link is not valid: it was changed, or made by another server. Request the job's results again.",
            )
        if int(expires) < time.time():
            raise GdcError("ResultLinkExpired", "The link has expired. Request the job's results again for a new one.")

    def _signature(self, job_id: str, file: str, expires: int) -> str:
        told = f"result\n{expires}\n{job_id}\n{file}".encode()
        digest = hmac.digest(self._key, told, "sha256")[:_SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(digest).decode()


def _read_or_make(key_file: Path) -> bytes:
    if not key_file.exists():
        key_file.parent.mkdir(parents=True, exist_ok=True)
        partial = key_file.with_name(f".{key_file.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
        try:
            # A link does not replace what another server has made meanwhile.
            os.link(partial, key_file)
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    return key_file.read_bytes()
