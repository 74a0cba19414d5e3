"""Python source that a person can read: values, calls and lists over several lines where one is too short."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

WIDTH = 100
_INDENT = 4


@dataclass(frozen=True)
class Group:
    """Items between two brackets, each with what stands before it, such as the name of a keyword argument."""

    opening: str
    items: tuple[tuple[str, Source], ...]
    closing: str


#: A text as it is, or what can be broken into lines.
Source = str | Group


def flat(source: Source, width: int) -> str | None:
    """Return the source in one line, None where that is longer than the width."""
    if isinstance(source, str):
        return source if len(source) <= width else None
    left = width - len(source.opening) - len(source.closing)
    parts = []
    for before, item in source.items:
        part = flat(item, left - len(before))
        if part is None:
            return None
        parts.append(before + part)
        left -= len(before) + len(part) + 2
        if left < -2:
            return None
    return source.opening + ", ".join(parts) + source.closing


def laid_out(source: Source, indent: int = 0, before: int = 0) -> str:
    """Return the source, lines after the first indented, where so many characters stand before it in its line."""
    if isinstance(source, str):
        return source
    line = flat(source, WIDTH - indent - before - 1)
    if line is not None:
        return line
    inner = indent + _INDENT
    margin = "\n" + " " * inner
    if len(source.items) > 3 and all(
        not name and isinstance(item, str) and len(item) < 20 for name, item in source.items
    ):
        body = margin.join(_filled((str(item) for _, item in source.items), WIDTH - inner))
    else:
        body = margin.join(f"{name}{laid_out(item, inner, len(name))}," for name, item in source.items)
    return f"{source.opening}{margin}{body}\n{' ' * indent}{source.closing}"


def _filled(items: Iterable[str], width: int) -> Iterable[str]:
    """Yield lines of short items."""
    line = ""
    for item in items:
        if line and len(line) + len(item) + 2 > width:
            yield line
            line = ""
        line = f"{line} {item}," if line else f"{item},"
    yield line


def scalar(value: Any) -> str:
    """Return a number, a text, a boolean or None as source."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def quoted(text: str) -> str:
    """Return a text as source: in double quotes where it holds none, all that cannot be seen escaped."""
    written = repr(text)
    return written if '"' in text or not written.startswith("'") else f'"{written[1:-1]}"'


def long_text(text: str) -> str:
    """Return a text of several lines as source with these lines, or as `quoted` where they would not be the same."""
    lines = text.split("\n")
    if not all(line.replace("\t", " ").isprintable() for line in lines):
        return quoted(text)
    written = '"""\\\n' + text.replace("\\", "\\\\").replace('"""', '\\"""')
    # A quotation mark at the end would end the text too early.
    written = (written[:-1] + '\\"' if text.endswith('"') else written) + '"""'
    try:
        return written if ast.literal_eval(written) == text else quoted(text)
    except (SyntaxError, ValueError):
        return quoted(text)


def comment(text: str, indent: int = 0) -> list[str]:
    """Return a text as lines of comments."""
    shown = "".join(character if character.isprintable() else "\n" for character in text)
    return [f"{' ' * indent}# {line.strip()}" for line in shown.split("\n") if line.strip()]
