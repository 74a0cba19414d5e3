"""Errors that a user can act on, each with the code that openEO gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class GdcError(Exception):
    """An error with an openEO error code and a message that names the cause and what would be right.

    Parameters
    ----------
    code : str
        A code of the openEO API (``CollectionNotFound``) or of a process (``NoDataAvailable``).
    message : str
        A sentence or two for the person who made the request.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.message)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a process graph, and where.

    Parameters
    ----------
    code : str
        The openEO error code.
    message : str
        What is wrong and what would be right.
    path : tuple of str
        The ids of the nodes from the outermost to the one at fault.
    process : str, optional
        The id of the process at that node.
    argument : str, optional
        The name of the argument at fault.
    """

    code: str
    message: str
    path: tuple[str, ...] = ()
    process: str | None = None
    argument: str | None = None

    def __str__(self) -> str:
        place = "/".join(self.path)
        if self.process:
            place += f" ({self.process})" if place else self.process
        if self.argument:
            place += f", argument '{self.argument}'"
        return f"{place}: {self.message}" if place else self.message


class InvalidProcessGraph(GdcError):
    """A process graph with one fault or more; ``faults`` holds them all."""

    def __init__(self, faults: list[Fault]) -> None:
        first = faults[0]
        code = first.code if len(faults) == 1 else "ProcessGraphInvalid"
        super().__init__(code, "; ".join(str(fault) for fault in faults[:5]))
        self.faults = faults

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.faults,)
