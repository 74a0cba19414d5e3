"""The source of a UDF: given inline, in a file of the user's, or at an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdc_jupyter.catalog.remote import is_url
from gdc_jupyter.catalog.user_files import user_file
from gdc_jupyter.errors import GdcError

if TYPE_CHECKING:
    from gdc_jupyter.settings import Permissions

_LARGEST = 1 << 20


def source_of(udf: str, permissions: Permissions) -> str:
    """Return the source that is meant.

    Parameters
    ----------
    udf : str
        Source where it has several lines, an address that begins with ``http``, or else a path in the user's folder.
    permissions : Permissions
        The user's folder, and the hosts that may be asked.

    Raises
    ------
    GdcError
        ``FileNotFound``, or what the network says.
    """
    if "\n" in udf or "\r" in udf:
        return udf
    data = _fetch(udf, permissions) if is_url(udf) else _read(udf, permissions)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise GdcError("UdfFailed", f"The UDF {udf} is no text in UTF-8.") from None


def _read(name: str, permissions: Permissions) -> bytes:
    path = user_file(permissions.files, name)
    if not path.is_file():
        raise GdcError("FileNotFound", f"'{name}' is no file.")
    if path.stat().st_size > _LARGEST:
        raise GdcError("UdfFailed", f"The file '{name}' is larger than the {_LARGEST >> 20} MiB that a UDF may have.")
    return path.read_bytes()


def _fetch(url: str, permissions: Permissions) -> bytes:
    from gdc_jupyter.catalog.remote import fetch

    return fetch(url, permissions, _LARGEST)
