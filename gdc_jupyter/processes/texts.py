"""Processes on texts."""

from __future__ import annotations

from typing import Annotated, Any

from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import Boolean, Flag, Schema, Text, TextOrNull
from gdc_jupyter.processes.values import integer_or_float, list_of, plain

# Characters that a text may have.
MOST_CHARACTERS = 1 << 20
Scalars = Annotated[Any, Schema({"type": "array", "items": {"type": ["string", "number", "boolean", "null"]}})]
Separator = Annotated[Any, Schema({"type": ["string", "number", "boolean", "null"]})]
Place = Annotated[Any, Schema({"type": ["integer", "null"], "minimum": 0})]


@process("texts", "comparison")
def text_begins(data: TextOrNull, pattern: Text, case_sensitive: Flag = True) -> Boolean:
    """Tell whether a text begins with another.

    Parameters
    ----------
    data
        The text.
    pattern
        What it may begin with; no character of it has a special meaning.
    case_sensitive
        Whether upper and lower case make a difference.

    Returns
    -------
    begins
        null where ``data`` is null.
    """
    return None if data is None else _folded(data, case_sensitive).startswith(_folded(pattern, case_sensitive))


@process("texts", "comparison")
def text_ends(data: TextOrNull, pattern: Text, case_sensitive: Flag = True) -> Boolean:
    """Tell whether a text ends with another.

    Parameters
    ----------
    data
        The text.
    pattern
        What it may end with; no character of it has a special meaning.
    case_sensitive
        Whether upper and lower case make a difference.

    Returns
    -------
    ends
        null where ``data`` is null.
    """
    return None if data is None else _folded(data, case_sensitive).endswith(_folded(pattern, case_sensitive))


@process("texts", "comparison")
def text_contains(data: TextOrNull, pattern: Text, case_sensitive: Flag = True) -> Boolean:
    """Tell whether a text contains another.

    Parameters
    ----------
    data
        The text.
    pattern
        What it may contain; no character of it has a special meaning.
    case_sensitive
        Whether upper and lower case make a difference.

    Returns
    -------
    contains
        null where ``data`` is null.
    """
    return None if data is None else _folded(pattern, case_sensitive) in _folded(data, case_sensitive)


@process("texts")
def text_find(data: TextOrNull, pattern: Text, case_sensitive: Flag = True) -> Place:
    """Find where a text first contains another.

    Parameters
    ----------
    data
        The text.
    pattern
        What is looked for; no character of it has a special meaning.
    case_sensitive
        Whether upper and lower case make a difference.

    Returns
    -------
    position
        That of the first character, counted from zero; null where it is not there, and where ``data`` is null.
    """
    if data is None:
        return None
    position = _folded(data, case_sensitive).find(_folded(pattern, case_sensitive))
    if position < 0:
        return None
    if case_sensitive:
        return position
    # One character may become several without its case, as the German sharp s does.
    counted = 0
    for index, character in enumerate(data):
        counted += len(character.casefold())
        if counted > position:
            return index
    return len(data)


@process("texts")
def text_concat(data: Scalars, separator: Separator = "") -> Text:
    """Join texts, and numbers and truth values as texts, to one text.

    Parameters
    ----------
    data
        What is joined, in order.
    separator
        What comes between.

    Returns
    -------
    text
        Truth values are ``true`` and ``false`` in it, no-data is ``null``, and whole numbers have no point.
    """
    texts, between = [_text(element) for element in list_of(data)], _text(separator)
    characters = sum(map(len, texts)) + len(between) * max(len(texts) - 1, 0)
    if characters > MOST_CHARACTERS:
        message = f"A text of {characters} characters is too long; {MOST_CHARACTERS} are possible."
        raise GdcError("ProcessParameterInvalid", message)
    return between.join(texts)


def _folded(text: Any, case_sensitive: bool) -> str:
    if not isinstance(text, str):
        raise GdcError("ProcessParameterInvalid", f"A text is needed, and {text!r:.60} is given.")
    return text if case_sensitive else text.casefold()


def _text(value: Any) -> str:
    value = plain(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return str(integer_or_float(value) if isinstance(value, float) else value)
    if isinstance(value, str):
        return value
    raise GdcError("ProcessParameterInvalid", "Only texts, numbers, truth values and null can be joined to a text.")
