"""Each way of saying who one is, and each wrong one."""

from __future__ import annotations

import base64
import warnings

import pytest
from gdc_server.api.routes import routes
from gdc_server.identity import is_personal, owner_of
from jupyter_server.auth.identity import IdentityProvider, PasswordIdentityProvider, User
from jupyter_server.serverapp import JupyterServerAuthWarning


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize("header", ["Bearer basic//secret", "bearer secret", "Bearer secret", "token secret"])
async def test_every_form_of_the_token_is_the_local_owner(ask, header):
    status, headers, body = await ask("me", headers={"Authorization": header})
    assert status == 200
    assert (body["user_id"], body["name"]) == ("local", "local")
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        ("", 401, "AuthenticationRequired"),
        ("Bearer basic//wrong", 403, "TokenInvalid"),
        ("Bearer basic//", 403, "TokenInvalid"),
        ("Bearer", 403, "TokenInvalid"),
        ("Bearer two words", 403, "TokenInvalid"),
        ("Bearer oidc/egi/abc", 403, "TokenInvalid"),
        ("Bearer basic//basic//secret", 403, "TokenInvalid"),
        ("Bearer \xff\xfe", 403, "TokenInvalid"),
        ("Digest secret", 403, "AuthenticationSchemeInvalid"),
        (basic("me", "secret"), 403, "AuthenticationSchemeInvalid"),
    ],
)
async def test_a_wrong_token_is_refused_with_the_reason(ask, header, status, code):
    answer = await ask("me", headers={"Authorization": header})
    assert (answer[0], answer[2]["code"]) == (status, code)
    assert len(answer[2]["message"]) > 20


async def test_a_wrong_token_is_refused_where_none_is_needed(ask):
    status, _, body = await ask("conformance", headers={"Authorization": "Bearer basic//wrong"})
    assert (status, body["code"]) == (403, "TokenInvalid")
    assert (await ask("conformance", headers={}))[0] == 200


async def test_the_password_is_the_token_and_the_answer_logs_in(ask):
    status, headers, body = await ask("credentials/basic", headers={"Authorization": basic("anybody", "secret")})
    assert (status, body) == (200, {"access_token": "secret"})
    assert headers["Cache-Control"] == "no-store"
    assert (await ask("me", headers={"Authorization": f"Bearer basic//{body['access_token']}"}))[0] == 200


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        ("", 401, "AuthenticationRequired"),
        (basic("me", "wrong"), 403, "CredentialsInvalid"),
        (basic("me", ""), 403, "CredentialsInvalid"),
        ("Basic ????", 403, "CredentialsInvalid"),
        ("Bearer basic//secret", 403, "AuthenticationSchemeInvalid"),
    ],
)
async def test_wrong_credentials(ask, header, status, code):
    answer = await ask("credentials/basic", headers={"Authorization": header})
    assert (answer[0], answer[2]["code"]) == (status, code)


async def login_cookies(jp_fetch):
    answer = await jp_fetch("api", "me", headers={"Authorization": "token secret"})
    return dict(cookie.split(";")[0].split("=", 1) for cookie in answer.headers.get_list("Set-Cookie"))


async def test_the_jupyter_cookie_logs_in_and_changes_need_its_xsrf_token(ask, jp_fetch):
    cookies = await login_cookies(jp_fetch)
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    assert (await ask("me", headers={"Cookie": cookie}))[0] == 200
    status, _, body = await ask("jobs", method="POST", headers={"Cookie": cookie}, body="{}")
    assert (status, body["code"]) == (403, "PermissionsInsufficient")
    headers = {"Cookie": f"{cookie}; _xsrf=abc", "X-XSRFToken": "abc"}
    status, _, body = await ask("jobs", method="POST", headers=headers, body="{}")
    assert (status, body["code"]) == (400, "RequestInvalid")


async def test_a_cookie_does_not_make_a_wrong_password_or_token_right(ask, jp_fetch):
    cookie = "; ".join("=".join(pair) for pair in (await login_cookies(jp_fetch)).items())
    for path, header in (("credentials/basic", basic("me", "wrong")), ("me", "Bearer basic//wrong")):
        status, _, _ = await ask(path, headers={"Cookie": cookie, "Authorization": header})
        assert status == 403


async def test_every_verb_says_whether_it_needs_a_login(jp_serverapp):
    with warnings.catch_warnings():
        warnings.simplefilter("error", JupyterServerAuthWarning)
        jp_serverapp.web_app.add_handlers(".*$", routes())


async def test_a_server_that_asks_nobody_takes_everybody(ask, jp_serverapp):
    jp_serverapp.identity_provider.token = ""
    for header in ("", "Bearer basic//anything"):
        status, _, body = await ask("me", headers={"Authorization": header})
        assert (status, body["user_id"]) == (200, "local")
    assert (await ask("credentials/basic", headers={"Authorization": basic("me", "any")}))[0] == 200


def test_where_users_have_names_they_own_their_jobs():
    class Hub(IdentityProvider):
        pass

    assert owner_of(Hub(), User("ann@uni.example")) == "ann~uni.example"
    assert owner_of(PasswordIdentityProvider(), User("f00d")) == "local"


class Users(IdentityProvider):
    """Knows who is who."""


@pytest.mark.parametrize(
    ("provider", "environment", "personal"),
    [
        (PasswordIdentityProvider(token="secret"), {}, True),
        (IdentityProvider(token="secret"), {}, True),
        (PasswordIdentityProvider(token=""), {}, False),
        (Users(token="secret"), {}, False),
        (Users(token="secret"), {"JUPYTERHUB_USER": "ann"}, True),
        (IdentityProvider(token="secret"), {"JUPYTERHUB_SERVICE_NAME": "gdc"}, False),
    ],
)
def test_a_server_belongs_to_one_person_or_to_several(monkeypatch, provider, environment, personal):
    for name in ("JUPYTERHUB_USER", "JUPYTERHUB_SERVICE_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert is_personal(provider) is personal


async def test_code_of_users_runs_by_default_on_a_server_of_one_person(ask, jp_serverapp):
    _, _, runtimes = await ask("udf_runtimes")
    assert list(runtimes) == ["Python"]


class TestWhereCodeIsForbidden:
    """A server with ``GdcApp.udf=False``."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        jp_server_config["GdcApp"] |= {"udf": False, "hosts": ["*.example.org"]}
        return jp_server_config

    async def test_there_is_no_runtime(self, ask, jp_serverapp):
        status, _, runtimes = await ask("udf_runtimes")
        assert (status, runtimes) == (200, {})
        permissions = jp_serverapp.web_app.settings["gdc_services"].permissions
        assert (permissions.udf, permissions.hosts) == (False, ("*.example.org",))
