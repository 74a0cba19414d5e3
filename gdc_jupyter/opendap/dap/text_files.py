"""Values as text for people and spreadsheets: a line for each row of an array, with what the row is of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.opendap.dap.dap2 import Declared, Part
from gdc_jupyter.opendap.dap.dap4 import Wanted
from gdc_jupyter.opendap.dap.dataset import Read, Slab, Variable
from gdc_jupyter.opendap.dap.texts import text_blocks, texts

#: The labels of the positions along the dimensions of an array but the last.
_Labels = Sequence[Sequence[str]]


def dap2_text(name: str, declared: Iterable[Declared]) -> Iterator[bytes]:
    """Yield what a constraint of DAP2 wants as text."""
    yield f"Dataset: {name}\n".encode()
    for each in declared:
        if isinstance(each, Part):
            yield from _part(each.field.name, each, None)
            continue
        grid = each.name
        maps = each.maps if each.whole else ()
        labels = [_map_labels(grid, part) for part in maps[:-1]]
        for part in each.parts:
            is_array = part is each.array
            yield from _part(f"{grid}.{part.field.name}", part, labels if is_array and maps else None)


def dap4_text(wanted: Wanted) -> Iterator[bytes]:
    """Yield what a constraint of DAP4 wants as text."""
    yield f"Dataset: {wanted.dataset.name}\n".encode()
    variables = wanted.dataset.variables()
    for path, slab in wanted.slabs.items():
        variable = variables[path]
        slab = slab[: len(slab) - bool(variable.is_character and variable.shape)]
        yield from _rows(path, variable, variable.read, slab, _indices(slab))


def _map_labels(grid: str, part: Part) -> list[str]:
    values = part.field.values(part.slab)
    return [f"[{grid}.{part.field.name}={text}]" for text in _values(part.field.variable, values)]


def _part(name: str, part: Part, labels: _Labels | None) -> Iterator[bytes]:
    return _rows(name, part.field.variable, part.field.values, part.slab, labels or _indices(part.slab))


def _indices(slab: Slab) -> list[list[str]]:
    return [[f"[{each}]" for each in range(part.start, part.stop, part.step)] for part in slab[:-1]]


def _rows(name: str, variable: Variable, read: Read, slab: Slab, labels: _Labels) -> Iterator[bytes]:
    """Yield the lines of an array: its last dimension goes along them."""
    columns = len(range(slab[-1].start, slab[-1].stop, slab[-1].step)) if slab else 1
    row, column = 0, 0
    for block in text_blocks(variable, slab):
        found = _values(variable, read(block))
        lines = []
        at = 0
        while at < len(found):
            taken = found[at : at + columns - column]
            lines.append((f"{name}{_label(labels, row)}, " if column == 0 else ", ") + ", ".join(taken))
            at, column = at + len(taken), column + len(taken)
            if column == columns:
                lines.append("\n")
                row, column = row + 1, 0
        yield "".join(lines).encode()


def _label(labels: _Labels, row: int) -> str:
    parts = []
    for along in reversed(labels):
        row, position = divmod(row, len(along))
        parts.append(along[position])
    return "".join(reversed(parts))


def _values(variable: Variable, values: NDArray[Any]) -> list[str]:
    if variable.is_text or variable.is_character:
        return [_quoted(text.decode("utf-8", "replace")) for text in texts(values, variable.is_character)]
    flat = values.reshape(-1)
    # numpy writes the shortest text that gives the same number again, of each type as it is.
    return [str(each) for each in flat] if flat.dtype == np.float32 else [str(each) for each in flat.tolist()]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
