"""What goes wrong at a back-end, as errors that a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import requests

from gdc_jupyter.errors import GdcError

if TYPE_CHECKING:
    from openeo.rest.connection import Connection

_UNAUTHORIZED, _NOT_THERE = 401, (404, 501)


@contextmanager
def told(connection: Connection | None) -> Iterator[None]:
    """Turn what the client raises into a `GdcError`: what the back-end says, or that it says nothing.

    Parameters
    ----------
    connection : openeo.Connection, optional
        What the client asks.
    """
    from openeo.rest import OpenEoApiError, OpenEoApiPlainError

    name = "The back-end" if connection is None else connection.root_url
    try:
        yield
    except OpenEoApiError as error:
        raise GdcError(error.code, error.message + _hint(error.http_status_code)) from None
    except OpenEoApiPlainError as error:
        status = error.http_status_code
        code = "NotFound" if status in _NOT_THERE else "RequestInvalid"
        raise GdcError(code, f"{name} answers {status}.{_hint(status)}") from None
    except requests.JSONDecodeError:
        raise GdcError("ServerNotFound", f"{name} answers with something that is no JSON.") from None
    except requests.RequestException:
        raise GdcError("ServerNotFound", f"{name} does not answer.") from None


def _hint(status: int | None) -> str:
    """Return what to do about a status."""
    hint = " Sign in: connection.authenticate_oidc(), or gdc.connect(url, token=…)."
    return hint if status == _UNAUTHORIZED else ""
