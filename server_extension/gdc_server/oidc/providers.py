"""OpenID Connect providers as they are configured, and as clients see them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

#: Signatures by a private key. Those by a secret, and none at all, are never taken.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
_ID = re.compile(r"[A-Za-z0-9_]{1,20}")
_GRANTS = (
    "implicit",
    "authorization_code",
    "authorization_code+pkce",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:device_code+pkce",
    "refresh_token",
)
#: What clients that come without an id of their own may do by default.
_DEFAULT_GRANTS = ("authorization_code+pkce", _GRANTS[4], "refresh_token")
_TEXTS = ("id", "issuer", "title", "description")
_LISTS = ("scopes", "audience", "clients", "algorithms")
_KEYS = (*_TEXTS, *_LISTS, "default_clients", "links", "opaque_tokens")


@dataclass(frozen=True)
class Provider:
    """A provider.

    Parameters
    ----------
    id : str
        What stands before its tokens, ``Bearer oidc/ID/TOKEN``, and in the ids of its users.
    issuer : str
        Its address, exactly as its tokens name it.
    title, description : str
        For people.
    scopes : tuple of str
        What clients have to ask for.
    audience : tuple of str
        One of these must be among the audiences of a token.
    clients : tuple of str
        Where no audience is given, the clients that a token may be made for, the default ones included.
    default_clients : tuple of mapping
        The clients that users may log in with, who have registered none.
    links : tuple of mapping
        Further addresses.
    algorithms : tuple of str
        The signatures that are taken.
    opaque_tokens : bool
        Whether tokens that only the provider can read are taken, where its user info endpoint knows them. Whom they
        were made for cannot be seen then.
    """

    id: str
    issuer: str
    title: str
    description: str = ""
    scopes: tuple[str, ...] = ("openid",)
    audience: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    default_clients: tuple[Mapping[str, Any], ...] = ()
    links: tuple[Mapping[str, Any], ...] = ()
    algorithms: tuple[str, ...] = field(default=ALGORITHMS)
    opaque_tokens: bool = True

    def describe(self) -> dict[str, Any]:
        """Return what ``GET /credentials/oidc`` says of it."""
        described = {
            "id": self.id,
            "issuer": self.issuer,
            "title": self.title,
            "description": self.description,
            "scopes": list(self.scopes),
            "default_clients": list(self.default_clients),
            "links": list(self.links),
        }
        return {name: value for name, value in described.items() if value}


def providers_of(configured: Sequence[Mapping[str, Any]]) -> tuple[Provider, ...]:
    """Return the providers of a configuration.

    Raises
    ------
    ValueError
        Where something is missing, misspelt or not safe; it names the provider and the key.
    """
    providers = tuple(map(_provider, configured))
    ids = [provider.id for provider in providers]
    if len(set(ids)) < len(ids):
        raise ValueError(f"Two OpenID Connect providers have the same id: {', '.join(ids)}.")
    return providers


def _provider(given: Mapping[str, Any]) -> Provider:
    name = f"The OpenID Connect provider {given.get('id')!r}"
    if unknown := [key for key in given if key not in _KEYS]:
        raise ValueError(f"{name} has the unknown key {unknown[0]!r}; known are {', '.join(_KEYS)}.")
    for key in _TEXTS:
        if not isinstance(given.get(key, ""), str):
            raise ValueError(f"{name}: {key!r} must be a text.")
    if not _ID.fullmatch(given.get("id", "")):
        raise ValueError(f"{name}: 'id' must have 1 to 20 letters, digits or underscores.")
    lists = {key: _texts(given.get(key, ()), f"{name}: {key!r}") for key in _LISTS}
    clients = tuple(_client(each, name) for each in given.get("default_clients", ()))
    provider = Provider(
        id=given["id"],
        issuer=_issuer(given.get("issuer", ""), name),
        title=given.get("title") or given["id"],
        description=given.get("description", ""),
        scopes=lists["scopes"] or ("openid",),
        audience=lists["audience"],
        clients=(*lists["clients"], *(client["id"] for client in clients)),
        default_clients=clients,
        links=tuple(given.get("links", ())),
        algorithms=lists["algorithms"] or ALGORITHMS,
        opaque_tokens=bool(given.get("opaque_tokens", not lists["audience"])),
    )
    _check(provider, name)
    return provider


def _check(provider: Provider, name: str) -> None:
    if "openid" not in provider.scopes:
        raise ValueError(f"{name}: 'scopes' must have 'openid' among them.")
    if not (provider.audience or provider.clients):
        raise ValueError(
            f"{name} needs 'audience', 'clients' or 'default_clients': without, tokens that were made for any other "
            "server would be taken."
        )
    if unsafe := [each for each in provider.algorithms if each not in ALGORITHMS]:
        raise ValueError(f"{name}: the algorithm {unsafe[0]!r} is not among {', '.join(ALGORITHMS)}.")


def _issuer(issuer: str, name: str) -> str:
    parts = urlsplit(issuer)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{name}: 'issuer' must be an address such as https://login.example.org/realm.")
    return issuer


def _client(given: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping) or not isinstance(given.get("id"), str):
        raise ValueError(f"{name}: each of 'default_clients' needs an 'id'.")
    grants = _texts(given.get("grant_types", _DEFAULT_GRANTS), f"{name}: 'grant_types'")
    if wrong := [grant for grant in grants if grant not in _GRANTS]:
        raise ValueError(f"{name}: the grant type {wrong[0]!r} is not among {', '.join(_GRANTS)}.")
    addresses = _texts(given.get("redirect_urls", ()), f"{name}: 'redirect_urls'")
    client = {"id": given["id"], "grant_types": list(grants)}
    return client | {"redirect_urls": list(addresses)} if addresses else client


def _texts(given: Any, what: str) -> tuple[str, ...]:
    values = (given,) if isinstance(given, str) else given
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) and value for value in values):
        raise ValueError(f"{what} must be a text or a list of texts.")
    return tuple(values)
