"""Tokens of OpenID Connect providers: which are taken, which are refused and why, and whose things they open."""

from __future__ import annotations

import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from gdc_server.identity import owner_of
from gdc_server.oidc import remote
from jupyter_server.auth.identity import IdentityProvider, User

ISSUER = "https://not.the.issuer"
KEY = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
CURVE = ec.generate_private_key(ec.SECP256R1())


def public(key, name, **more):
    algorithms = jwt.algorithms.ECAlgorithm if key is CURVE else jwt.algorithms.RSAAlgorithm
    return algorithms.to_jwk(key.public_key(), as_dict=True) | {"kid": name} | more


@pytest.fixture
def provider(oidc_provider):
    """Return a provider whose keys are those of the tests."""
    oidc_provider.direct("keys", [public(KEY, "first"), public(CURVE, "curve")])
    yield oidc_provider
    oidc_provider.direct("broken", False)
    oidc_provider.direct("keys")


@pytest.fixture
def jp_server_config(jp_server_config, provider):
    jp_server_config["GdcApp"]["oidc_providers"] = [
        {"id": "home", "issuer": provider.issuer, "title": "Home", "audience": ["gdc", "cubes"]},
        {"id": "open", "issuer": provider.issuer, "clients": ["client"], "default_clients": [{"id": "public"}]},
    ]
    return jp_server_config


@pytest.fixture
def signed(provider):
    """Return a function that makes tokens."""

    def signed(key=KEY, name="first", algorithm="RS256", **changes):
        now = int(time.time())
        claims = {"iss": provider.issuer, "sub": "alice", "aud": "gdc", "exp": now + 300, "iat": now, "name": "Alice"}
        claims = {key: value for key, value in (claims | changes).items() if value is not None}
        return jwt.encode(claims, key, algorithm, {"kid": name} if name else None)

    return signed


@pytest.fixture
def me(ask):
    async def me(token, provider="home"):
        return await ask("me", headers={"Authorization": f"Bearer oidc/{provider}/{token}"})

    return me


async def test_the_providers_are_listed(ask, provider):
    _, _, body = await ask("credentials/oidc", headers={})
    assert [(each["id"], each["issuer"], each["title"]) for each in body["providers"]] == [
        ("home", provider.issuer, "Home"),
        ("open", provider.issuer, "open"),
    ]


async def test_a_token_that_is_right(me, signed):
    status, headers, body = await me(signed())
    assert (status, body["user_id"], body["name"]) == (200, "oidc~home~alice", "Alice")
    assert "Set-Cookie" not in headers
    assert (await me(signed(aud=["other", "cubes"])))[0] == 200
    assert (await me(signed(CURVE, "curve", "ES256")))[0] == 200
    assert (await me(signed(name=None)))[0] == 200, "a key without a name is found"
    assert (await me(signed(algorithm="PS512")))[0] == 200


async def test_the_clock_may_differ_a_little(me, signed):
    now = int(time.time())
    assert (await me(signed(exp=now - 10)))[0] == 200
    assert (await me(signed(iat=now + 10, nbf=now + 10)))[0] == 200
    for changes, words in (({"exp": now - 60}, "has expired"), ({"nbf": now + 60}, "not valid yet")):
        status, _, body = await me(signed(**changes))
        assert (status, body["code"]) == (403, "TokenInvalid")
        assert words in body["message"]


def tampered(token):
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed = base64.urlsafe_b64encode(json.dumps(claims | {"sub": "bob"}).encode()).rstrip(b"=").decode()
    return f"{head}.{changed}.{signature}"


def with_public_key_as_secret(token):
    """Return a token whose signature is a keyed hash with the public key, which everybody knows."""
    import hashlib
    import hmac

    pem = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"first","typ":"JWT"}').rstrip(b"=").decode()
    told = f"{head}.{token.split('.')[1]}"
    signature = base64.urlsafe_b64encode(hmac.digest(pem, told.encode(), hashlib.sha256)).rstrip(b"=").decode()
    return f"{told}.{signature}"


def unsigned(token):
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


@pytest.mark.parametrize(
    ("changes", "spoil", "words"),
    [
        ({}, tampered, "wrong signature"),
        ({}, lambda token: token[:-8] + "AAAAAAAA", "wrong signature"),
        ({}, with_public_key_as_secret, "signed by 'HS256'"),
        ({}, unsigned, "signed by 'none'"),
        ({"key": OTHER}, None, "wrong signature"),
        ({"name": "unknown"}, None, "does not have"),
        ({"key": CURVE, "algorithm": "ES256"}, None, "does not have"),
        ({"iss": ISSUER}, None, "another issuer"),
        ({"iss": None}, None, "'iss'"),
        ({"exp": None}, None, "'exp'"),
        ({"sub": None}, None, "'sub'"),
        ({"sub": ""}, None, "whose token"),
        ({"aud": "other"}, None, "'gdc', 'cubes'"),
        ({"aud": None}, None, "'gdc', 'cubes'"),
        ({"aud": ["gdc2", ""]}, None, "'gdc', 'cubes'"),
        ({"aud": "other", "azp": "gdc"}, None, "'gdc', 'cubes'"),
        ({}, lambda token: token + "x" * 17_000, "longer than"),
        ({}, lambda token: "", "does not know"),
        ({}, lambda token: "a.b.c", "does not know"),
        ({}, lambda token: "opaque", "does not know"),
    ],
)
async def test_a_token_that_is_wrong(me, ask, signed, changes, spoil, words):
    token = signed(**changes)
    token = spoil(token) if spoil else token
    status, _, body = await me(token)
    assert (status, body["code"]) == (403, "TokenInvalid")
    assert words in body["message"]
    headers = {"Authorization": f"Bearer oidc/home/{token}"}
    assert (await ask("conformance", headers=headers))[0] == 403, "it is refused where none is needed, too"


