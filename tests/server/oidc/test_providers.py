"""The configuration of providers: what clients see of it, and what is refused at the start."""

from __future__ import annotations

import pytest
from gdc_server.app import GdcApp
from gdc_server.oidc.providers import providers_of
from traitlets import TraitError

LOGIN = {"id": "egi", "issuer": "https://login.example.org/realm", "clients": ["gdc"]}


def test_what_clients_see():
    client = {"id": "public", "redirect_urls": ["https://editor.example.org/"]}
    (provider,) = providers_of([LOGIN | {"title": "Login", "scopes": ["openid", "email"], "default_clients": [client]}])
    assert provider.describe() == {
        "id": "egi",
        "issuer": "https://login.example.org/realm",
        "title": "Login",
        "scopes": ["openid", "email"],
        "default_clients": [
            client
            | {
                "grant_types": [
                    "authorization_code+pkce",
                    "urn:ietf:params:oauth:grant-type:device_code+pkce",
                    "refresh_token",
                ]
            }
        ],
    }
    assert provider.clients == ("gdc", "public")


def test_opaque_tokens_are_taken_where_no_audience_is_asked_for():
    assert providers_of([LOGIN])[0].opaque_tokens
    assert not providers_of([LOGIN | {"audience": "gdc"}])[0].opaque_tokens
    assert providers_of([LOGIN | {"audience": "gdc", "opaque_tokens": True}])[0].opaque_tokens


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": ""}, "'id' must have"),
        ({"id": "a/b"}, "'id' must have"),
        ({"id": "x" * 21}, "'id' must have"),
        ({"id": 5}, "'id' must be a text"),
        ({"issuer": "login.example.org"}, "'issuer' must be an address"),
        ({"issuer": "ftp://login.example.org"}, "'issuer' must be an address"),
        ({"issuer": "https://login.example.org/?x=1"}, "'issuer' must be an address"),
        ({"isuer": ""}, "unknown key 'isuer'"),
        ({"clients": []}, "needs 'audience', 'clients' or 'default_clients'"),
        ({"clients": [5]}, "'clients' must be a text or a list of texts"),
        ({"scopes": ["email"]}, "'openid'"),
        ({"algorithms": ["none"]}, "'none' is not among RS256"),
        ({"algorithms": ["HS256"]}, "'HS256' is not among RS256"),
        ({"default_clients": [{}]}, "needs an 'id'"),
        ({"default_clients": [{"id": "a", "grant_types": ["password"]}]}, "'password' is not among"),
    ],
)
def test_a_wrong_configuration_is_refused(changes, words):
    with pytest.raises(ValueError, match="OpenID Connect provider") as caught:
        providers_of([LOGIN | changes])
    assert words in str(caught.value)
    with pytest.raises(TraitError, match="OpenID Connect provider"):
        GdcApp(oidc_providers=[LOGIN | changes])


def test_ids_are_told_apart():
    with pytest.raises(ValueError, match="same id"):
        providers_of([LOGIN, LOGIN])
