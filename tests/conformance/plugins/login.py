"""A pytest plugin: where the openEO suite would start an OpenID Connect flow, it logs in by name and password."""

from __future__ import annotations

import os

import openeo


def _authenticate(connection: openeo.Connection, *_: object, **__: object) -> openeo.Connection:
    return connection.authenticate_basic(
        os.environ["OPENEO_AUTH_BASIC_USERNAME"], os.environ["OPENEO_AUTH_BASIC_PASSWORD"]
    )


openeo.Connection.authenticate_oidc = _authenticate
