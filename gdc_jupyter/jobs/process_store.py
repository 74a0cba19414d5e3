"""The store of user-defined processes, in the database of the jobs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Engine, and_, func, select
from sqlalchemy import delete as delete_from
from sqlalchemy.exc import IntegrityError

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs.model import now
from gdc_jupyter.jobs.store import JobStore
from gdc_jupyter.jobs.tables import user_processes

#: Processes that one user may have.
MOST_PROCESSES = 2000
#: Characters of an id.
LONGEST_ID = 255
#: Clients that make ids by themselves make UUIDs, dashes and all.
_ID = re.compile(r"\w+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class ProcessStore:
    """User-defined processes by owner and id, safe to use from threads and from several processes at once.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The database of a :class:`gdc_jupyter.jobs.store.JobStore`, which makes the tables.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, owner: str, process_id: str) -> dict[str, Any]:
        """Return a process of ``owner`` in full: its ``id``, ``process_graph`` and what else it was stored with.

        Raises
        ------
        GdcError
            ``ProcessGraphNotFound`` where the owner has no such process.
        """
        columns = (user_processes.c.description, user_processes.c.process_graph)
        with self._engine.connect() as connection:
            row = connection.execute(select(*columns).where(_is(owner, process_id))).first()
        if row is None:
            raise GdcError("ProcessGraphNotFound", f"The user-defined process '{process_id:.100}' does not exist.")
        return _described(process_id, row.description) | {"process_graph": orjson.loads(row.process_graph)}

    def list(
        self, owner: str, limit: int | None = None, cursor: str | None = None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Return processes of ``owner`` without their graphs, by id, and the cursor of the next page."""
        query = select(user_processes.c.id, user_processes.c.description).where(user_processes.c.owner == owner)
        if cursor:
            query = query.where(user_processes.c.id > cursor)
        query = query.order_by(user_processes.c.id)
        if limit:
            query = query.limit(limit + 1)
        with self._engine.connect() as connection:
            found = [_described(row.id, row.description) for row in connection.execute(query)]
        if limit and len(found) > limit:
            return found[:limit], found[limit - 1]["id"]
        return found, None

    def put(self, owner: str, process_id: str, process: Mapping[str, Any]) -> None:
        """Store a process, in place of the one that has its id.

        Parameters
        ----------
        owner : str
            Who may see and use it.
        process_id : str
            Its id, which goes before one in ``process``.
        process : mapping
            ``process_graph``, and what openEO knows besides: ``summary``, ``parameters``, ``returns`` and so on.

        Raises
        ------
        GdcError
            ``ProcessInvalid`` for an id that cannot be one, or where the owner has too many processes.
        """
        self.check_id(process_id)
        time = now()
        description = {name: value for name, value in process.items() if name not in ("id", "process_graph")}
        values = {
            "description": json.dumps(description),
            "process_graph": orjson.dumps(process["process_graph"]).decode(),
            "updated": time,
        }
        try:
            if not self._replace(owner, process_id, values):
                self._add({"owner": owner, "id": process_id, "created": time} | values)
        except IntegrityError:
            # Another request was faster to add it.
            self._replace(owner, process_id, values)

    @staticmethod
    def check_id(process_id: str) -> None:
        """Refuse what cannot be an id.

        Raises
        ------
        GdcError
            ``ProcessInvalid``.
        """
        if not _ID.fullmatch(process_id) or len(process_id) > LONGEST_ID:
            raise GdcError(
                "ProcessInvalid",
                f"The id of a process has letters, digits and underscores only, at most {LONGEST_ID} of them, or is a "
                f"UUID; it is '{process_id:.100}'.",
            )

    def delete(self, owner: str, process_id: str) -> None:
        """Remove a process; what uses it is left as it is.

        Raises
        ------
        GdcError
            ``ProcessGraphNotFound`` where the owner has no such process.
        """
        with self._engine.begin() as connection:
            if connection.execute(delete_from(user_processes).where(_is(owner, process_id))).rowcount:
                return
        raise GdcError("ProcessGraphNotFound", f"The user-defined process '{process_id:.100}' does not exist.")

    def ids(self, owner: str) -> tuple[str, ...]:
        """Return the ids of all processes of ``owner``, in order."""
        query = select(user_processes.c.id).where(user_processes.c.owner == owner).order_by(user_processes.c.id)
        with self._engine.connect() as connection:
            return tuple(row.id for row in connection.execute(query))

    def _replace(self, owner: str, process_id: str, values: dict[str, Any]) -> bool:
        with self._engine.begin() as connection:
            statement = user_processes.update().where(_is(owner, process_id)).values(**values)
            return bool(connection.execute(statement).rowcount)

    def _add(self, row: dict[str, Any]) -> None:
        counted = select(func.count()).where(user_processes.c.owner == row["owner"])
        with self._engine.begin() as connection:
            if (connection.scalar(counted) or 0) >= MOST_PROCESSES:
                raise GdcError(
                    "ProcessInvalid", f"A user may store {MOST_PROCESSES} processes; delete one that is not needed."
                )
            connection.execute(user_processes.insert().values(**row))


class OwnProcesses(Mapping[str, dict[str, Any]]):
    """The processes of one user by id; each is read when it is asked for, and stays as it was then.

    Parameters
    ----------
    url : str
        The address of the database.
    owner : str
        Whose processes they are.
    """

    def __init__(self, url: str, owner: str) -> None:
        self._url = url
        self._owner = owner
        self._known: dict[str, dict[str, Any] | None] = {}

    def __getitem__(self, process_id: str) -> dict[str, Any]:
        """Return a process in full."""
        if process_id not in self._known:
            self._known[process_id] = self._read(process_id)
        found = self._known[process_id]
        if found is None:
            raise KeyError(process_id)
        return found

    def __iter__(self) -> Iterator[str]:
        """Yield the ids."""
        return iter(_opened(self._url).ids(self._owner))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(_opened(self._url).ids(self._owner))

    def _read(self, process_id: str) -> dict[str, Any] | None:
        if not _ID.fullmatch(process_id):
            return None
        try:
            return _opened(self._url).get(self._owner, process_id)
        except GdcError as error:
            if error.code != "ProcessGraphNotFound":
                raise
            return None


@cache
def _opened(url: str) -> ProcessStore:
    return ProcessStore(JobStore(url).engine)


def _is(owner: str, process_id: str) -> Any:
    return and_(user_processes.c.owner == owner, user_processes.c.id == process_id)


def _described(process_id: str, description: str) -> dict[str, Any]:
    described: dict[str, Any] = json.loads(description)
    return {"id": process_id} | described
