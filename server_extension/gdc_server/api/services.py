"""Secondary services: make, look at, change, remove, read logs."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import authenticated

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs.model import LEVELS, Service
from gdc_jupyter.jobs.service_types import TYPES, check_configuration, require_type, zooms
from gdc_server.api.base import ApiHandler
from gdc_server.api.jobs import LOG_PAGE, log_entry
from gdc_server.api.links import Links
from gdc_server.api.paging import page_links

_FIELDS = ("title", "description", "process", "enabled", "configuration", "plan", "budget", "log_level")


class ServiceTypesHandler(ApiHandler):
    """The types of services."""

    @allow_unauthenticated
    def get(self) -> None:
        """List them by name."""
        self.send(TYPES)


class ServicesHandler(ApiHandler):
    """All services of a user."""

    @authenticated
    async def get(self) -> None:
        """List a page of them, newest first, without their processes."""
        limit, cursor = self.limit(), self.get_query_argument("cursor", "") or None
        store = await self.services.service_store()
        await asyncio.to_thread(store.remove_expired)
        services, following = await asyncio.to_thread(store.page, self.owner, limit, cursor)
        listed = await self.in_thread(lambda: [described(service, self.links) for service in services])
        await self.send_long(
            {"services": listed, "links": page_links(self.links, "services", limit, cursor, following)}
        )

    @authenticated
    async def post(self) -> None:
        """Check a process and keep it as a service."""
        body = await self.read_json("create-service")
        fields = {name: body[name] for name in _FIELDS if body.get(name) is not None}
        fields["type"] = require_type(body["type"])
        fields["configuration"] = configured(body.get("configuration"))
        store = await self.services.service_store()
        await asyncio.to_thread(store.remove_expired)
        most = self.services.limits.max_services
        if await asyncio.to_thread(store.count, self.owner) >= most:
            raise GdcError("ServiceQuotaExceeded", f"There are {most} services, and no more are possible: remove some.")
        attributes = await attributes_of(self, body["process"], fields["configuration"])
        service = await asyncio.to_thread(lambda: store.create(self.owner, **fields, attributes=attributes))
        if "whole" in attributes:
            await asyncio.to_thread(store.add_log, service.id, "info", _about_whole(attributes))
        self.services.tiles.prepare(service)
        self.set_status(201)
        self.set_header("Location", self.links.url("services", service.id))
        self.set_header("OpenEO-Identifier", service.id)
        self.set_header("GDC-Identifier", service.id)
        self.set_header("Content-Type", "application/json")
        self.finish()


class ServiceHandler(ApiHandler):
    """One service."""

    @authenticated
    async def get(self, service_id: str) -> None:
        """Describe it in full."""
        store = await self.services.service_store()
        service = await asyncio.to_thread(store.get, service_id, self.owner)
        links = [
            self.links.link("self", "services", service.id),
            self.links.link("monitor", "services", service.id, "logs", title="Logs"),
        ]
        described_fully = described(service, self.links) | {"links": links}
        described_fully["attributes"] |= self.services.tiles.legend(service)
        await self.send_long(described_fully)

    @authenticated
    async def patch(self, service_id: str) -> None:
        """Change fields."""
        body = await self.read_json("update-service")
        if read_only := [name for name in body if name not in _FIELDS]:
            raise GdcError(
                "PropertyNotEditable",
                f"The property '{read_only[0]}' cannot be changed; these can: {', '.join(_FIELDS)}.",
            )
        store = await self.services.service_store()
        service = await asyncio.to_thread(store.get, service_id, self.owner)
        if "log_level" in body:
            body["log_level"] = body["log_level"] or "info"
        if "configuration" in body:
            body["configuration"] = configured(body["configuration"])
        if _is_put_off(body, service):
            body["updated"] = service.updated
        elif "configuration" in body or "process" in body:
            configuration = body.get("configuration", service.configuration)
            body["attributes"] = await attributes_of(self, body.get("process", service.process), configuration)
        await asyncio.to_thread(store.update, service_id, self.owner, body)
        self.services.tiles.forget(service_id)
        self.set_status(204)

    @authenticated
    async def delete(self, service_id: str) -> None:
        """Remove it and its logs."""
        store = await self.services.service_store()
        await asyncio.to_thread(store.delete, service_id, self.owner)
        self.services.tiles.forget(service_id)
        self.set_status(204)


class ServiceLogsHandler(ApiHandler):
    """The logs of a service."""

    @authenticated
    async def get(self, service_id: str) -> None:
        """List entries after the one whose id is ``offset``, oldest first."""
        offset = self.integer("offset", 0) or 0
        level = self.choice("level", LEVELS, "debug")
        limit = self.limit() or LOG_PAGE
        store = await self.services.service_store()
        service = await asyncio.to_thread(store.get, service_id, self.owner)
        entries = await asyncio.to_thread(store.logs, service_id, level, offset, limit + 1)
        links = [self.links.link("self", "services", service_id, "logs")]
        if len(entries) > limit:
            entries = entries[:limit]
            more: dict[str, Any] = {"offset": entries[-1].number, "limit": limit, "level": level}
            links.append(self.links.link("next", "services", service_id, "logs", **more))
        effective = LEVELS[min(LEVELS.index(level), LEVELS.index(service.log_level))]
        logs = await self.in_thread(lambda: [log_entry(entry) for entry in entries])
        await self.send_long({"level": effective, "logs": logs, "links": links})


def configured(configuration: dict[str, Any] | None) -> dict[str, Any]:
    """Return a configuration that is right, without what is null in it."""
    given = {name: value for name, value in (configuration or {}).items() if value is not None}
    check_configuration(configuration or {})
    return given


async def attributes_of(handler: ApiHandler, process: Any, configuration: dict[str, Any]) -> dict[str, Any]:
    """Return where the map of a process is and what it shows; a process with faults is refused with all of them."""
    queue = await handler.services.queue()
    read_bytes = handler.services.limits.max_tile_read_bytes
    found = await queue.warm.ask(
        "map", process=process, owner=handler.owner, configuration=configuration, read_bytes=read_bytes
    )
    pairs, bands = configuration.get("range"), max(len(found.get("bands", ())), 1)
    if pairs and isinstance(pairs[0], list) and len(pairs) != bands:
        raise GdcError(
            "ServiceConfigInvalid",
            f"The value passed for the service parameter 'range' is invalid: it has {len(pairs)} pairs, and the number "
            f"of bands that are shown is {bands}.",
        )
    return found


def _is_put_off(body: dict[str, Any], service: Service) -> bool:
    """Return whether a change makes a service last longer, and leaves what it shows as it is."""
    if body.keys() != {"configuration"}:
        return False
    before, after = ({**each, "expires": None} for each in (service.configuration, body["configuration"]))
    return before == after


def described(service: Service, links: Links) -> dict[str, Any]:
    """Return a service as the API shows it: what is not known is left out."""
    fields = (
        "id",
        "title",
        "description",
        "type",
        "enabled",
        "process",
        "configuration",
        "plan",
        "budget",
        "log_level",
    )
    shown = {name: value for name in fields if (value := getattr(service, name)) is not None}
    low, high = zooms(service.type, service.configuration, service.attributes["zoom"])
    attributes = {name: value for name, value in service.attributes.items() if name != "zoom"}
    shown["attributes"] = attributes | {"minzoom": low, "maxzoom": high}
    shown["created"] = f"{service.created[:19]}Z"
    shown["url"] = address(service, links)
    return shown


def address(service: Service, links: Links) -> str:
    """Return where a service is."""
    return links.url("wmts", service.id) if service.type == "WMTS" else tile_template(service, links)


def tile_template(service: Service, links: Links, variables: tuple[str, str, str] = ("z", "x", "y")) -> str:
    """Return the address of tiles, with the names of zoom, column and row in braces."""
    return "/".join([links.url("tiles", service.id), *(f"{{{name}}}" for name in variables)]) + ".png"


def _about_whole(attributes: dict[str, Any]) -> str:
    nodes = ", ".join(attributes["whole"])
    return (
        f"The nodes {nodes} need all pixels at once: they are computed for the whole area, with pixels of "
        f"{attributes['resolution']:g} m at best."
    )
