"""The source of a UDF: given inline, in a file of the user's, or at an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    data = _fetch(udf, permissions) if udf.startswith(("http://", "https://")) else _read(udf, permissions)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise GdcError("UdfFailed", f"The UDF {udf} is no text in UTF-8.") from None


def _read(name: str, permissions: Permissions) -> bytes:
    absent = GdcError("FileNotFound", f"There is no file '{name}' in your workspace.")
    if permissions.files is None or "\0" in name:
        raise absent
    root = permissions.files.resolve()
    path = (root / name.lstrip("/")).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise absent
    if path.stat().st_size > _LARGEST:
        raise GdcError("UdfFailed", f"The file '{name}' is larger than the {_LARGEST >> 20} MiB that a UDF may have.")
    return path.read_bytes()


def _fetch(url: str, permissions: Permissions) -> bytes:
    raise GdcError("UdfFailed", f"{url} cannot be asked.")
