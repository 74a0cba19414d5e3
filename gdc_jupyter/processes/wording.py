"""Other words for the processes: a folder of openEO process files, whose interfaces must be those of the code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gdc_jupyter.errors import GdcError

_REPLACED: dict[str, type] = {
    "summary": str,
    "description": str,
    "parameters": list,
    "returns": dict,
    "exceptions": dict,
    "examples": list,
    "links": list,
}
_MOST_TOLD = 20


def reworded(descriptions: Sequence[Mapping[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """Return the descriptions of processes with the words of a folder; those without a file there keep their own.

    Parameters
    ----------
    descriptions : sequence of dict
        As the code has them.
    folder : Path
        With ``ID.json`` files, also in folders of it; other files are left aside.

    Raises
    ------
    GdcError
        ``DescriptionsInvalid``, with each interface that is another one than the code's.
    """
    if not folder.is_dir():
        raise GdcError("DescriptionsInvalid", f"The folder of process descriptions {folder} is not there.")
    files = _read(folder, {str(each["id"]) for each in descriptions})
    faults = [
        fault for each in descriptions if each["id"] in files for fault in differences(each, files[str(each["id"])])
    ]
    if faults:
        more = f" and {len(faults) - _MOST_TOLD} more" if len(faults) > _MOST_TOLD else ""
        raise GdcError(
            "DescriptionsInvalid",
            "Descriptions of processes differ from what the code does: " + "; ".join(faults[:_MOST_TOLD]) + more + ".",
        )
    return [
        {**each, **{name: value for name, value in files.get(str(each["id"]), {}).items() if name in _REPLACED}}
        for each in descriptions
    ]


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Return how the interface of a process differs from that of a description, apart from words.

    Parameters
    ----------
    ours, theirs : dict
        Descriptions by openEO.
    """
    name = str(ours["id"])
    own, other = (
        {str(each["name"]): each for each in described.get("parameters") or ()} for described in (ours, theirs)
    )
    if list(own) != list(other):
        return [f"{name} has the parameters {', '.join(own) or 'none'}, and not {', '.join(other) or 'none'}"]
    found = []
    for parameter, described in own.items():
        told = other[parameter]
        if bool(described.get("optional")) != bool(told.get("optional")):
            found.append(f"whether '{parameter}' of {name} is optional")
        elif described.get("default") != told.get("default"):
            found.append(f"the default of '{parameter}' of {name}")
        elif without_words(described.get("schema")) != without_words(told.get("schema")):
            found.append(f"the schema of '{parameter}' of {name}")
    if without_words(ours["returns"].get("schema")) != without_words((theirs.get("returns") or {}).get("schema")):
        found.append(f"the schema of what {name} returns")
    return found


def without_words(value: Any) -> Any:
    """Return a schema without titles and descriptions."""
    if isinstance(value, dict):
        return {
            key: without_words(member)
            for key, member in value.items()
            if not (key in ("title", "description") and isinstance(member, str))
        }
    return [without_words(member) for member in value] if isinstance(value, list) else value


def _read(folder: Path, ids: set[str]) -> dict[str, dict[str, Any]]:
    files: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.rglob("*.json"), key=lambda path: (len(path.parts), path)):
        if path.stem not in ids or path.stem in files:
            continue
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise GdcError("DescriptionsInvalid", f"{path.name} cannot be read: {error}.") from None
        # Tests and other files of a process may have its name as well.
        if isinstance(document, dict) and document.get("id") == path.stem and "parameters" in document:
            _refuse_malformed(document, path.name)
            files[path.stem] = document
    return files


def _refuse_malformed(document: Mapping[str, Any], file: str) -> None:
    for name, kind in _REPLACED.items():
        value = document.get(name, kind())
        members = list(value.values()) if name == "exceptions" and isinstance(value, dict) else value
        objects = not isinstance(members, list) or all(isinstance(each, dict) for each in members)
        if not isinstance(value, kind) or not objects:
            raise GdcError("DescriptionsInvalid", f"'{name}' in {file} is not as openEO describes processes.")
    if not all({"name", "schema"} <= each.keys() for each in document["parameters"]):
        raise GdcError("DescriptionsInvalid", f"A parameter in {file} has no name or no schema.")
