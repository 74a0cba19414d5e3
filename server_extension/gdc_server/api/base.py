"""What all handlers share: who asks, error bodies, CORS, JSON in and out."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import orjson
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.auth.identity import User
from tornado import web
from tornado.iostream import StreamClosedError

from gdc_jupyter.answers import Stream
from gdc_jupyter.errors import GdcError
from gdc_server import contract, long_bodies
from gdc_server.api import errors
from gdc_server.api.bodies import SLOWEST_SECONDS, BodyHandler
from gdc_server.api.links import Links
from gdc_server.api.negotiation import HTML, JSON, Offer, choose
from gdc_server.identity import oidc_token, open_to_all, owner_of, plain_authorization
from gdc_server.oidc.accounts import Account, Accounts
from gdc_server.services import Services

if TYPE_CHECKING:
    from gdc_jupyter.catalog.catalog import Catalog

_T = TypeVar("_T")
#: What scripts of web pages may read beside what all may.
_EXPOSED = (
    "Link, Location, OpenEO-Costs, OpenEO-Identifier, GDC-Identifier, Accept-Ranges, Allow, Content-Bbox, Content-Crs, "
    "Content-Disposition, Content-Range, ETag, Preference-Applied, WWW-Authenticate"
)
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class ApiHandler(BodyHandler):
    """A handler of the API. Its verbs are public or need a user, by `allow_unauthenticated` or `authenticated`."""

    _is_page = False
    #: Whether the Authorization header is left to the handler.
    own_authorization = False
    #: The user of an OpenID Connect provider, if it is one who asks.
    account: Account | None = None

    async def admit(self) -> None:
        """Find out who asks, and refuse what cannot be answered."""
        if self.request.method == "OPTIONS":
            return
        verb = getattr(self, str(self.request.method).lower())
        if (
            verb == self._unimplemented_method
            or getattr(verb, "__func__", None) is web.RequestHandler._unimplemented_method
        ):
            self.set_header("Allow", ", ".join(self.implemented_methods()))
            raise GdcError(
                "MethodNotAllowed",
                f"{self.request.method} is not possible here; possible are {', '.join(self.implemented_methods())}.",
            )
        if not self.check_host():
            raise GdcError("PermissionsInsufficient", "This server does not answer under this host name.")
        await self._identify()
        if self.current_user is None and not getattr(verb, "__allow_unauthenticated", False):
            others = f", or with one of a provider of {self.links.url('credentials', 'oidc')}" if self.accounts else ""
            raise GdcError(
                "AuthenticationRequired",
                "Log in first: send 'Authorization: Bearer basic//TOKEN' with the token of the Jupyter server"
                f"{others}.",
            )

    def largest_body(self) -> int:
        """Return how many bytes a body may have."""
        return self.services.limits.max_body_bytes

    async def _identify(self) -> None:
        header = self.request.headers.get("Authorization", "")
        if self.accounts and not self.own_authorization and (told := oidc_token(header)):
            await self._identify_account(*told)
            return
        if header and not self.own_authorization:
            self.request.headers["Authorization"] = plain_authorization(header)
        try:
            await super().admit()
        except web.HTTPError as error:
            if self.current_user is not None or error.status_code != 403:
                raise
        # Who sends a token means it: a wrong one is not made good by a cookie.
        explicit = bool(header) and not self.own_authorization
        if explicit and not self.token_authenticated and not open_to_all(self.identity_provider):
            raise GdcError("TokenInvalid", "The token is wrong or has expired. Log in again.")

    async def _identify_account(self, provider: str, token: str) -> None:
        # Such a user is known to this API alone: kernels and notebooks are none of theirs.
        self.current_user = self._jupyter_current_user = None
        assert self.accounts is not None
        self.account = await self.accounts.account(provider, token)
        user = User(self.account.owner, name=self.account.name or self.account.subject)
        self.current_user = self._jupyter_current_user = user

    @property
    def accounts(self) -> Accounts | None:
        """The users of OpenID Connect providers, where there are any."""
        accounts = self.services.accounts
        return accounts if accounts.providers else None

    def check_xsrf_cookie(self) -> None:
        """Check the XSRF token of calls that a cookie authenticates; public ones change nothing."""
        # Before it is known who asks, tornado calls this as well.
        if getattr(self, "_jupyter_current_user", None) is not None:
            super().check_xsrf_cookie()

    def set_cookie(self, name: str, value: Any, *args: Any, **kwargs: Any) -> None:
        """Set none: what an API client sends is always enough by itself."""

    @classmethod
    def implemented_methods(cls) -> list[str]:
        """Return the verbs that the handler has."""
        unimplemented = web.RequestHandler._unimplemented_method
        return [name for name in _METHODS if getattr(cls, name.lower()) is not unimplemented]

    def set_default_headers(self) -> None:
        """Add what every answer carries, errors included."""
        super().set_default_headers()
        self.set_header("Access-Control-Allow-Origin", self.settings.get("allow_origin") or "*")
        self.set_header("Access-Control-Expose-Headers", _EXPOSED)

    def set_cors_headers(self) -> None:
        """Leave the headers as they are: the API needs no exception for those who sent a token."""

    @property
    def content_security_policy(self) -> str:
        """The policy of answers: nothing, but for the style and the pictures of this server where it is a page."""
        own = "; style-src 'self'; img-src 'self'" if self._is_page else ""
        return f"{super().content_security_policy}; default-src 'none'{own}"

    @allow_unauthenticated
    def options(self, *_: Any, **__: Any) -> None:
        """Answer a browser's preflight request."""
        asked = self.request.headers.get("Access-Control-Request-Headers", "")
        allowed = {"authorization": "Authorization", "content-type": "Content-Type", "x-xsrftoken": "X-XSRFToken"}
        allowed |= {name.strip().lower(): name.strip() for name in asked.split(",") if name.strip()}
        self.set_header("Access-Control-Allow-Headers", ", ".join(allowed.values()))
        self.set_header("Access-Control-Allow-Methods", ", ".join(["OPTIONS", *self.implemented_methods()]))
        self.set_header("Access-Control-Max-Age", "600")
        self.set_header("Content-Type", "application/json")
        self.set_status(204)

    def _clear_representation_headers(self) -> None:
        # Of answers without a body only those to preflight requests are to have a media type.
        if self.request.method != "OPTIONS":
            super()._clear_representation_headers()

    @property
    def services(self) -> Services:
        """The toolkit."""
        services: Services = self.settings["gdc_services"]
        return services

    @cached_property
    def links(self) -> Links:
        """The maker of addresses for this request."""
        server = self.serverapp
        trust = bool(server is not None and server.trust_xheaders)
        return Links(self.request, self.base_url, self.settings.get("gdc_public_url", ""), trust)

    @property
    def owner(self) -> str:
        """Whose jobs the request is about."""
        return self.account.owner if self.account else owner_of(self.identity_provider, self.current_user)

    @property
    def viewer(self) -> str | None:
        """Who asks, None where nobody has logged in."""
        return self.owner if self.current_user is not None else None

    async def catalog(self) -> Catalog:
        """Return the catalogue as who asks may see it."""
        return (await self.services.catalog()).seen_by(self.viewer)

    async def read_json(self, operation: str) -> dict[str, Any]:
        """Return the body, checked against the contract.

        Parameters
        ----------
        operation : str
            The operation's id in the contract.

        Raises
        ------
        GdcError
            ``RequestInvalid``, ``ProcessGraphMissing`` or ``ProcessGraphInvalid``, with the place in the body and what
            would be right.
        """
        body = self.request.body
        if len(body) > long_bodies.LONG and operation != "search-items-by-body":
            return await long_bodies.read((await self.services.queue()).warm, body, operation)
        return await self.services.compute(partial(contract.read, body, operation))

    async def in_thread(self, work: Callable[[], _T]) -> _T:
        """Return what ``work`` returns, with the loop free meanwhile."""
        return await asyncio.to_thread(work)

    def integer(self, name: str, minimum: int = 1) -> int | None:
        """Return a whole number of the query, None where it is not given or empty."""
        text = self.get_query_argument(name, "")
        if not text:
            return None
        if not _WHOLE_NUMBER.fullmatch(text) or int(text) < minimum:
            raise GdcError(
                "RequestInvalid", f"The parameter '{name}' must be a whole number from {minimum}; it is '{text}'."
            )
        return int(text)

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """Return a query parameter that must be one of ``allowed``."""
        text = self.get_query_argument(name, "") or default
        if text not in allowed:
            raise GdcError(
                "RequestInvalid", f"The parameter '{name}' must be one of {', '.join(allowed)}; it is '{text}'."
            )
        return text

    def limit(self, for_people: int | None = None) -> int | None:
        """Return how many elements a page may have, None for all.

        Parameters
        ----------
        for_people : int, optional
            How many where HTML is wanted and no limit is given: nobody reads thousands.
        """
        limit = self.integer("limit")
        if limit is None and self.format(JSON, HTML) is HTML:
            limit = for_people
        return None if limit is None else min(limit, self.services.limits.max_page)

    def format(self, *offers: Offer) -> Offer:
        """Return the format that the client wants, the first where it does not say."""
        self.set_header("Vary", "Accept")
        return choose(offers, self.get_query_argument("f", None), self.request.headers.get("Accept", ""))

    async def send_stream(self, answer: Stream) -> None:
        """Send the bytes of an answer as they come."""
        self.set_header("Content-Type", answer.head["media_type"])
        for name, value in answer.head.get("headers", {}).items():
            self.set_header(name, value)
        try:
            async for chunk in answer.chunks():
                self.write(chunk)
                async with asyncio.timeout(SLOWEST_SECONDS):
                    await self.flush()
            await self.finish()
        except (StreamClosedError, TimeoutError):
            self.break_off()
        except GdcError:
            if not self._headers_written:
                raise
            # It cannot be told any more; that the end is missing tells that it is not all.
            self.log.warning("%s %s was broken off", self.request.method, self.request.path, exc_info=True)
            self.break_off()

    async def send_as(self, page: str, body: Any, offer: Offer = JSON, also: dict[str, Any] | None = None) -> None:
        """Send what the client wants: the body, or a page that shows it; both may be long, and are made in a thread.

        Parameters
        ----------
        page : str
            The name of the page.
        body : Any
            The body.
        offer : Offer
            The format of the body.
        also : dict, optional
            What the page needs beside the body.
        """
        if self.format(offer, HTML) is not HTML:
            await self.send_long(body, offer.media_type)
            return
        self._begin_page()
        self.finish(await self.services.compute(lambda: self._page(page, orjson.loads(_as_json(body)) | (also or {}))))

    async def send_page(self, page: str, body: Any) -> None:
        """Send a page."""
        self._begin_page()
        self.finish(await self.services.compute(lambda: self._page(page, body)))

    def _begin_page(self) -> None:
        self._is_page = True
        self.set_header("Content-Security-Policy", self.content_security_policy)
        self.set_header("Content-Type", "text/html; charset=utf-8")

    def _page(self, page: str, body: Any) -> str:
        from gdc_server.pages import render

        query = {name: values[-1].decode("utf-8", "replace") for name, values in self.request.query_arguments.items()}
        asked = urlencode({name: value for name, value in query.items() if name not in ("f", "token")})
        address = f"{self.links.server}/{self.request.path.removeprefix(self.base_url)}{f'?{asked}' if asked else ''}"
        return render(page, body, self.links.root, address, self.viewer)

    async def send_long(self, body: Any, media_type: str = "application/json") -> None:
        """Send JSON that may be long, and is written in a thread."""
        text = await self.services.compute(lambda: _as_json(body))
        self.set_header("Content-Type", media_type)
        self.finish(text)

    def send(self, body: Any, media_type: str = "application/json", status: int = 200) -> None:
        """Send JSON."""
        self.set_status(status)
        self.set_header("Content-Type", media_type)
        self.finish(_as_json(body))

    @cached_property
    def error_number(self) -> str:
        """The id under which an error of this request is logged and answered."""
        return str(uuid.uuid4())

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer an error with the status of its code."""
        error = as_gdc_error(status_code, kwargs.get("exc_info"), self.error_number)
        super().send_error(errors.status_of(error.code), gdc_error=error, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write an error in openEO's shape."""
        error: GdcError = kwargs["gdc_error"]
        if error.code == "MethodNotAllowed":
            self.set_header("Allow", ", ".join(self.implemented_methods()))
        if error.code == "AuthenticationRequired":
            self.set_header("WWW-Authenticate", "Bearer")
        body = errors.body_of(error, self.error_number)
        if self._wants_page():
            self._begin_page()
            self.finish(self._page("error", body))
            return
        self.set_header("Content-Type", "application/json")
        self.finish(orjson.dumps(body))

    def _wants_page(self) -> bool:
        """Tell whether a browser asks, which shows pages; to other clients errors are JSON, with `f=html` as well."""
        wants_other = self.get_query_argument("f", "html") != "html"
        return self.request.headers.get("Accept", "").startswith("text/html") and not wants_other

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what went wrong here with its traceback, and what the client did wrong only for debugging."""
        if isinstance(value, GdcError | web.HTTPError):
            self.log.debug("%s %s: %s", self.request.method, self.request.path, value)
        else:
            self.log.error(
                "%s %s, error %s", self.request.method, self.request.path, self.error_number, exc_info=(typ, value, tb)
            )


class UnknownPathHandler(ApiHandler):
    """Answers what is not there."""

    @allow_unauthenticated
    def get(self, *_: str) -> None:
        """Say that it is not there."""
        raise GdcError("NotFound", f"There is nothing at {self.request.path}; {self.links.url()} lists what there is.")

    @allow_unauthenticated
    def head(self, *_: str) -> None:
        """Say that it is not there."""
        self.get()

    @allow_unauthenticated
    def post(self, *_: str) -> None:
        """Say that it is not there."""
        self.get()

    @allow_unauthenticated
    def put(self, *_: str) -> None:
        """Say that it is not there."""
        self.get()

    @allow_unauthenticated
    def patch(self, *_: str) -> None:
        """Say that it is not there."""
        self.get()

    @allow_unauthenticated
    def delete(self, *_: str) -> None:
        """Say that it is not there."""
        self.get()


def _as_json(body: Any) -> bytes:
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)


def as_gdc_error(status: int, exc_info: Any, number: str) -> GdcError:
    """Return what an answer with a status tells, of an exception that others need not know no more than a number."""
    error = exc_info[1] if exc_info else None
    if isinstance(error, GdcError):
        return error
    if isinstance(error, web.HTTPError) and error.status_code < 500:
        code = errors.CODES.get(error.status_code, "RequestInvalid")
        return GdcError(code, str(error.log_message or error.reason or "The request cannot be answered."))
    return GdcError("Internal", f"Something went wrong on the server; its log tells more under the id {number}.")
