"""Names of variables and functions: what a person would call a thing, each once."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable

_LONGEST = 40


class Names:
    """Names that are taken in a part of a program.

    Parameters
    ----------
    taken : iterable of str
        What nothing may be called.
    around : Names, optional
        Those of the part around it.
    """

    def __init__(self, taken: Iterable[str] = (), around: Names | None = None) -> None:
        self._taken = dict.fromkeys(taken)
        self._around = around
        # Where to look for a free number, which many nodes of a kind would else look for very long.
        self._next: dict[str, int] = {}

    def new(self, wanted: str) -> str:
        """Take a name that is like the wanted one."""
        base = identifier(wanted)
        number = self._next.get(base, 1)
        while self._has(name := base if number == 1 else f"{base}_{number}"):
            number += 1
        self._taken[name] = None
        self._next[base] = number
        return name

    def reserve(self, names: Iterable[str]) -> None:
        """Take names as they are."""
        self._taken.update(dict.fromkeys(names))

    def mark(self) -> int:
        """Return what `undo` needs to give back the names that are taken from now on."""
        return len(self._taken)

    def undo(self, mark: int) -> None:
        """Give back names."""
        if len(self._taken) > mark:
            self._next.clear()
        while len(self._taken) > mark:
            self._taken.popitem()

    def _has(self, name: str) -> bool:
        return name in self._taken or (self._around is not None and self._around._has(name))


def identifier(text: str) -> str:
    """Return a text as the name of a variable."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower())[:_LONGEST].strip("_") or "value"
    name = f"_{name}" if name[0].isdigit() else name
    return f"{name}_" if keyword.iskeyword(name) or hasattr(builtins, name) else name


def name_of_node(node_id: str, otherwise: str, process: str) -> str:
    """Return what the result of a node may be called: its id, unless a program has made that."""
    plain = identifier(node_id)
    letters = plain.rstrip("0123456789_")
    made = letters == re.sub(r"[^a-z0-9]", "", process.lower()).rstrip("0123456789")
    too_odd = len(letters) < 2 or len(re.findall(r"\d+", plain)) > 3 or letters in ("node", "step", "process")
    return otherwise if made or too_odd else plain