@pytest.mark.parametrize("header", ["Bearer oidc/", "Bearer oidc//x", "Bearer oidc/other/x", "Bearer oidc/home"])
async def test_a_provider_that_is_not_there(ask, header):
    status, _, body = await ask("me", headers={"Authorization": header})
    assert (status, body["code"]) == (403, "TokenInvalid")


async def test_a_token_for_another_client_is_refused(me, signed):
    for changes in ({"aud": "client"}, {"aud": "account", "azp": "public"}, {"aud": "x", "client_id": "client"}):
        assert (await me(signed(**changes), "open"))[0] == 200
    for changes in ({"aud": "account", "azp": "stranger"}, {"aud": 5}, {"aud": None, "azp": ["client"]}):
        status, _, body = await me(signed(**changes), "open")
        assert (status, body["code"]) == (403, "TokenInvalid")
        assert "another client" in body["message"]


async def test_keys_that_change(me, signed, provider, monkeypatch):
    assert (await me(signed()))[0] == 200
    provider.direct("keys", [public(OTHER, "second")])
    before = provider.direct("counts")["/jwks"]
    status, _, body = await me(signed(OTHER, "second"))
    assert status == 403, "they were asked for just now"
    for number in range(5):
        await me(signed(OTHER, f"guess{number}"))
    assert provider.direct("counts")["/jwks"] == before
    monkeypatch.setattr(remote, "REFRESH_SECONDS", 0.0)
    assert (await me(signed(OTHER, "second", sub="carol")))[0] == 200
    status, _, body = await me(signed(sub="dave"))
    assert status == 403, "the first key is no longer one"
    assert "does not have" in body["message"]


async def test_keys_for_other_uses_do_not_count(me, signed, provider):
    secret = {"kty": "oct", "kid": "secret", "k": base64.urlsafe_b64encode(b"x" * 32).decode()}
    keys = [public(KEY, "a", use="enc"), public(KEY, "b", alg="RS512"), secret, {"kty": "RSA", "kid": "c"}, 5]
    provider.direct("keys", keys)
    for name in "abc":
        assert (await me(signed(name=name)))[0] == 403
    assert (await me(signed(name="b", algorithm="RS512")))[0] == 200


async def test_a_token_that_only_the_provider_can_read(me, provider):
    token = provider.opaque_token("bob")
    before = provider.direct("counts").get("/userinfo", 0)
    for _ in range(3):
        status, _, body = await me(token, "open")
        assert (status, body["user_id"], body["name"]) == (200, "oidc~open~bob", "Bob")
    assert provider.direct("counts")["/userinfo"] == before + 1, "the answer is kept"
    assert (await me(token, "home"))[0] == 403, "for whom it was made cannot be seen"


async def test_a_name_that_the_token_does_not_tell(me, provider, oidc_provider):
    status, _, body = await me(oidc_provider.opaque_token("alice"), "open")
    assert (status, body["name"]) == (200, "Alice Liddell")


async def test_a_provider_that_does_not_answer(me, ask, signed, provider, monkeypatch):
    provider.direct("broken", True)
    for token in (signed(), "opaque"):
        status, _, body = await me(token, "open")
        assert (status, body["code"]) == (503, "InfrastructureBusy")
        assert "'open'" in body["message"]
    assert (await ask("me"))[0] == 200, "others can log in"
    provider.direct("broken", False)
    monkeypatch.setattr(remote, "RETRY_SECONDS", 0.0)
    assert (await me(signed(azp="client"), "open"))[0] == 200


async def test_what_is_known_counts_while_the_provider_does_not_answer(me, signed, provider, monkeypatch):
    assert (await me(signed()))[0] == 200
    provider.direct("broken", True)
    monkeypatch.setattr(remote, "KEY_SECONDS", 0.0)
    assert (await me(signed(sub="carol")))[0] == 200


async def test_subjects_make_owners_that_are_all_different(me, signed):
    owners = set()
    subjects = ["alice", "Alice", "alice@x", "alice~x", "a/b", "a|b", "~a", "../a", "ä", "x" * 300, " ", "a\nb"]
    for subject in subjects:
        status, _, body = await me(signed(sub=subject))
        assert status == 200
        assert all(each.isascii() and (each.isalnum() or each in "_-.~") for each in body["user_id"])
        owners.add(body["user_id"])
    _, _, body = await me(signed(azp="client"), "open")
    owners.add(body["user_id"])
    assert len(owners) == len(subjects) + 1


def test_no_user_of_a_hub_can_have_the_id_of_such_an_owner():
    class Hub(IdentityProvider):
        pass

    for name in ("oidc~home~alice", "oidc/home/alice", "oidc:home:alice"):
        assert not owner_of(Hub(), User(name)).startswith("oidc~")


async def test_such_a_server_is_for_several_people(ask, jp_serverapp):
    assert (await ask("udf_runtimes"))[2] == {}
    assert not jp_serverapp.web_app.settings["gdc_services"].permissions.udf


async def test_such_a_user_has_no_kernels(jp_fetch, signed):
    from tornado.httpclient import HTTPClientError

    for header in (f"Bearer oidc/home/{signed()}", f"Bearer {signed()}"):
        with pytest.raises(HTTPClientError) as caught:
            await jp_fetch("api", "kernels", headers={"Authorization": header})
        assert caught.value.code == 403


async def test_a_change_by_token_needs_no_cookie(ask, signed):
    headers = {"Authorization": f"Bearer oidc/home/{signed()}", "Cookie": "_xsrf=abc"}
    status, _, body = await ask("jobs", method="POST", headers=headers, body="{}")
    assert (status, body["code"]) == (400, "RequestInvalid")
