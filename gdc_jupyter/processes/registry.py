"""The register of processes: a function becomes an openEO process, described by its signature and docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from gdc_jupyter.processes.schemas import Schema

if TYPE_CHECKING:
    from gdc_jupyter.cube.grid import Grid

Function = TypeVar("Function", bound=Callable[..., Any])
Arguments = Mapping[str, Any]


class Reach(Enum):
    """How far across x and y a process looks to compute one pixel."""

    PIXEL = "pixel"
    WHOLE = "whole"
    LABELS = "labels"


@dataclass(frozen=True)
class Parameter:
    """A parameter as openEO describes it."""

    name: str
    description: str
    schema: Any
    optional: bool = False
    default: Any = None

    def describe(self) -> dict[str, Any]:
        """Return the openEO description."""
        entry: dict[str, Any] = {"name": self.name, "description": self.description, "schema": self.schema}
        if self.optional:
            entry |= {"optional": True, "default": self.default}
        return entry


@dataclass(frozen=True)
class Process:
    """A process: its function, its description and what the plan has to know of it.

    Parameters
    ----------
    id : str
        The openEO id.
    function : callable
        Computes the process on numbers, arrays and ``xarray.DataArray`` cubes.
    reach : Reach or callable
        ``PIXEL`` where a pixel depends on the same pixel of the input only, ``LABELS`` where the result depends on
        labels and not on values. A callable decides from the arguments, in which cubes stand as one pixel.
    margin : callable, optional
        The pixels around a block that the function needs, from the arguments.
    crop : callable, optional
        The grid that is left of the input's grid, for a process that narrows it; in the arguments, cubes stand
        as grids.
    regrid : callable, optional
        The grid that the result has, for a process that resamples by the method that its argument ``method`` names; in
        the arguments, cubes stand as grids.
    reads : callable, optional
        The window of the input that a window of the result needs, from the input's grid, the arguments and the window,
        for a process that looks at a neighbourhood: the block on that window is what the function gets, and the wanted
        window is cut out of what it returns. With ``regrid`` the wanted window lies on the result's grid. In the
        arguments, cubes stand as grids, and ``probe`` is one pixel of the first. A function with the keyword argument
        ``window`` gets the grid of the whole input and the wanted window, or None for a whole cube.
    streams : bool
        Whether the function takes a :class:`gdc_jupyter.cube.stream.Stream` in place of its first cube.
    joins : bool
        Whether the result covers the pixels of all cubes together; otherwise it covers those of the first.
    masks : bool
        Whether a process that crops also changes values, so that it has to run on each block.
    selects : bool
        Whether the result holds a subset of the labels of the first cube, so that a source need not read the others.
    templates : set of str
        The arguments of which only the labels matter: the function gets them as one pixel of ones.
    trims : bool
        Whether the labels of the result depend on the data, so that these are read while the plan is made.
    counts : bool
        Whether the function has to see how many labels x and y really have, and refuses by them.
    engine : bool
        Whether the function takes the engine's services as the keyword argument ``engine``.
    frame : bool
        Whether the function takes the :class:`gdc_jupyter.processes.engine.Frame` of the callback around it as the
        keyword argument ``frame``.
    windowed : bool
        Whether the function takes the keyword argument ``window``; see ``reads``.
    plans : bool
        Whether the function deals with planned cubes itself, so that it runs once, while the plan is made.
    acts : bool
        Whether it acts elsewhere, so that it must run once in a run.
    """

    id: str
    function: Callable[..., Any]
    summary: str
    description: str
    categories: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    returns: Parameter
    exceptions: Mapping[str, str] = field(default_factory=dict)
    reach: Reach | Callable[[Arguments], Reach] = Reach.PIXEL
    margin: Callable[[Arguments], int] | None = None
    crop: Callable[[Grid, Arguments], Grid] | None = None
    regrid: Callable[[Grid, Arguments], Grid] | None = None
    reads: Callable[[Grid, Arguments, Grid], Grid] | None = None
    streams: bool = False
    joins: bool = False
    masks: bool = False
    selects: bool = False
    templates: frozenset[str] = frozenset()
    trims: bool = False
    counts: bool = False
    engine: bool = False
    frame: bool = False
    windowed: bool = False
    plans: bool = False
    acts: bool = False

    def reach_of(self, arguments: Arguments) -> Reach:
        """Return how far the process looks with these arguments."""
        return self.reach if isinstance(self.reach, Reach) else self.reach(arguments)

    def describe(self) -> dict[str, Any]:
        """Return the process as ``GET /processes`` gives it."""
        entry: dict[str, Any] = {
            "id": self.id,
            "summary": self.summary,
            "description": self.description,
            "categories": list(self.categories),
            "parameters": [parameter.describe() for parameter in self.parameters],
            "returns": {"description": self.returns.description, "schema": self.returns.schema},
        }
        if self.exceptions:
            entry["exceptions"] = {code: {"message": message} for code, message in self.exceptions.items()}
        return entry


PROCESSES: dict[str, Process] = {}


def process(*categories: str, id: str | None = None, **plan: Any) -> Callable[[Function], Function]:
    """Register a function as an openEO process.

    Parameters
    ----------
    *categories : str
        The categories of the process.
    id : str, optional
        The openEO id where the function cannot have that name (``and_`` for ``and`` needs none: a trailing
        underscore is dropped).
    **plan
        What the plan has to know: see :class:`Process`.
    """

    def register(function: Function) -> Function:
        name = id or function.__name__.rstrip("_")
        PROCESSES[name] = _describe(name, function, categories, plan)
        return function

    return register


def spatial_reach(cube: Any, dimension: str) -> Reach:
    """Return the reach of a process along a dimension: along x and y it needs all pixels."""
    from gdc_jupyter.cube.cube import dimension_type

    spatial = dimension in getattr(cube, "dims", ()) and dimension_type(cube, dimension) == "spatial"
    return Reach.WHOLE if spatial else Reach.PIXEL


def _describe(name: str, function: Callable[..., Any], categories: tuple[str, ...], plan: dict[str, Any]) -> Process:
    sections = _sections(inspect.getdoc(function) or "")
    hints = get_type_hints(function, include_extras=True)
    documented = _entries(sections.get("Parameters", ""))
    signature = inspect.signature(function)
    parameters = tuple(
        Parameter(
            name=parameter.name.rstrip("_"),
            description=documented[parameter.name],
            schema=_schema(hints[parameter.name]),
            optional=parameter.default is not inspect.Parameter.empty,
            default=None if parameter.default is inspect.Parameter.empty else parameter.default,
        )
        for parameter in signature.parameters.values()
        if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    )
    summary, _, description = sections[""].partition("\n\n")
    returned = next(iter(_entries(sections.get("Returns", "")).values()), "")
    return Process(
        id=name,
        function=function,
        summary=_flow(summary).rstrip("."),
        description=_paragraphs(description) or _flow(summary),
        categories=categories,
        parameters=parameters,
        returns=Parameter("", returned, _schema(hints["return"])),
        exceptions=_entries(sections.get("Raises", "")),
        engine="engine" in signature.parameters,
        frame="frame" in signature.parameters,
        windowed="window" in signature.parameters,
        **plan,
    )


def _schema(hint: Any) -> Any:
    for extra in getattr(hint, "__metadata__", ()):
        if isinstance(extra, Schema):
            return extra.value
    raise TypeError(f"{hint!r} carries no JSON schema; annotate with an alias of gdc_jupyter.processes.schemas.")


def _sections(text: str) -> dict[str, str]:
    sections: dict[str, str] = {}
    title, lines = "", list[str]()
    rows = text.splitlines()
    for row, line in enumerate(rows):
        if row + 1 < len(rows) and re.fullmatch(r"-{3,}", rows[row + 1].strip()):
            sections[title] = "\n".join(lines).strip("\n")
            title, lines = line.strip(), []
        elif not re.fullmatch(r"-{3,}", line.strip()):
            lines.append(line)
    sections[title] = "\n".join(lines).strip("\n")
    return sections


def _entries(text: str) -> dict[str, str]:
    entries: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line[0].isspace():
            name = line.partition(" :")[0].strip()
            entries[name] = []
        elif entries:
            entries[name].append(line.strip())
    return {name.rstrip(":"): _flow("\n".join(lines)) for name, lines in entries.items()}


def _paragraphs(text: str) -> str:
    return "\n\n".join(_flow(block) for block in re.split(r"\n\s*\n", text) if block.strip())


def _flow(text: str) -> str:
    if text.lstrip().startswith(("* ", "- ")):
        return text
    return " ".join(text.split())
