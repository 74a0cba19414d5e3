"""The one mapping from error codes to HTTP status codes."""

from __future__ import annotations

import re
from typing import Any

from gdc_jupyter.errors import GdcError

#: Codes of the openEO API that are not 400, and the project's own that are not.
STATUS = {
    "AuthenticationRequired": 401,
    "PaymentRequired": 402,
    "AuthenticationSchemeInvalid": 403,
    "CredentialsInvalid": 403,
    "PermissionsInsufficient": 403,
    "TokenInvalid": 403,
    "CollectionNotFound": 404,
    "AssetNotFound": 404,
    "FileNotFound": 404,
    "ItemNotFound": 404,
    "JobNotFound": 404,
    "NotFound": 404,
    "ProcessGraphNotFound": 404,
    "ProcessNotFound": 404,
    "ResultNotReady": 404,
    "ServiceNotFound": 404,
    "TileNotFound": 404,
    "VariableNotFound": 404,
    "UnsupportedApiVersion": 404,
    "MethodNotAllowed": 405,
    "NotAcceptable": 406,
    "RequestTimeout": 408,
    "ResultLinkExpired": 410,
    "BodyTooLarge": 413,
    "FileSizeExceeded": 413,
    "CoverageTooLarge": 413,
    "DapAnswerTooLarge": 413,
    "ContentEncodingInvalid": 415,
    "DataFileUnreadable": 424,
    "JobFailed": 424,
    "Internal": 500,
    "StorageFailure": 500,
    "EstimateComplexity": 500,
    "FeatureUnsupported": 501,
    "OperationNotSupported": 501,
    "InfrastructureBusy": 503,
    "InfrastructureMaintenance": 503,
}
#: What tornado and Jupyter raise, told by its status.
CODES = {
    400: "RequestInvalid",
    401: "AuthenticationRequired",
    403: "PermissionsInsufficient",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    413: "BodyTooLarge",
}
#: What the OGC APIs call some of them.
_EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
TYPES = {
    "JobNotFound": f"{_EXCEPTIONS}/no-such-job",
    "ProcessNotFound": f"{_EXCEPTIONS}/no-such-process",
    "ResultNotReady": f"{_EXCEPTIONS}/result-not-ready",
}
_INNER_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def status_of(code: str) -> int:
    """Return the HTTP status of an error code: 400 unless it is listed, for the user's graph or request is at fault."""
    return STATUS.get(code, 400)


def body_of(error: GdcError, number: str) -> dict[str, Any]:
    """Return the JSON body of an error: openEO's fields, and those of the OGC APIs (RFC 7807)."""
    return {
        "id": number,
        "code": error.code,
        "message": error.message,
        "type": TYPES.get(error.code, "about:blank"),
        "title": _title(error.code),
        "status": status_of(error.code),
        "detail": error.message,
    }


def _title(code: str) -> str:
    return _INNER_CAPITAL.sub(" ", code).capitalize()
