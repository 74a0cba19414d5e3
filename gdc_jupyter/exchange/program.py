"""A program as statements, and what all its parts share."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gdc_jupyter.exchange.graph_parts import Graph
from gdc_jupyter.exchange.layout import Source, comment, laid_out
from gdc_jupyter.exchange.names import Names

#: What no parameter of a function may be called, for it stands for something else there.
RESERVED = frozenset(
    "openeo connection processes Parameter build_child_callback gdc_jupyter float result process".split()
)


class GivenUp(Exception):
    """The graph cannot be written as calls of the client, or not within reason."""


@dataclass(frozen=True)
class Assignment:
    """``name = source``, with comments before it."""

    name: str
    source: Source
    comments: tuple[str, ...] = ()

    def lines(self, indent: int) -> Iterator[str]:
        """Yield the source."""
        for text in self.comments:
            yield from comment(text, indent)
        before = f"{self.name} = "
        yield " " * indent + before + laid_out(self.source, indent, len(before))


@dataclass(frozen=True)
class Function:
    """A function that returns what its last expression is."""

    name: str
    parameters: tuple[str, ...]
    statements: tuple[Statement, ...]
    source: Source

    def lines(self, indent: int) -> Iterator[str]:
        """Yield the source, with empty lines around it."""
        inner = indent + 4
        around = [""] if indent else ["", ""]
        yield from around
        yield f"{' ' * indent}def {self.name}({', '.join(self.parameters)}):"
        body = (line for statement in self.statements for line in statement.lines(inner))
        yield from itertools.dropwhile(lambda line: not line, body)
        yield f"{' ' * inner}return {laid_out(self.source, inner, 7)}"
        yield from around


Statement = Assignment | Function


@dataclass
class Program:
    """What all parts of a program share."""

    names: Names
    tries: int
    constants: dict[str, str] = field(default_factory=dict)
    #: What callbacks became, by the identity of their nodes of the client, which are kept for that.
    bodies: dict[int, tuple[Any, Graph]] = field(default_factory=dict)

    def constant(self, text: str, wanted: str) -> str:
        """Return the name of a text of several lines."""
        if text not in self.constants:
            self.constants[text] = self.names.new(wanted)
        return self.constants[text]

    def begin_function(self) -> None:
        """Count a function, for callbacks within callbacks could be tried very often."""
        self.tries -= 1
        if self.tries < 0:
            raise GivenUp
