"""The store of batch jobs and their logs: SQLite beside the results by default, any SQLAlchemy database by URL."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Engine, Row, and_, create_engine, event, func, or_, select
from sqlalchemy import delete as delete_from
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateIndex, CreateTable

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs.job_filter import conditions
from gdc_jupyter.jobs.model import ACTIVE, Job, JobFilter, LogEntry, Process, levels_down_to, now, value_of
from gdc_jupyter.jobs.tables import SCHEMA_VERSION, jobs, logs, metadata, schema

_WITHOUT_PROCESS = [column for column in jobs.c if column.name != "process"]
_JSON = {"process", "usage"}


def sqlite_url(folder: Path) -> str:
    """Return the address of the embedded store in ``folder``, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'jobs.sqlite'}"


class JobStore:
    """Jobs and logs, safe to use from threads and from several processes at once.

    A change of state is one conditional statement, so that of two that race one wins and the other is told.

    Parameters
    ----------
    url : str
        A database address as SQLAlchemy writes it.

    Raises
    ------
    GdcError
        ``StorageFailure`` where the store was written by a newer version.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = _engine(url)
        try:
            self._make_tables()
            self._check_version()
        except BaseException:
            self.close()
            raise

    def _make_tables(self) -> None:
        with self._engine.begin() as connection:
            for table in metadata.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
                for index in sorted(table.indexes, key=lambda each: str(each.name)):
                    connection.execute(CreateIndex(index, if_not_exists=True))

    def _check_version(self) -> None:
        with self._engine.connect() as connection:
            version = connection.scalar(select(func.max(schema.c.version)))
        if version is None:
            # Of two servers that make the store at the same time one is second.
            with suppress(IntegrityError), self._engine.begin() as connection:
                connection.execute(schema.insert().values(version=SCHEMA_VERSION))
        elif version > SCHEMA_VERSION:
            raise GdcError(
                "StorageFailure",
                f"The job store has schema version {version}, this program knows {SCHEMA_VERSION}: "
                "use the newer program, or another data folder.",
            )

    @property
    def engine(self) -> Engine:
        """The database, for the stores of other things in it."""
        return self._engine

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def create(self, owner: str, process: Process, **fields: Any) -> Job:
        """Store a new job in state ``created`` and return it.

        Parameters
        ----------
        owner : str
            Who may see it.
        process : dict
            The process with its ``process_graph``.
        **fields
            ``title``, ``description``, ``plan``, ``budget``, ``log_level``.
        """
        time = now()
        row = {key: value for key, value in fields.items() if value is not None}
        row.setdefault("log_level", "info")
        row |= {
            "id": f"j-{secrets.token_hex(10)}",
            "owner": owner,
            "process": orjson.dumps(process).decode(),
        }
        row |= {"status": "created", "progress": 0.0, "created": time, "updated": time}
        with self._engine.begin() as connection:
            connection.execute(jobs.insert().values(**row))
        return _job_of(dict.fromkeys(column.name for column in jobs.c) | row)

    def get(self, job_id: str, owner: str | None) -> Job:
        """Return a job of ``owner`` (of anybody with None, for the queue and the workers).

        Raises
        ------
        GdcError
            ``JobNotFound`` where the owner has no such job.
        """
        query = jobs.select().where(jobs.c.id == job_id)
        if owner is not None:
            query = query.where(jobs.c.owner == owner)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise GdcError("JobNotFound", f"The batch job '{job_id}' does not exist.")
        return _job(row)

    def page(
        self, owner: str, limit: int | None = None, cursor: str | None = None, wanted: JobFilter | None = None
    ) -> tuple[list[Job], str | None]:
        """Return jobs of ``owner`` without their processes, newest first, and the cursor of the next page."""
        wanted = wanted or JobFilter()
        query = select(*_WITHOUT_PROCESS).where(jobs.c.owner == owner, *conditions(wanted))
        if cursor:
            created, _, last = cursor.partition("~")
            query = query.where(
                or_(
                    jobs.c.created < created,
                    and_(jobs.c.created == created, jobs.c.id < last),
                )
            )
        query = query.order_by(jobs.c.created.desc(), jobs.c.id.desc())
        if limit and wanted.seconds == (None, None):
            query = query.limit(limit + 1)
        with self._engine.connect() as connection:
            found = [job for job in map(_job, connection.execute(query)) if wanted.keeps(job)]
        if limit and len(found) > limit:
            last_shown = found[limit - 1]
            return found[:limit], f"{last_shown.created}~{last_shown.id}"
        return found, None

    def update(self, job_id: str, owner: str, changes: Mapping[str, Any]) -> None:
        """Change fields of a job that is neither queued nor running.

        Raises
        ------
        GdcError
            ``JobNotFound``, or ``JobLocked`` while it is queued or running.
        """
        values = {key: orjson.dumps(value).decode() if key in _JSON else value for key, value in changes.items()}
        mine = and_(jobs.c.id == job_id, jobs.c.owner == owner, jobs.c.status.not_in(ACTIVE))
        with self._engine.begin() as connection:
            if connection.execute(jobs.update().where(mine).values(**values, updated=now())).rowcount:
                return
        self.get(job_id, owner)
        raise GdcError(
            "JobLocked",
            "The job is queued or running: cancel it, or wait until it ends, to change it.",
        )

    def delete(self, job_id: str, owner: str) -> None:
        """Remove a job and its logs (its files are the queue's)."""
        self.get(job_id, owner)
        with self._engine.begin() as connection:
            connection.execute(delete_from(logs).where(logs.c.job == job_id))
            connection.execute(delete_from(jobs).where(jobs.c.id == job_id, jobs.c.owner == owner))

    def logs(
        self,
        job_id: str,
        owner: str,
        level: str = "debug",
        offset: int = 0,
        limit: int | None = None,
    ) -> list[LogEntry]:
        """Return log entries after number ``offset``, oldest first, of ``level`` or more severe."""
        self.get(job_id, owner)
        query = logs.select().where(logs.c.job == job_id, logs.c.number > offset)
        query = query.where(logs.c.level.in_(levels_down_to(level))).order_by(logs.c.number)
        if limit:
            query = query.limit(limit)
        with self._engine.connect() as connection:
            return [_log(row) for row in connection.execute(query)]

    def last_error(self, job_id: str) -> LogEntry | None:
        """Return the last log entry of level error."""
        query = logs.select().where(logs.c.job == job_id, logs.c.level == "error").order_by(logs.c.number.desc())
        with self._engine.connect() as connection:
            row = connection.execute(query.limit(1)).first()
        return None if row is None else _log(row)

    def enqueue(self, job_id: str, server: str) -> bool:
        """Queue a job that is not queued or running, and forget its last run's logs; False where it was."""
        with self._engine.begin() as connection:
            if not connection.execute(
                jobs.update()
                .where(jobs.c.id == job_id, jobs.c.status.not_in(ACTIVE))
                .values(
                    status="queued",
                    server=server,
                    progress=0.0,
                    updated=now(),
                    started=None,
                    finished=None,
                    usage=None,
                )
            ).rowcount:
                return False
            connection.execute(delete_from(logs).where(logs.c.job == job_id))
        return True

    def adopt(self, job_id: str, previous: str | None, server: str) -> bool:
        """Take over a queued job of a server that is gone; False where another server was faster."""
        return self._change(job_id, ("queued",), jobs.c.server == previous, server=server)

    def begin(self, job_id: str, server: str) -> bool:
        """Set a queued job of ``server`` running; False where it is no longer queued."""
        return self._change(
            job_id,
            ("queued",),
            jobs.c.server == server,
            status="running",
            started=now(),
        )

    def set_progress(self, job_id: str, percent: float) -> bool:
        """Record how much is done; never falls, and stays below 100 until the job is finished."""
        percent = min(max(percent, 0.0), 99.9)
        return self._change(job_id, ("running",), jobs.c.progress <= percent, progress=percent)

    def finish(self, job_id: str, usage: dict[str, Any] | None = None) -> bool:
        """Set a running job finished."""
        return self._end(
            job_id,
            "finished",
            ("running",),
            progress=100.0,
            usage=json.dumps(usage) if usage else None,
        )

    def fail(
        self,
        job_id: str,
        message: str,
        code: str | None = None,
        usage: dict[str, Any] | None = None,
        server: str | None = None,
        path: list[dict[str, Any]] | None = None,
    ) -> bool:
        """Set a running or queued job to ``error`` and log why; False where it had ended before."""
        held = () if server is None else (jobs.c.server == server,)
        usage_text = json.dumps(usage) if usage else None
        # The reason goes first: who sees the state must find the reason.
        number = self.add_log(job_id, "error", message, path=path, code=code)
        if self._end(job_id, "error", ACTIVE, *held, usage=usage_text):
            return True
        if number is not None:
            with self._engine.begin() as connection:
                connection.execute(delete_from(logs).where(logs.c.number == number))
        return False

    def cancel(self, job_id: str) -> bool:
        """Set a running job canceled and a queued one back to created; False where it was neither."""
        if self._end(job_id, "canceled", ("running",)):
            return True
        return self._change(job_id, ("queued",), status="created", server=None)

    def states(self, job_ids: Collection[str]) -> dict[str, tuple[str, float]]:
        """Return state and progress of those of ``job_ids`` that exist."""
        query = select(jobs.c.id, jobs.c.status, jobs.c.progress).where(jobs.c.id.in_(job_ids))
        with self._engine.connect() as connection:
            return {row.id: (row.status, row.progress) for row in connection.execute(query)}

    def active(self) -> list[Job]:
        """Return all queued and running jobs of all owners, oldest first."""
        query = select(*_WITHOUT_PROCESS).where(jobs.c.status.in_(ACTIVE)).order_by(jobs.c.updated, jobs.c.id)
        with self._engine.connect() as connection:
            return [_job(row) for row in connection.execute(query)]

    def add_log(
        self,
        job_id: str,
        level: str,
        message: str,
        path: list[dict[str, Any]] | None = None,
        code: str | None = None,
        data: Any | None = None,
    ) -> int | None:
        """Append to a job's log and return the entry's number; None where the job is gone."""
        row = {
            "job": job_id,
            "level": level,
            "message": message,
            "time": now(),
            "code": code,
        }
        row |= {
            "path": json.dumps(path) if path else None,
            "data": None if data is None else json.dumps(data),
        }
        try:
            with self._engine.begin() as connection:
                key = connection.execute(logs.insert().values(**row)).inserted_primary_key
        except IntegrityError:
            return None
        return int(key[0]) if key else None

    def _end(
        self,
        job_id: str,
        status: str,
        before: tuple[str, ...],
        *where: Any,
        **values: Any,
    ) -> bool:
        return self._change(job_id, before, *where, status=status, finished=now(), server=None, **values)

    def _change(self, job_id: str, before: tuple[str, ...], *where: Any, **values: Any) -> bool:
        statement = jobs.update().where(jobs.c.id == job_id, jobs.c.status.in_(before), *where)
        with self._engine.begin() as connection:
            return bool(connection.execute(statement.values(**values, updated=now())).rowcount)


def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: Any) -> None:
            cursor = connection.cursor()
            for pragma in (
                "busy_timeout=15000",
                "journal_mode=WAL",
                "synchronous=NORMAL",
                "foreign_keys=ON",
            ):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

    return engine


def _job(row: Row[Any]) -> Job:
    return _job_of(dict(row._mapping))


def _job_of(fields: dict[str, Any]) -> Job:
    for name in _JSON:
        fields[name] = value_of(fields.get(name))
    return Job(**fields)


def _log(row: Row[Any]) -> LogEntry:
    fields = dict(row._mapping)
    del fields["job"]
    for name in ("path", "data"):
        fields[name] = None if fields[name] is None else json.loads(fields[name])
    return LogEntry(**fields)
