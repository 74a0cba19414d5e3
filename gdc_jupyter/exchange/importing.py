"""A process from whatever holds one: JSON, a file, an object of the openEO client, a job, a user-defined process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdc_jupyter.client_errors import told
from gdc_jupyter.errors import GdcError

if TYPE_CHECKING:
    from openeo.rest.connection import Connection


def process_graph_of(source: Any, connection: Connection | None = None) -> dict[str, Any]:
    """Return the process that something holds.

    Parameters
    ----------
    source : str, path, mapping or object
        JSON text; the path of a ``.json`` file; a flat graph, a process, or a job or service that has a process, as
        mappings; an ``openeo.DataCube`` or anything else with ``flat_graph()``; an ``openeo.BatchJob``; a user-defined
        process as an object of the client, or its id.
    connection : openeo.Connection, optional
        Where a user-defined process is looked up by its id.

    Returns
    -------
    dict
        ``{"process_graph": …}``, with ``id``, ``parameters`` and whatever else is told of the process, all unharmed:
        processes that nobody knows and fields that no standard has are kept.

    Raises
    ------
    GdcError
        ``ProcessGraphMissing`` where there is none, ``FileNotFound``, ``ProcessGraphInvalid`` for what is no JSON, and
        what a back-end says.

    Examples
    --------
    >>> process_graph_of('{"sum": {"process_id": "add", "arguments": {"x": 1, "y": 2}, "result": true}}')
    {'process_graph': {'sum': {'process_id': 'add', 'arguments': {'x': 1, 'y': 2}, 'result': True}}}
    """
    if isinstance(source, str | Path):
        return _of_text(source, connection)
    if isinstance(source, Mapping):
        process = _of_mapping(source)
    elif hasattr(source, "flat_graph"):
        process = _of_mapping(source.flat_graph())
    elif hasattr(source, "job_id") and hasattr(source, "describe"):
        process = _of_mapping(_asked(source.describe, source.connection))
    elif hasattr(source, "user_defined_process_id"):
        process = _of_mapping(_asked(source.describe, None))
    else:
        process = None
    if process is None:
        raise GdcError(
            "ProcessGraphMissing",
            "A process graph is taken from an openeo.DataCube, a job, a user-defined process, JSON or a dict that "
            f"holds one, and there is none in this {type(source).__name__}.",
        )
    return process


def _of_text(source: str | Path, connection: Connection | None) -> dict[str, Any]:
    """Return the process of JSON, of a file, or of a user-defined process of that id."""
    if isinstance(source, str) and source.lstrip().startswith(("{", "[")):
        return process_graph_of(_parsed(source, "The text"))
    if isinstance(source, Path) or source.endswith(".json"):
        path = Path(source).expanduser()
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise GdcError("FileNotFound", f"{path} cannot be read: {error.strerror or error}.") from None
        except UnicodeDecodeError:
            raise GdcError("ProcessGraphInvalid", f"{path} is no JSON: it is no text in UTF-8.") from None
        return process_graph_of(_parsed(text, str(path)))
    if connection is None or not source.strip():
        raise GdcError(
            "ProcessGraphMissing",
            f"{source[:60]!r} is no JSON and no path of a .json file; to look up a user-defined process of that id, "
            "say where: process_graph_of(id, connection).",
        )
    described = _asked(connection.user_defined_process(source).describe, connection)
    return process_graph_of(described)


def _parsed(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise GdcError("ProcessGraphInvalid", f"{name} is no JSON: {error}.") from None


def _of_mapping(source: Mapping[Any, Any]) -> dict[str, Any] | None:
    """Return the process of a flat graph, of a process, or of what has a process."""
    if _is_graph(source):
        return {"process_graph": dict(source)}
    if isinstance(source.get("process_graph"), Mapping):
        return dict(source) if _is_graph(source["process_graph"]) else None
    inner = source.get("process")
    return _of_mapping(inner) if isinstance(inner, Mapping) else None


def _is_graph(value: Mapping[Any, Any]) -> bool:
    return bool(value) and all(isinstance(node, Mapping) and "process_id" in node for node in value.values())


def _asked(describe: Any, connection: Connection | None) -> Mapping[str, Any]:
    """Return a description of a back-end."""
    with told(connection):
        described = describe()
    if not isinstance(described, Mapping):
        raise GdcError("ProcessGraphMissing", "The back-end answered with something that is no process.")
    return described
