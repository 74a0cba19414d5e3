"""A process graph as a list in HTML, for places without widgets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

#: Characters of an argument that are shown.
_LONGEST = 120


def static_outline(process: Mapping[str, Any], faults: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return the steps of a process as nested lists, with what is wrong with them.

    Parameters
    ----------
    process : mapping
        A process with its ``process_graph``.
    faults : sequence of mapping
        Each with ``node`` (ids and arguments with slashes between them), ``message`` and maybe ``argument``.
    """
    graph = process.get("process_graph") or {}
    title = str(process.get("summary") or process.get("id") or "Process graph")
    told: dict[str, list[str]] = {}
    for fault in faults:
        argument = f"{fault['argument']}: " if fault.get("argument") else ""
        told.setdefault(str(fault.get("node", "")), []).append(argument + str(fault.get("message", "")))
    body = _steps(graph, "", told) if graph else "<p>There are no steps yet.</p>"
    return f"<div><p><strong>{escape(title)}</strong></p>{_faults(told.get('', []))}{body}</div>"


def _steps(graph: Mapping[str, Any], path: str, told: Mapping[str, list[str]]) -> str:
    return f"<ol>{''.join(_step(key, node, path + _escaped(key), told) for key, node in graph.items())}</ol>"


def _step(key: str, node: Any, path: str, told: Mapping[str, list[str]]) -> str:
    node = node if isinstance(node, Mapping) else {}
    given = node.get("arguments")
    arguments = "".join(_argument(*each, path, told) for each in (given if isinstance(given, Mapping) else {}).items())
    result = " <em>result</em>" if node.get("result") is True else ""
    head = f"<strong>{escape(str(node.get('process_id', '?')))}</strong> {escape(str(key))}{result}"
    return f"<li>{head}{_faults(told.get(path, []))}<ul>{arguments}</ul></li>"


def _argument(name: str, value: Any, path: str, told: Mapping[str, list[str]]) -> str:
    inner = value.get("process_graph") if isinstance(value, Mapping) else None
    if isinstance(inner, Mapping):
        place = f"{path}/{_escaped(_escaped(name))}"
        return f"<li>{escape(str(name))}:{_faults(told.get(place, []))}{_steps(inner, place + '/', told)}</li>"
    if isinstance(value, Mapping) and set(value) in ({"from_node"}, {"from_parameter"}):
        text = f"← {next(iter(value.values()))}"
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    text = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return f"<li>{escape(str(name))}: <code>{escape(text)}</code></li>"


def _faults(messages: Sequence[str]) -> str:
    return "".join(f'<div style="color: #c62828">⚠ {escape(message)}</div>' for message in messages)


def _escaped(key: str) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")
