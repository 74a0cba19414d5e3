"""Who is asking: the Jupyter server's own identity, reached by each of the ways in which openEO clients ask."""

from __future__ import annotations

import base64
import binascii
import os
import re
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, PasswordIdentityProvider

from gdc_jupyter.errors import GdcError

#: The one owner of everything on a server that knows a token but no users.
LOCAL_OWNER = "local"
#: What the ids of users of OpenID Connect providers begin with, and no others.
OIDC_OWNER = "oidc~"
_OIDC = "oidc/"
_BEARER = re.compile(r"(?P<scheme>bearer|token)\s+(?P<token>\S+)", re.IGNORECASE)
_OUTSIDE_IDS = re.compile(r"[^\w\-.~]", re.ASCII)


def plain_authorization(header: str) -> str:
    """Return an Authorization header in the form that Jupyter knows, ``token X``.

    Parameters
    ----------
    header : str
        ``Bearer basic//X``, ``Bearer X`` or ``token X``.

    Raises
    ------
    GdcError
        ``AuthenticationSchemeInvalid`` for another scheme, ``TokenInvalid`` for a token that no server of this kind
        gives out.
    """
    scheme = header.split(" ", 1)[0].lower()
    if scheme not in ("bearer", "token"):
        raise GdcError(
            "AuthenticationSchemeInvalid",
            "Send 'Authorization: Bearer basic//TOKEN'; user name and password are only taken by /credentials/basic.",
        )
    match = _BEARER.fullmatch(header.strip())
    token = match["token"] if match else ""
    if token.startswith(_OIDC):
        raise GdcError("TokenInvalid", "This server has no OpenID Connect provider: send 'Bearer basic//TOKEN'.")
    token = token.removeprefix("basic//")
    if not token or "//" in token[:10]:
        raise GdcError("TokenInvalid", "The token is malformed: send 'Authorization: Bearer basic//TOKEN'.")
    return f"token {token}"


def oidc_token(header: str) -> tuple[str, str] | None:
    """Return provider and token of an Authorization header ``Bearer oidc/ID/TOKEN``, None for any other."""
    match = _BEARER.fullmatch(header.strip())
    if match is None or not match["token"].startswith(_OIDC):
        return None
    provider, _, token = match["token"].removeprefix(_OIDC).partition("/")
    return provider, token


def password_of(header: str) -> str:
    """Return the password of a Basic Authorization header.

    Raises
    ------
    GdcError
        ``AuthenticationRequired`` without one, ``AuthenticationSchemeInvalid`` or ``CredentialsInvalid`` where it
        cannot be read.
    """
    if not header:
        raise GdcError("AuthenticationRequired", "Send user name and password with HTTP Basic authentication.")
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        raise GdcError("AuthenticationSchemeInvalid", "Send user name and password with HTTP Basic authentication.")
    try:
        _, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon, password = "", ""
    if not colon or not password:
        raise GdcError("CredentialsInvalid", "The Basic credentials must be the base64 form of 'user:password'.")
    return password


def owner_of(provider: IdentityProvider, user: Any) -> str:
    """Return the id under which a user's jobs are kept.

    A server that knows only a token makes up a new name for each visitor: all of them are its one local owner. Any
    other identity provider, JupyterHub's above all, says who it is.
    """
    if _knows_no_users(provider):
        return LOCAL_OWNER
    name = _OUTSIDE_IDS.sub("~", str(user.username))
    return f"~{name}" if name.startswith(OIDC_OWNER) else name


def is_personal(provider: IdentityProvider) -> bool:
    """Tell whether the server belongs to one person: it asks for its own token or password, or a Hub started it so.

    A service of a Hub, any other identity provider, and a server that asks nobody, are for several.
    """
    if os.environ.get("JUPYTERHUB_USER"):
        return True
    if os.environ.get("JUPYTERHUB_SERVICE_NAME") or open_to_all(provider):
        return False
    return _knows_no_users(provider)


def open_to_all(provider: IdentityProvider) -> bool:
    """Tell whether the server was told to ask nobody for a token."""
    return not provider.auth_enabled


def _knows_no_users(provider: IdentityProvider) -> bool:
    return isinstance(provider, PasswordIdentityProvider) or type(provider) is IdentityProvider
