"""What all routes of OUS share: versions, who asks, errors as lists, and headers."""

from __future__ import annotations

import time
from functools import cached_property
from typing import Any

import orjson
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.ous import messages
from gdc_jupyter.opendap.ous.addresses import LATER_VENDOR, OusError
from gdc_jupyter.opendap.ous.metadata import Source
from gdc_jupyter.opendap.ous.parameters import ParametersInvalid
from gdc_jupyter.opendap.ous.versions import DEFAULT, VENDOR, VERSIONS, Accepted, accepted
from gdc_server.api import errors
from gdc_server.api.base import ApiHandler
from gdc_server.identity import open_to_all
from gdc_server.opendap.service import OusService


class OusHandler(ApiHandler):
    """A route of OUS."""

    def initialize(self, prefix: str = "opendap") -> None:
        """Keep below which name the route was reached; the later name of the service comes with later defaults."""
        self.prefix = prefix
        self.started = time.perf_counter()
        self.cmr_token = ""

    def set_default_headers(self) -> None:
        """Add the media type."""
        super().set_default_headers()
        self.set_header("Cmr-Media-Type", self.accepted.media_type)
        self.set_header("Access-Control-Expose-Headers", "CMR-Hits, CMR-Took, CMR-Search-After, Cmr-Media-Type")

    @cached_property
    def accepted(self) -> Accepted:
        """The version and the format that the client asks for."""
        later = self.request.path.removeprefix(self.base_url).startswith("service-bridge")
        defaults = (LATER_VENDOR, "v3") if later else (VENDOR, DEFAULT)
        return accepted(self.request.headers.get("Accept", ""), *defaults)

    @property
    def ous(self) -> OusService:
        """The service."""
        service: OusService = self.services.ous
        return service

    async def admit(self) -> None:
        """Refuse versions that there are not."""
        await super().admit()
        if not self.accepted.known:
            raise GdcError(
                "NotAcceptable", f"There is no version '{self.accepted.version}'; there are {', '.join(VERSIONS)}."
            )

    async def _identify(self) -> None:
        # An Echo-Token is this server's own, or else one for CMR, which knows what to think of it.
        echo = self.request.headers.get("Echo-Token", "").strip()
        told = self.request.headers.get("Authorization", "")
        if echo and not told:
            self.request.headers["Authorization"] = f"token {echo}"
        try:
            await super()._identify()
        except GdcError as error:
            if error.code != "TokenInvalid" or told or not self.ous.cmr_url:
                raise
            self.cmr_token = echo
        else:
            self.cmr_token = echo if told else ""

    async def own_metadata(self) -> Source | None:
        """Return the metadata of the server's own collections, None for who is known to CMR alone."""
        if self.viewer is None and self.cmr_token:
            return None
        catalog, server = await self.catalog(), self.links.server

        def own() -> Source:
            from gdc_jupyter.opendap.ous.own import OwnCollections

            return OwnCollections(catalog, server)

        return await self.in_thread(own)

    def require(self) -> None:
        """Refuse who has no token.

        Raises
        ------
        OusError
        """
        if self.viewer is None and not self.cmr_token and not open_to_all(self.identity_provider):
            later = self.prefix == "service-bridge"
            raise OusError(messages.NO_VALID_TOKEN if later else messages.NO_TOKEN)

    def require_administrator(self) -> None:
        """Refuse who is no administrator.

        Raises
        ------
        OusError
        """
        self.require()
        if not (self.viewer is not None and self.ous.is_administrator(self.viewer)):
            raise OusError(messages.NO_PERMISSION)

    @allow_unauthenticated
    def options(self, *_: Any, **__: Any) -> None:
        """Answer a browser's preflight request."""
        asked = self.request.headers.get("Access-Control-Request-Headers", "")
        self.set_header("Access-Control-Allow-Methods", "POST, PUT, GET, DELETE, OPTIONS")
        self.set_header("Access-Control-Allow-Headers", asked or "Content-Type")
        self.set_header("Access-Control-Max-Age", "2592000")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish()

    def took(self) -> float:
        """Return the seconds since the request came."""
        return round(time.perf_counter() - self.started, 6)

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer an error as a list of messages."""
        status, told = self._told(status_code, kwargs.get("exc_info"))
        JupyterHandler.send_error(self, status, ous_errors=told, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write the list."""
        self.set_header("Content-Type", "application/json")
        self.set_header("CMR-Took", str(self.took()))
        self.finish(orjson.dumps({"errors": kwargs["ous_errors"]}))

    def _told(self, status: int, exc_info: Any) -> tuple[int, list[str]]:
        match exc_info[1] if exc_info else None:
            case OusError() as error:
                return error.status, error.errors
            case ParametersInvalid() as error:
                return messages.status_of(error.errors), error.errors
            case GdcError() as error if error.code == "AuthenticationRequired":
                return 403, [messages.NO_TOKEN]
            case GdcError() as error:
                return errors.status_of(error.code), [error.message]
            case web.HTTPError() as error if error.status_code < 500:
                return error.status_code, [error.log_message or f"HTTP Error status code: {error.status_code}."]
        return status, [f"HTTP Error status code: {status}. The server's log tells more under {self.error_number}."]

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what went wrong here, and what the client did wrong only for debugging."""
        if isinstance(value, OusError | ParametersInvalid):
            self.log.debug("%s %s: %s", self.request.method, self.request.path, value)
        else:
            super().log_exception(typ, value, tb)
