"""Tiles of enabled services, without a login: whoever knows the address, which cannot be guessed, sees them."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs.model import Service
from gdc_server import wmts
from gdc_server.api.base import ApiHandler
from gdc_server.api.services import tile_template

PNG = "image/png"
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
#: Clients ask again after so many seconds, with the tag of what they have.
_FRESH_SECONDS = 60


class TileHandler(ApiHandler):
    """Tiles by zoom, column and row."""

    # Map programs may send a login that is meant for others.
    own_authorization = True
    _work: asyncio.Task[bytes] | None = None

    @allow_unauthenticated
    async def get(self, service_id: str, zoom: str, x: str, y: str) -> None:
        """Send a tile."""
        service = await self.services.tiles.service(service_id)
        numbers = [_position(name, text) for name, text in (("z", zoom), ("x", x), ("y", y))]
        await self.send_tile(service, *numbers)

    @allow_unauthenticated
    async def head(self, *path: str) -> None:
        """Tell size and tag of what `get` sends."""
        await self.get(*path)

    async def send_tile(self, service: Service, zoom: int, x: int, y: int) -> None:
        """Send a tile, which is not made where the client goes."""
        tile = self.services.tiles.kept(service, zoom, x, y)
        if tile is None:
            self._work = asyncio.create_task(self.services.tiles.tile(service, zoom, x, y))
            try:
                tile = await self._work
            except asyncio.CancelledError:
                self._finished = True
                return
        self.set_header("Content-Type", PNG)
        self.set_header("Cache-Control", f"public, max-age={_FRESH_SECONDS}")
        self.finish(tile)

    def on_connection_close(self) -> None:
        """End the work of a client that has gone."""
        super().on_connection_close()
        if self._work is not None:
            self._work.cancel()


class WmtsHandler(TileHandler):
    """A service by the WMTS protocol, version 1.0.0, by key and value."""

    @allow_unauthenticated
    async def get(self, service_id: str) -> None:  # type: ignore[override]
        """Answer GetCapabilities and GetTile."""
        service = await self.wmts_service(service_id)
        asked = {name.lower(): self.get_query_argument(name) for name in self.request.query_arguments}
        operation = wmts.operation(asked)
        if operation == "GetCapabilities":
            self.send_capabilities(service)
            return
        zoom, x, y = wmts.tile_of(asked, service)
        try:
            await self.send_tile(service, zoom, x, y)
        except GdcError as error:
            if error.code == "TileNotFound":
                raise wmts.WmtsError("TileOutOfRange", error.message, "TileMatrix") from None
            raise

    async def wmts_service(self, service_id: str) -> Service:
        """Return an enabled service of the type WMTS."""
        service = await self.services.tiles.service(service_id)
        if service.type != "WMTS":
            raise GdcError(
                "ServiceNotFound", f"The service '{service_id}' is of the type {service.type}, and not WMTS."
            )
        return service

    def send_capabilities(self, service: Service) -> None:
        """Send the capabilities document."""
        tiles = tile_template(service, self.links, ("TileMatrix", "TileCol", "TileRow"))
        self.set_header("Content-Type", wmts.MEDIA_TYPE)
        self.finish(wmts.capabilities(service, self.links.url("wmts", service.id), tiles))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write an error as an OWS exception report."""
        error: GdcError = kwargs["gdc_error"]
        self.set_header("Content-Type", wmts.MEDIA_TYPE)
        self.finish(wmts.exception_report(error))


class WmtsCapabilitiesHandler(WmtsHandler):
    """The capabilities of a service, at an address of their own."""

    @allow_unauthenticated
    async def get(self, service_id: str) -> None:  # type: ignore[override]
        """Send them."""
        self.send_capabilities(await self.wmts_service(service_id))


def _position(name: str, text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise GdcError("TileNotFound", f"'{name}' must be a whole number from 0, not {text[:40]!r}.")
    return int(text)
