"""Which jobs of a list are wanted, in terms of the database."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, exists, or_

from gdc_jupyter.jobs.model import JobFilter
from gdc_jupyter.jobs.tables import executions, jobs


def conditions(wanted: JobFilter) -> list[ColumnElement[bool]]:
    """Return what the database can tell; how long jobs have run is for :meth:`JobFilter.keeps`."""
    of_job = executions.c.job == jobs.c.id
    executed = exists().where(of_job)
    found: list[ColumnElement[bool]] = [executed] if wanted.executions_only else []
    if wanted.processes:
        found.append(exists().where(of_job, executions.c.process.in_(wanted.processes)))
    if wanted.states or wanted.execution_states:
        found.append(
            or_(
                and_(executed, jobs.c.status.in_(wanted.execution_states)),
                and_(~executed, jobs.c.status.in_(wanted.states)),
            )
        )
    start, end = wanted.created
    if start is not None:
        found.append(jobs.c.created >= _text(start, 0))
    if end is not None:
        found.append(jobs.c.created <= _text(end, 999))
    return found


def _text(milliseconds: int, microseconds: int) -> str:
    """Return an instant as the store writes it."""
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    moment = moment.replace(microsecond=milliseconds % 1000 * 1000 + microseconds, tzinfo=None)
    return f"{moment.isoformat(timespec='microseconds')}Z"
