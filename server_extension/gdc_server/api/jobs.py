"""Batch jobs: make, look at, change, start, cancel, read logs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from tornado.web import authenticated

from gdc_jupyter.catalog.rfc3339 import parse_interval
from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs.model import LEVELS, Execution, Job, JobFilter, LogEntry
from gdc_server.api.base import ApiHandler
from gdc_server.api.executions import STATES, status_info
from gdc_server.api.negotiation import HTML, JSON
from gdc_server.api.paging import ON_A_PAGE, page_links

_FIELDS = ("title", "description", "process", "plan", "budget", "log_level")
#: Entries that come where no limit is asked for: clients of a simple kind do not turn pages.
LOG_PAGE = 10_000


class JobsHandler(ApiHandler):
    """All jobs of a user."""

    @authenticated
    async def get(self) -> None:
        """List a page of them, newest first, without their processes."""
        limit, cursor, wanted = self.limit(ON_A_PAGE), self.get_query_argument("cursor", "") or None, self._wanted()
        store = await self.services.store()
        jobs, following = await asyncio.to_thread(store.page, self.owner, limit, cursor, wanted)
        executions = await self.services.execution_store()
        by_job = await asyncio.to_thread(executions.of, [job.id for job in jobs])
        listed = await self.in_thread(lambda: _listed(jobs, by_job, self.links.root))
        links = page_links(self.links, "jobs", limit, cursor, following, **self._asked())
        await self.send_as("jobs", {"jobs": listed, "links": links})

    def _asked(self) -> dict[str, str]:
        names = ("type", "processID", "status", "datetime", "minDuration", "maxDuration")
        given = {name: ",".join(each for each in self.get_query_arguments(name) if each) for name in names}
        return {name: text for name, text in given.items() if text}

    def _wanted(self) -> JobFilter:
        asked = self._asked()
        kinds = self._chosen(asked, "type", ("process",))
        states = self._chosen(asked, "status", tuple(dict.fromkeys([*STATES, *STATES.values()])))
        datetime = asked.get("datetime")
        return JobFilter(
            executions_only=bool(kinds),
            processes=tuple(asked["processID"].split(",")) if "processID" in asked else (),
            states=states,
            execution_states=tuple(own for own, told in STATES.items() if told in states),
            created=parse_interval(datetime) if datetime else (None, None),
            seconds=(self.integer("minDuration", 0), self.integer("maxDuration", 0)),
        )

    @staticmethod
    def _chosen(asked: dict[str, str], name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        chosen = tuple(asked[name].split(",")) if name in asked else ()
        for each in chosen:
            if each not in allowed:
                raise GdcError(
                    "ParameterInvalid",
                    f"The parameter '{name}' must be one or more of {', '.join(allowed)}; it is '{each[:100]}'.",
                )
        return chosen

    @authenticated
    async def post(self) -> None:
        """Keep a new job; it waits until it is started."""
        body = await self.read_json("create-job")
        fields = {name: body[name] for name in _FIELDS if name in body and name != "process"}
        store = await self.services.store()
        job = await asyncio.to_thread(lambda: store.create(self.owner, body["process"], **fields))
        self.set_status(201)
        self.set_header("Location", self.links.url("jobs", job.id))
        self.set_header("OpenEO-Identifier", job.id)
        self.set_header("GDC-Identifier", job.id)
        self.set_header("Content-Type", "application/json")
        self.finish()


class JobHandler(ApiHandler):
    """One job."""

    @authenticated
    async def get(self, job_id: str) -> None:
        """Describe it in full."""
        store = await self.services.store()
        job = await asyncio.to_thread(store.get, job_id, self.owner)
        if isinstance(job.process, orjson.Fragment) and self.format(JSON, HTML) is HTML:
            # Nobody reads it, and a browser would take long to show it.
            job = replace(job, process=None)
        execution = await self._execution(job_id)
        if execution is not None:
            last = await asyncio.to_thread(store.last_error, job_id) if job.status == "error" else None
            await self.send_as("job", status_info(job, execution, self.links.root, last.message if last else ""))
            return
        links = [
            self.links.link("self", "jobs", job.id),
            self.links.link("monitor", "jobs", job.id, "logs", title="Logs"),
            self.links.link("results", "jobs", job.id, "results", title="Results"),
        ]
        await self.send_as("job", described(job) | {"links": links})

    @authenticated
    async def patch(self, job_id: str) -> None:
        """Change fields of a job that is neither queued nor running."""
        body = await self.read_json("update-job")
        if read_only := [name for name in body if name not in _FIELDS]:
            raise GdcError(
                "PropertyNotEditable",
                f"The property '{read_only[0]}' cannot be changed; these can: {', '.join(_FIELDS)}.",
            )
        if "log_level" in body:
            body["log_level"] = body["log_level"] or "info"
        store = await self.services.store()
        await asyncio.to_thread(store.update, job_id, self.owner, body)
        self.set_status(204)

    @authenticated
    async def delete(self, job_id: str) -> None:
        """Cancel it and remove all that there is of it."""
        queue = await self.services.queue()
        execution = await self._execution(job_id)
        job = await asyncio.to_thread(queue.store.get, job_id, self.owner)
        await queue.delete(job_id, self.owner)
        if execution is None:
            self.set_status(204)
            return
        dismissed = status_info(replace(job, status="canceled"), execution, self.links.root)
        self.send(dismissed | {"links": [self.links.link("up", "jobs", title="Jobs")]})

    async def _execution(self, job_id: str) -> Execution | None:
        store = await self.services.execution_store()
        return await asyncio.to_thread(store.get, job_id)


class LogsHandler(ApiHandler):
    """The logs of a job."""

    @authenticated
    async def get(self, job_id: str) -> None:
        """List entries after the one whose id is ``offset``, oldest first."""
        offset = self.integer("offset", 0) or 0
        level = self.choice("level", LEVELS, "debug")
        limit = self.limit() or LOG_PAGE
        store = await self.services.store()
        job = await asyncio.to_thread(store.get, job_id, self.owner)
        entries = await asyncio.to_thread(store.logs, job_id, self.owner, level, offset, limit + 1)
        links = [self.links.link("self", "jobs", job_id, "logs")]
        if len(entries) > limit:
            entries = entries[:limit]
            following = entries[-1].number
            links.append(self.links.link("next", "jobs", job_id, "logs", offset=following, limit=limit, level=level))
        effective = LEVELS[min(LEVELS.index(level), LEVELS.index(job.log_level))]
        logs = await self.in_thread(lambda: [log_entry(entry) for entry in entries])
        await self.send_long({"level": effective, "logs": logs, "links": links})


class EstimateHandler(ApiHandler):
    """Estimates of what a job will take."""

    @authenticated
    async def get(self, job_id: str) -> None:
        """Tell the time and the size of the result, and how it would run; jobs cost nothing."""
        store = await self.services.store()
        job = await asyncio.to_thread(store.get, job_id, self.owner)
        queue = await self.services.queue()
        self.send(await queue.ask("estimate", process=job.process, owner=self.owner))


def _listed(jobs: Sequence[Job], executions: Mapping[str, Execution], root: str) -> list[dict[str, Any]]:
    return [status_info(job, executions[job.id], root) if job.id in executions else described(job) for job in jobs]


def described(job: Job) -> dict[str, Any]:
    """Return a job as the API shows it: what is not known is left out."""
    fields = ("id", *_FIELDS, "status", "progress", "created", "updated", "usage")
    shown = {name: value for name in fields if (value := getattr(job, name)) is not None}
    for name in ("created", "updated"):
        shown[name] = f"{shown[name][:19]}Z"
    if job.status in ("created", "queued"):
        shown["progress"] = 0
    return shown


def log_entry(entry: LogEntry) -> dict[str, Any]:
    """Return a log entry as the API shows it."""
    shown: dict[str, Any] = {"id": str(entry.number), "level": entry.level, "message": entry.message}
    shown["time"] = f"{entry.time[:23]}Z"
    optional = {"code": entry.code, "path": entry.path, "data": entry.data}
    return shown | {name: value for name, value in optional.items() if value is not None}
