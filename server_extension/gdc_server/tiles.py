"""Tiles of secondary services: from memory, else from warm workers; what fails is told in the service's log."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from gdc_jupyter.cube.color_names import ANCHORS
from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs.model import LEVELS, Service
from gdc_jupyter.jobs.service_types import has_expired, tile_size, zooms

if TYPE_CHECKING:
    from gdc_server.services import Services

#: Tiles that are kept: in bytes, and for how long, for files may change.
_TILE_BYTES, _TILE_SECONDS = 64 << 20, 300.0
#: How long a service is taken to be as it was, for another server may change it.
_SERVICE_SECONDS = 1.0
_MOST_SERVICES, _MOST_RANGES, _MOST_REASONS = 1000, 1000, 1000
#: Entries of a service's log for the same reason, and for any, are this far apart.
_SECONDS_BETWEEN_SAME, _SECONDS_BETWEEN_LOGS = 60.0, 1.0


class Tiles:
    """Makes and keeps tiles.

    Parameters
    ----------
    services : gdc_server.services.Services
        The toolkit as the server uses it.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: OrderedDict[str, tuple[Service, float]] = OrderedDict()
        self._kept: OrderedDict[tuple[Any, ...], tuple[bytes, float]] = OrderedDict()
        self._bytes = 0
        self._colors: OrderedDict[tuple[str, str], asyncio.Task[dict[str, Any]]] = OrderedDict()
        self._told: OrderedDict[tuple[str, ...], float] = OrderedDict()

    async def service(self, service_id: str) -> Service:
        """Return an enabled service of anybody.

        Raises
        ------
        GdcError
            ``ServiceNotFound``.
        """
        known = self._known.get(service_id)
        if known is None or known[1] < time.monotonic():
            store = await self._services.service_store()
            service = await asyncio.to_thread(store.get, service_id, None)
            known = self._known[service_id] = service, time.monotonic() + _SERVICE_SECONDS
            _shorten(self._known, _MOST_SERVICES)
        if not known[0].enabled:
            raise GdcError("ServiceNotFound", f"The service '{service_id}' is not enabled.")
        if has_expired(known[0].configuration):
            raise GdcError("ServiceNotFound", f"The service '{service_id}' has expired.")
        return known[0]

    def prepare(self, service: Service) -> None:
        """Begin to find out the colours of a new service, which its first tile needs."""
        if service.enabled and not service.configuration.get("range"):
            self._colors_of(service)

    def legend(self, service: Service) -> dict[str, Any]:
        """Return ``range``, the values of the first and the last colour, and ``colors``, as far as they are known.

        What is not configured is found out for the first tile.
        """
        colors = service.configuration
        if not colors.get("range"):
            task = self._colors.get((service.id, service.updated))
            if task is None or not task.done() or task.cancelled() or task.exception() is not None:
                return {}
            colors = {name: value for name, value in task.result().items() if value is not None} | colors
        told: dict[str, Any] = {"range": colors["range"]}
        if len(service.attributes.get("bands", ())) < 3:
            name = colors.get("colormap") or "gray"
            anchors = ANCHORS[name] if isinstance(name, str) else name
            told["colors"] = [f"#{color.removeprefix('#')}" for color in anchors]
        return told

    def forget(self, service_id: str) -> None:
        """Look at a service anew, for it was changed."""
        self._known.pop(service_id, None)

    def kept(self, service: Service, zoom: int, x: int, y: int) -> bytes | None:
        """Return a tile that is kept.

        Raises
        ------
        GdcError
            ``TileNotFound`` where there is no such tile.
        """
        self._check(service, zoom, x, y)
        key = service.id, service.updated, zoom, x, y
        found = self._kept.get(key)
        if found is None or found[1] < time.monotonic():
            return None
        self._kept.move_to_end(key)
        return found[0]

    async def tile(self, service: Service, zoom: int, x: int, y: int) -> bytes:
        """Return a tile as PNG.

        Raises
        ------
        GdcError
            What the graph raises, ``RequestTimeout`` or ``InfrastructureBusy``.
        """
        kept = self.kept(service, zoom, x, y)
        if kept is not None:
            return kept
        seconds = self._services.limits.tile_timeout
        try:
            async with asyncio.timeout(seconds):
                made = await self._make(service, zoom, x, y)
        except TimeoutError:
            message = (
                f"The tile took longer than the {seconds:g} s that one may. Load fewer dates or bands, or zoom in."
            )
            await self.tell(service, "RequestTimeout", message, zoom, x, y)
            raise GdcError("RequestTimeout", message) from None
        except GdcError as error:
            await self.tell(service, error.code, error.message, zoom, x, y)
            raise
        self._keep((service.id, service.updated, zoom, x, y), made)
        return made

    async def tell(self, service: Service, code: str, message: str, zoom: int, x: int, y: int) -> None:
        """Note in a service's log that a tile failed, unless there is an entry of late."""
        now = time.monotonic()
        ids = (service.id, code, message), (service.id,)
        waits = _SECONDS_BETWEEN_SAME, _SECONDS_BETWEEN_LOGS
        if any(now - self._told.get(key, -wait) < wait for key, wait in zip(ids, waits, strict=True)):
            return
        for key in ids:
            self._told[key] = now
            self._told.move_to_end(key)
        _shorten(self._told, _MOST_REASONS)
        level = "warning" if code == "InfrastructureBusy" else "error"
        if LEVELS.index(level) <= LEVELS.index(service.log_level):
            store = await self._services.service_store()
            where = {"zoom": zoom, "x": x, "y": y}
            await asyncio.to_thread(store.add_log, service.id, level, f"A tile failed: {message}", code, where)

    def _check(self, service: Service, zoom: int, x: int, y: int) -> None:
        low, high = zooms(service.type, service.configuration, service.attributes.get("zoom", 0))
        if not low <= zoom <= high:
            raise GdcError("TileNotFound", f"There are tiles of zoom {low} to {high}, and none of {zoom}.")
        for name, value in (("x", x), ("y", y)):
            if not 0 <= value < 2**zoom:
                raise GdcError("TileNotFound", f"At zoom {zoom}, {name} is from 0 to {2**zoom - 1}, and not {value}.")

    async def _make(self, service: Service, zoom: int, x: int, y: int) -> bytes:
        configuration = service.configuration
        if not configuration.get("range"):
            colors = await self._default_colors(service)
            configuration = colors | configuration | {"range": colors["range"]}
        window = {"tile": [zoom, x, y], "size": tile_size(configuration)}
        queue = await self._services.queue()
        asked = self._asked(service) | {"configuration": configuration}
        async with queue.warm.answer("tile", **asked, window=window) as answer:
            return b"".join([chunk async for chunk in answer.chunks()])

    async def _default_colors(self, service: Service) -> dict[str, Any]:
        """Return the range and colours that are not configured, asked once for all tiles."""
        found = await asyncio.shield(self._colors_of(service))
        return {name: value for name, value in found.items() if value is not None}

    def _colors_of(self, service: Service) -> asyncio.Task[dict[str, Any]]:
        key = service.id, service.updated
        task = self._colors.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._colors[key] = asyncio.create_task(self._ask_colors(service))
            # Nobody may wait for it; a tile asks again.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            _shorten(self._colors, _MOST_RANGES)
        return task

    async def _ask_colors(self, service: Service) -> dict[str, Any]:
        queue = await self._services.queue()
        async with asyncio.timeout(self._services.limits.tile_timeout):
            return await queue.warm.ask("range", **self._asked(service))

    def _asked(self, service: Service) -> dict[str, Any]:
        return {
            "process": service.process,
            "owner": service.owner,
            "configuration": service.configuration,
            "read_bytes": self._services.limits.max_tile_read_bytes,
        }

    def _keep(self, key: tuple[Any, ...], tile: bytes) -> None:
        old = self._kept.pop(key, None)
        self._bytes += len(tile) - (len(old[0]) if old else 0)
        self._kept[key] = tile, time.monotonic() + _TILE_SECONDS
        while self._bytes > _TILE_BYTES:
            self._bytes -= len(self._kept.popitem(last=False)[1][0])


def _shorten(kept: OrderedDict[Any, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
