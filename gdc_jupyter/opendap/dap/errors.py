"""Errors in the forms of DAP2 and DAP4."""

from __future__ import annotations

from xml.sax.saxutils import escape

_CODES = {
    "Internal": 1003,
    "CollectionNotFound": 1004,
    "ItemNotFound": 1004,
    "NotFound": 1004,
    "VariableNotFound": 1005,
    "ConstraintInvalid": 1006,
    "AuthenticationRequired": 1007,
    "TokenInvalid": 1007,
    "CredentialsInvalid": 1007,
    "PermissionsInsufficient": 1007,
    "DataFileUnreadable": 1008,
}
_UNDEFINED = 1001


def dap2_error(code: str, message: str) -> str:
    """Return an error object of DAP2.

    Parameters
    ----------
    code : str
        The code of a `GdcError`.
    message : str
    """
    text = " ".join(message.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'Error {{\n    code = {_CODES.get(code, _UNDEFINED)};\n    message = "{text}";\n}};\n'


def dap4_error(status: int, message: str) -> str:
    """Return an error document of DAP4.

    Parameters
    ----------
    status : int
        The status of HTTP.
    message : str
    """
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Error xmlns="http://xml.opendap.org/ns/DAP/4.0#" httpcode="{status}">\n'
        f"  <Message>{escape(message)}</Message>\n</Error>\n"
    )
