"""The user of a token: signature, issuer, audience and times are checked, or the provider is asked."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import re
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gdc_jupyter.errors import GdcError
from gdc_server.identity import OIDC_OWNER
from gdc_server.oidc.providers import Provider
from gdc_server.oidc.remote import Remote

#: Accounts that are kept by their tokens, and seconds for which a token that is refused need not be checked again.
_MOST_KEPT, _REFUSED_SECONDS = 10_000, 5.0
_LONGEST_TOKEN = 16_384
_PLAIN_SUBJECT = re.compile(r"[A-Za-z0-9_.\-]{1,100}")
_NAMES = ("name", "preferred_username", "email")


@dataclass(frozen=True)
class Account:
    """A user: the id under which their things are kept, the provider's id and its own for them, and a name."""

    owner: str
    provider: str
    subject: str
    name: str | None


class Accounts:
    """Knows the users of some providers.

    Parameters
    ----------
    providers : sequence of Provider
    leeway : float
        Seconds that the clocks of provider and server may differ.
    kept : float
        Seconds that a token which is right need not be checked again.
    """

    def __init__(self, providers: Sequence[Provider] = (), leeway: float = 30.0, kept: float = 60.0) -> None:
        self.providers = tuple(providers)
        self._leeway = leeway
        self._kept_seconds = kept
        self._remotes = {provider.id: Remote(provider) for provider in providers}
        self._kept: OrderedDict[bytes, tuple[float, Account | GdcError]] = OrderedDict()

    def close(self) -> None:
        """Close the connections to the providers."""
        for remote in self._remotes.values():
            remote.close()

    async def account(self, provider_id: str, token: str) -> Account:
        """Return the user of a token.

        Raises
        ------
        GdcError
            ``TokenInvalid`` with the reason; ``InfrastructureBusy`` where the provider has to be asked and does not
            answer.
        """
        remote = self._remotes.get(provider_id)
        if remote is None:
            known = ", ".join(self._remotes) or "none"
            raise GdcError("TokenInvalid", f"There is no OpenID Connect provider '{provider_id:.40}'; known: {known}.")
        if len(token) > _LONGEST_TOKEN:
            raise GdcError("TokenInvalid", f"The token is longer than {_LONGEST_TOKEN} characters.")
        key = hashlib.sha256(f"{provider_id}/{token}".encode()).digest()
        until, found = self._kept.get(key, (0.0, None))
        if found is None or until < time.monotonic():
            found = await self._checked(remote, token, key)
        if isinstance(found, GdcError):
            raise found
        return found

    async def named(self, account: Account, token: str) -> Account:
        """Return an account with the name that the provider knows, where the token did not tell one."""
        if account.name is not None:
            return account
        try:
            claims = await self._remotes[account.provider].user_info(token)
        except GdcError:
            claims = None
        # What is said of somebody else does not count.
        same = claims is not None and claims.get("sub") == account.subject
        return replace(account, name=_name(claims or {}) if same else None)

    async def _checked(self, remote: Remote, token: str, key: bytes) -> Account | GdcError:
        found: Account | GdcError
        try:
            claims = await self._claims(remote, token)
            found, seconds = _account(remote.provider, claims), self._seconds_left(claims)
        except GdcError as error:
            if error.code != "TokenInvalid":
                raise
            found, seconds = error, _REFUSED_SECONDS
        self._kept[key] = (time.monotonic() + seconds, found)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return found

    def _seconds_left(self, claims: Mapping[str, Any]) -> float:
        expires = claims.get("exp")
        left = expires + self._leeway - time.time() if isinstance(expires, int | float) else self._kept_seconds
        return min(max(left, 0.0), self._kept_seconds)

    async def _claims(self, remote: Remote, token: str) -> Mapping[str, Any]:
        # The import takes longer than the loop may be held up.
        await asyncio.to_thread(importlib.import_module, "jwt.algorithms")
        header = _header(token)
        if header is not None:
            return await self._signed_claims(remote, token, header)
        claims = await remote.user_info(token) if remote.provider.opaque_tokens else None
        if claims is None:
            raise GdcError("TokenInvalid", "The provider does not know the token, or it has expired. Log in again.")
        return claims

    async def _signed_claims(self, remote: Remote, token: str, header: Mapping[str, Any]) -> Mapping[str, Any]:
        import jwt

        provider, algorithm, name = remote.provider, header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in provider.algorithms:
            allowed = ", ".join(provider.algorithms)
            raise GdcError("TokenInvalid", f"The token is signed by {algorithm!r:.20}; taken are {allowed}.")
        reason: Exception | None = None
        for key in await remote.keys(name if isinstance(name, str) else None, algorithm):
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    jwt.PyJWK(key, algorithm).key,
                    algorithms=[algorithm],
                    issuer=provider.issuer,
                    leeway=self._leeway,
                    options={"require": ["exp", "iss", "sub"], "verify_aud": False},
                )
            except (jwt.PyJWTError, ValueError, TypeError) as error:
                reason = error
                continue
            _check_audience(provider, claims)
            return claims
        raise _refusal(reason)


def _header(token: str) -> Mapping[str, Any] | None:
    """Return the header of a signed token, None for one that only the provider can read."""
    import jwt

    try:
        return jwt.get_unverified_header(token) if token.count(".") == 2 else None
    except (jwt.PyJWTError, ValueError):
        return None


def _check_audience(provider: Provider, claims: Mapping[str, Any]) -> None:
    told = claims.get("aud", [])
    listed = told if isinstance(told, list) else [told]
    audiences = {each for each in listed if isinstance(each, str)}
    if provider.audience:
        if audiences.isdisjoint(provider.audience):
            allowed = ", ".join(f"'{each}'" for each in provider.audience)
            raise GdcError("TokenInvalid", f"The token is not for this server; its audience must be among {allowed}.")
        return
    made_for = audiences | {each for each in (claims.get("azp"), claims.get("client_id")) if isinstance(each, str)}
    if made_for.isdisjoint(provider.clients):
        raise GdcError("TokenInvalid", "The token was made for another client than those that this server knows.")


def _refusal(reason: Exception | None) -> GdcError:
    import jwt

    match reason:
        case None:
            what = "is signed by a key that the provider does not have"
        case jwt.ExpiredSignatureError():
            what = "has expired"
        case jwt.InvalidIssuerError():
            what = "is of another issuer"
        case jwt.ImmatureSignatureError():
            what = "is not valid yet"
        case jwt.MissingRequiredClaimError():
            what = f"does not tell its {reason.claim!r}"
        case _:
            what = "has a wrong signature, or cannot be read"
    return GdcError("TokenInvalid", f"The token {what}. Log in again.")


def _account(provider: Provider, claims: Mapping[str, Any]) -> Account:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise GdcError("TokenInvalid", "The provider does not tell whose token it is.")
    plain = subject if _PLAIN_SUBJECT.fullmatch(subject) else f"~{hashlib.sha256(subject.encode()).hexdigest()[:40]}"
    return Account(f"{OIDC_OWNER}{provider.id}~{plain}", provider.id, subject, _name(claims))


def _name(claims: Mapping[str, Any]) -> str | None:
    return next((claims[name] for name in _NAMES if isinstance(claims.get(name), str) and claims[name]), None)
