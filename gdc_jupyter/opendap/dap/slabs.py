"""Hyperslabs in constraint expressions: `[3]`, `[0:9]`, `[0:2:9]`, and what is wrong with them."""

from __future__ import annotations

import re

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.dap.dataset import Slab

INVALID = "ConstraintInvalid"
UNKNOWN = "VariableNotFound"
_SLABS = re.compile(r"(\[[^\[\]]*\])*")
_SLAB = re.compile(r"\[([^\[\]]*)\]")
_NUMBER = re.compile(r"[0-9]{1,18}")
_LONGEST = 200


def invalid(message: str) -> GdcError:
    """Return the error of a constraint that cannot be."""
    return GdcError(INVALID, message)


def unknown(name: str, there: object) -> GdcError:
    """Return the error of a name that nothing has."""
    names = ", ".join(map(str, there)) if isinstance(there, list | tuple | dict) else str(there)
    return GdcError(UNKNOWN, f"There is no variable '{shown(name)}' in this dataset; there are: {names[:2000]}.")


def shown(text: str) -> str:
    """Return a part of a request for a message."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def split_slabs(text: str) -> tuple[str, list[str]]:
    """Return a name, and what is in the brackets behind it.

    Raises
    ------
    GdcError
        ``ConstraintInvalid``.
    """
    name, bracket, rest = text.partition("[")
    slabs = bracket + rest
    if not _SLABS.fullmatch(slabs) or not name.strip() or "]" in name:
        raise invalid(f"'{shown(text)}' is no variable with hyperslabs such as name[0:9][0:2:9].")
    return name.strip(), _SLAB.findall(slabs)


def parse_slice(text: str, size: int, name: str, default: slice | None = None) -> slice:
    """Return a slice of a dimension.

    Parameters
    ----------
    text : str
        What is between brackets: ``3``, ``0:9``, ``0:2:9``; the last may be ``*``, the end.
    size : int
        The length of the dimension.
    name : str
        Of what, for messages.
    default : slice, optional
        What nothing stands for; nothing is an error where it is not given.

    Raises
    ------
    GdcError
        ``ConstraintInvalid``.
    """
    parts = [part.strip() for part in text.split(":")]
    if parts == [""] and default is not None:
        return default
    if len(parts) > 1 and parts[-1] == "*":
        parts[-1] = str(size - 1)
    if len(parts) > 3 or not all(_NUMBER.fullmatch(part) for part in parts):
        raise invalid(f"[{shown(text)}] of '{name}' is no hyperslab such as [3], [0:9] or [0:2:9].")
    first, last = int(parts[0]), int(parts[-1])
    step = int(parts[1]) if len(parts) == 3 else 1
    if step < 1:
        raise invalid(f"[{shown(text)}] of '{name}' has a step of 0.")
    if last < first:
        raise invalid(f"[{shown(text)}] of '{name}' is reversed: the last index comes before the first.")
    if last >= size:
        raise invalid(f"[{shown(text)}] of '{name}' is out of range: the dimension has the indices 0 to {size - 1}.")
    return slice(first, last + 1, step)


def parse_slab(parts: list[str], shape: tuple[int, ...], name: str, defaults: Slab | None = None) -> Slab:
    """Return the slab that brackets stand for.

    Parameters
    ----------
    parts : list of str
        What is in the brackets; none for all.
    shape : tuple of int
    name : str
    defaults : tuple of slice, optional
        What empty brackets, and none, stand for; empty ones are an error where it is not given.

    Raises
    ------
    GdcError
        ``ConstraintInvalid``.
    """
    if not parts:
        return defaults or tuple(slice(0, size, 1) for size in shape)
    if len(parts) != len(shape):
        raise invalid(f"'{name}' has {len(shape)} dimensions, and {len(parts)} hyperslabs are given.")
    several = defaults or (None,) * len(shape)
    return tuple(
        parse_slice(part, size, name, default) for part, size, default in zip(parts, shape, several, strict=True)
    )
