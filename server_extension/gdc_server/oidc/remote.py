"""What a provider says over the network: where its endpoints are, its keys, and who has a token. Kept for a while."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPResponse

from gdc_jupyter.errors import GdcError
from gdc_server.oidc.providers import Provider

_log = logging.getLogger("gdc")
#: Seconds that endpoints and keys are kept, that pass before keys are asked for again because of an unknown one, and
#: before a provider that has failed is asked again.
CONFIGURATION_SECONDS, KEY_SECONDS, REFRESH_SECONDS, RETRY_SECONDS = 3600.0, 600.0, 30.0, 5.0
_CONNECT_SECONDS, _ANSWER_SECONDS, _MOST_BYTES = 5.0, 10.0, 1 << 20
_KEY_TYPES = {"RSA": ("RS", "PS"), "EC": ("ES",), "OKP": ("Ed",)}
#: Questions about opaque tokens that are asked at the same time, and that may wait.
_AT_ONCE, _MOST_WAITING = 8, 100


class Remote:
    """One provider, asked over the network."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._client: AsyncHTTPClient | None = None
        self._lock = asyncio.Lock()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        self._configuration: dict[str, Any] = {}
        self._configured = self._keyed = self._failed = float("-inf")
        self._keys: list[dict[str, Any]] = []

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    async def keys(self, name: str | None, algorithm: str) -> list[dict[str, Any]]:
        """Return the public keys, as JSON Web Keys, that may have made a signature.

        Parameters
        ----------
        name : str or None
            The key's id, where the token tells it.
        algorithm : str
            That of the signature.

        Raises
        ------
        GdcError
            ``InfrastructureBusy`` where the provider does not answer.
        """
        found = _suitable(self._keys, name, algorithm)
        if found and time.monotonic() - self._keyed <= KEY_SECONDS:
            return found
        async with self._lock:
            if time.monotonic() - self._keyed > KEY_SECONDS:
                await self._kept(self._fetch_keys, bool(self._keys))
            found = _suitable(self._keys, name, algorithm)
            # A provider that has new keys signs with them at once.
            if not found and time.monotonic() - self._keyed > REFRESH_SECONDS:
                await self._kept(self._fetch_keys, bool(self._keys))
                found = _suitable(self._keys, name, algorithm)
            return found

    async def user_info(self, token: str) -> dict[str, Any] | None:
        """Return what the provider says of who has a token, None where it does not know it.

        Raises
        ------
        GdcError
            ``InfrastructureBusy`` where the provider does not answer, or is asked too much.
        """
        if self._waiting >= _MOST_WAITING:
            raise self._busy("is asked about too many tokens at once")
        self._waiting += 1
        try:
            async with self._slots:
                return await self._ask_user_info(token)
        finally:
            self._waiting -= 1

    async def _ask_user_info(self, token: str) -> dict[str, Any] | None:
        async with self._lock:
            endpoint = (await self._configured_endpoints()).get("userinfo_endpoint")
        if not isinstance(endpoint, str):
            return None
        try:
            return await self._get(endpoint, token)
        except HTTPClientError as error:
            if error.code in (400, 401, 403):
                return None
            raise self._told(error) from None
        except (OSError, ValueError) as error:
            raise self._told(error) from None

    async def _configured_endpoints(self) -> dict[str, Any]:
        if time.monotonic() - self._configured > CONFIGURATION_SECONDS:
            await self._kept(self._fetch_configuration, bool(self._configuration))
        return self._configuration

    async def _fetch_configuration(self) -> None:
        found = await self._get(f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration", redirects=True)
        if found.get("issuer") != self.provider.issuer:
            raise ValueError(f"it calls itself {found.get('issuer')!r:.100}, not {self.provider.issuer!r}")
        secure = self.provider.issuer.startswith("https:")
        for name in ("jwks_uri", "userinfo_endpoint"):
            if name in found and not str(found[name]).startswith("https:" if secure else ("https:", "http:")):
                raise ValueError(f"its {name!r} is not secure")
        self._configuration, self._configured = found, time.monotonic()

    async def _fetch_keys(self) -> None:
        endpoints = await self._configured_endpoints()
        keys = (await self._get(str(endpoints.get("jwks_uri", "")))).get("keys")
        if not isinstance(keys, list):
            raise ValueError("its keys cannot be read")
        self._keys = [key for key in keys if isinstance(key, dict) and key.get("kty") in _KEY_TYPES]
        self._keyed = time.monotonic()

    async def _kept(self, fetch: Callable[[], Awaitable[None]], known: bool) -> None:
        """Fetch anew; what is known goes on to count where that fails."""
        if time.monotonic() - self._failed < RETRY_SECONDS:
            if known:
                return
            raise self._busy("does not answer")
        try:
            await fetch()
        except (HTTPClientError, OSError, ValueError) as error:
            self._failed = time.monotonic()
            told = self._told(error)
            if not known:
                raise told from None

    async def _get(self, url: str, token: str = "", redirects: bool = False) -> dict[str, Any]:
        if self._client is None:
            self._client = AsyncHTTPClient(force_instance=True, max_body_size=_MOST_BYTES)
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        answer: HTTPResponse = await self._client.fetch(
            url,
            headers=headers,
            connect_timeout=_CONNECT_SECONDS,
            request_timeout=_ANSWER_SECONDS,
            follow_redirects=redirects,
            max_redirects=3,
        )
        found = orjson.loads(answer.body)
        if not isinstance(found, dict):
            raise ValueError("its answer is no JSON object")
        return found

    def _told(self, error: Exception) -> GdcError:
        if isinstance(error, GdcError):
            return error
        _log.warning("The OpenID Connect provider %s: %s", self.provider.id, error)
        return self._busy("does not answer as it should")

    def _busy(self, what: str) -> GdcError:
        return GdcError(
            "InfrastructureBusy",
            f"The OpenID Connect provider '{self.provider.id}' {what}, so that tokens cannot be checked. Try later.",
        )


def _suitable(keys: list[dict[str, Any]], name: str | None, algorithm: str) -> list[dict[str, Any]]:
    return [
        key
        for key in keys
        if algorithm.startswith(_KEY_TYPES[key["kty"]])
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (name is None or key.get("kid") == name)
    ]
