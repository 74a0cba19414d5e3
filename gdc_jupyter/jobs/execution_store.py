"""The store of what OGC executions ask for beyond a job: which process, how results are wanted, who is to be told."""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy import Engine, select

from gdc_jupyter.jobs.model import Execution
from gdc_jupyter.jobs.tables import executions


class ExecutionStore:
    """Executions by job, which go when the job goes.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database of a :class:`gdc_jupyter.jobs.store.JobStore`, which makes the tables.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, execution: Execution) -> None:
        """Keep an execution."""
        values = {
            "job": execution.job_id,
            "process": execution.process_id,
            "response": execution.response,
            "subscriber": json.dumps(dict(execution.subscriber)),
            "root": execution.root,
        }
        with self._engine.begin() as connection:
            connection.execute(executions.insert().values(**values))

    def get(self, job_id: str) -> Execution | None:
        """Return the execution of a job, None for a job that is none."""
        return self.of([job_id]).get(job_id)

    def of(self, job_ids: Collection[str]) -> dict[str, Execution]:
        """Return the executions of those jobs that are some."""
        query = select(executions).where(executions.c.job.in_(list(job_ids)))
        with self._engine.connect() as connection:
            return {
                row.job: Execution(row.job, row.process, row.response, json.loads(row.subscriber), row.root)
                for row in connection.execute(query)
            }
