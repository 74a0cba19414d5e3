"""Logging in, and who one is."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import authenticated

from gdc_jupyter.errors import GdcError
from gdc_server.api.base import ApiHandler
from gdc_server.identity import LOCAL_OWNER, oidc_token, open_to_all, password_of


class BasicHandler(ApiHandler):
    """Exchanges user name and password, which is the Jupyter server's token, for an access token."""

    own_authorization = True

    async def admit(self) -> None:
        """Let the password count, and nothing else: a cookie would make a wrong one right."""
        if self.request.method == "GET":
            self.password = password_of(self.request.headers.get("Authorization", ""))
            self.request.headers["Authorization"] = f"token {self.password}"
        await super().admit()

    @allow_unauthenticated
    def get(self) -> None:
        """Answer with the token to be sent as ``Bearer basic//TOKEN``."""
        if not (self.token_authenticated or open_to_all(self.identity_provider)):
            raise GdcError(
                "CredentialsInvalid", "The password is wrong: it is the token that the Jupyter server was started with."
            )
        self.set_header("Cache-Control", "no-store")
        self.send({"access_token": self.password})


class OidcHandler(ApiHandler):
    """OpenID Connect providers."""

    @allow_unauthenticated
    def get(self) -> None:
        """List them; there is none where none is configured."""
        self.send({"providers": [provider.describe() for provider in self.services.accounts.providers]})


class MeHandler(ApiHandler):
    """The user."""

    @authenticated
    async def get(self) -> None:
        """Tell the id under which jobs are kept, the name, and how much room there is for files."""
        name = await self._name()
        links = [self.links.link("self", "me"), self.links.link("related", "files", title="Uploaded files")]
        account: dict[str, Any] = {"user_id": self.owner, "name": name, "links": links}
        folder = self.services.user_folder(self.owner)
        if folder.quota:
            used = await asyncio.to_thread(folder.used)
            account["storage"] = {"quota": folder.quota, "free": max(folder.quota - used, 0)}
        self.send(account)

    async def _name(self) -> str:
        told = oidc_token(self.request.headers.get("Authorization", ""))
        if self.accounts and self.account and told:
            return (await self.accounts.named(self.account, told[1])).name or self.account.subject
        # A server without users makes a name up for each visit.
        return self.owner if self.owner == LOCAL_OWNER else str(self.current_user.display_name)
