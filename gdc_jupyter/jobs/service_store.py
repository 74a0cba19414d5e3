"""The store of secondary services and their logs, in the database of the jobs."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import Engine, Row, and_, func, or_, select
from sqlalchemy import delete as delete_from
from sqlalchemy.exc import IntegrityError

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs.model import LogEntry, Service, levels_down_to, now, value_of
from gdc_jupyter.jobs.service_types import has_expired
from gdc_jupyter.jobs.tables import service_logs, services

_JSON = {"process", "configuration", "attributes"}
_WITHOUT_PROCESS = [column for column in services.c if column.name != "process"]
#: Entries that are kept of each service, the newest.
MOST_LOGS = 1000


class ServiceStore:
    """Services and their logs, safe to use from threads and from several processes at once.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database of a :class:`gdc_jupyter.jobs.store.JobStore`, which makes the tables.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, owner: str, **fields: Any) -> Service:
        """Store a new service and return it.

        Parameters
        ----------
        owner : str
            Whose it is.
        **fields
            ``type``, ``process``, ``configuration``, ``attributes``, and where wanted ``enabled``, ``title``,
            ``description``, ``plan``, ``budget``, ``log_level``.
        """
        time = now()
        row: dict[str, Any] = {"enabled": True, "log_level": "info"}
        row |= {name: value for name, value in fields.items() if value is not None}
        # Who knows the id sees the tiles.
        row |= {"id": f"s-{secrets.token_hex(16)}", "owner": owner, "created": time, "updated": time}
        with self._engine.begin() as connection:
            connection.execute(services.insert().values(**_texts(row)))
        return self.get(row["id"], owner)

    def get(self, service_id: str, owner: str | None) -> Service:
        """Return a service of ``owner`` (of anybody with None, for its tiles).

        Raises
        ------
        GdcError
            ``ServiceNotFound`` where the owner has no such service.
        """
        query = services.select().where(services.c.id == service_id)
        if owner is not None:
            query = query.where(services.c.owner == owner)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise GdcError("ServiceNotFound", f"The service '{service_id[:80]}' does not exist.")
        return _service(row)

    def page(self, owner: str, limit: int | None = None, cursor: str | None = None) -> tuple[list[Service], str | None]:
        """Return services of ``owner`` without their processes, newest first, and the cursor of the next page."""
        query = select(*_WITHOUT_PROCESS).where(services.c.owner == owner)
        if cursor:
            created, _, last = cursor.partition("~")
            older = and_(services.c.created == created, services.c.id < last)
            query = query.where(or_(services.c.created < created, older))
        query = query.order_by(services.c.created.desc(), services.c.id.desc())
        if limit:
            query = query.limit(limit + 1)
        with self._engine.connect() as connection:
            found = [_service(row) for row in connection.execute(query)]
        if limit and len(found) > limit:
            last_shown = found[limit - 1]
            return found[:limit], f"{last_shown.created}~{last_shown.id}"
        return found, None

    def count(self, owner: str) -> int:
        """Return how many services ``owner`` has."""
        with self._engine.connect() as connection:
            found = connection.scalar(select(func.count()).select_from(services).where(services.c.owner == owner))
        return int(found or 0)

    def update(self, service_id: str, owner: str, changes: Mapping[str, Any]) -> None:
        """Change fields of a service; ``updated`` becomes the time, unless it is one of them.

        Raises
        ------
        GdcError
            ``ServiceNotFound``.
        """
        mine = and_(services.c.id == service_id, services.c.owner == owner)
        with self._engine.begin() as connection:
            statement = services.update().where(mine).values(**({"updated": now()} | _texts(changes)))
            changed = connection.execute(statement).rowcount
        if not changed:
            self.get(service_id, owner)

    def delete(self, service_id: str, owner: str) -> None:
        """Remove a service and its logs.

        Raises
        ------
        GdcError
            ``ServiceNotFound``.
        """
        self.get(service_id, owner)
        with self._engine.begin() as connection:
            connection.execute(delete_from(service_logs).where(service_logs.c.service == service_id))
            connection.execute(delete_from(services).where(services.c.id == service_id, services.c.owner == owner))

    def remove_expired(self) -> None:
        """Remove the services of anybody whose time is over, and their logs."""
        query = select(services.c.id, services.c.configuration)
        with self._engine.connect() as connection:
            temporary = connection.execute(query.where(services.c.configuration.contains('"expires"'))).all()
        over = [row.id for row in temporary if has_expired(json.loads(row.configuration))]
        if not over:
            return
        with self._engine.begin() as connection:
            connection.execute(delete_from(service_logs).where(service_logs.c.service.in_(over)))
            connection.execute(delete_from(services).where(services.c.id.in_(over)))

    def logs(self, service_id: str, level: str = "debug", offset: int = 0, limit: int | None = None) -> list[LogEntry]:
        """Return log entries after number ``offset``, oldest first, of ``level`` or more severe."""
        query = service_logs.select().where(service_logs.c.service == service_id, service_logs.c.number > offset)
        query = query.where(service_logs.c.level.in_(levels_down_to(level))).order_by(service_logs.c.number)
        if limit:
            query = query.limit(limit)
        with self._engine.connect() as connection:
            return [_log(row) for row in connection.execute(query)]

    def add_log(
        self, service_id: str, level: str, message: str, code: str | None = None, data: Any | None = None
    ) -> None:
        """Append to a service's log, of which the oldest entries go; nothing happens where the service is gone."""
        row = {"service": service_id, "level": level, "message": message, "time": now(), "code": code}
        row["data"] = None if data is None else json.dumps(data)
        own = service_logs.c.service == service_id
        newest_first = select(service_logs.c.number).where(own).order_by(service_logs.c.number.desc())
        try:
            with self._engine.begin() as connection:
                connection.execute(service_logs.insert().values(**row))
                last = connection.scalar(newest_first.offset(MOST_LOGS).limit(1))
                if last is not None:
                    connection.execute(delete_from(service_logs).where(own, service_logs.c.number <= last))
        except IntegrityError:
            return


def _texts(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: orjson.dumps(value).decode() if name in _JSON else value for name, value in fields.items()}


def _service(row: Row[Any]) -> Service:
    fields = dict(row._mapping)
    for name in _JSON:
        fields[name] = value_of(fields.get(name))
    return Service(**fields)


def _log(row: Row[Any]) -> LogEntry:
    fields = dict(row._mapping)
    del fields["service"]
    for name in ("path", "data"):
        fields[name] = None if fields[name] is None else json.loads(fields[name])
    return LogEntry(**fields)
