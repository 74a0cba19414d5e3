"""The one mapping from error codes to HTTP status codes."""

from __future__ import annotations

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
    "FileNotFound": 404,
    "JobNotFound": 404,
    "NotFound": 404,
    "ProcessGraphNotFound": 404,
    "ServiceNotFound": 404,
    "UnsupportedApiVersion": 404,
    "MethodNotAllowed": 405,
    "RequestTimeout": 408,
    "ResultLinkExpired": 410,
    "BodyTooLarge": 413,
    "DataFileUnreadable": 424,
    "Internal": 500,
    "StorageFailure": 500,
    "EstimateComplexity": 500,
    "FeatureUnsupported": 501,
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
    413: "BodyTooLarge",
}


def status_of(code: str) -> int:
    """Return the HTTP status of an error code: 400 unless it is listed, for the user's graph or request is at fault."""
    return STATUS.get(code, 400)


def body_of(error: GdcError, number: str) -> dict[str, Any]:
    """Return the JSON body of an error."""
    return {"id": number, "code": error.code, "message": error.message}
