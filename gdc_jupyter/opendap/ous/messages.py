"""What OUS says when something is wrong, and with which HTTP status; the words are those of its documentation."""

from __future__ import annotations

from collections.abc import Sequence

NO_PERMISSION = "You do not have permissions to access that resource."
NO_TOKEN = "An ECHO token is required to access this resource."
NO_VALID_TOKEN = "A valid token is required to access this resource."
# The spelling is the documentation's.
LEVEL = "The requst includes a dataset whose processing level is not supported."
INVALID = "One or more of the parameters provided were invalid."
LATITUDE = "The values provided for latitude are not within the valid range of -90 degrees through 90 degrees."
LONGITUDE = "The values provided for longitude are not within the valid range of -180 degrees through 180 degrees."
NO_DATA_URL = "There was a problem extracting a data URL from the granule's service data file."
NO_URL = "There was a problem extracting an OPeNDAP URL or data URL from the granule's metadata file."
NO_OPENDAP_URL = "Could not determine OPeNDAP URL from tags and datafile URL or base OPeNDAP URL."
NO_COLLECTION = "There was a problem extracting collection metadata."
NO_GRANULES = "There was a problem extracting granule metadata."
NO_SERVICES = "There was a problem extracting service metadata."
NO_VARIABLES = "There was a problem extracting variable metadata."
NO_PATTERN_MATCH = (
    "There was a problem creating URLs from granule file data: couldn't match default service pattern {} to service {}."
)
BOUNDS_REMOVED = "The bounding information for the query has been removed."

_FORBIDDEN = {NO_PERMISSION, NO_TOKEN, NO_VALID_TOKEN}
_CLIENT = {LEVEL, INVALID, LATITUDE, LONGITUDE}
_SERVER = {NO_DATA_URL, NO_COLLECTION, NO_GRANULES, NO_SERVICES, NO_VARIABLES}
_SERVER_STARTS = ("There was a problem creating URLs from granule file data:",)


def problematic(granules: Sequence[str]) -> str:
    """Name the granules that have no address."""
    return f"Problematic granules: [{', '.join(granules)}]."


def problematic_level(level: str, collection_id: str) -> str:
    """Name the processing level that is not supported."""
    return f"Problematic processing level {level} for collection {collection_id}."


def not_gridded(variables: Sequence[str]) -> str:
    """Name variables without one dimension of latitude and one of longitude."""
    return f"The variables {', '.join(variables)} are not gridded."


def status_of(errors: Sequence[str]) -> int:
    """Return the HTTP status of errors: 403 before 400 before 500; an error of the client makes the answer 400."""
    if _FORBIDDEN.intersection(errors):
        return 403
    if _CLIENT.intersection(errors):
        return 400
    if any(error in _SERVER or error.startswith(_SERVER_STARTS) for error in errors):
        return 500
    return 400
