"""GraphBuilder: an editor of process graphs for any openEO back-end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import traitlets

from gdc_jupyter.client import connect, is_default_url, open_answer
from gdc_jupyter.errors import GdcError
from gdc_jupyter.exchange.importing import process_graph_of
from gdc_jupyter.widgets.graph_cut import cut_at
from gdc_jupyter.widgets.graph_outline import static_outline
from gdc_jupyter.widgets.relay import BUNDLES, RelayedWidget, Source
from gdc_jupyter.widgets.static_form import StaticForm

if TYPE_CHECKING:
    from openeo.rest.connection import Connection
    from openeo.rest.datacube import DataCube
    from openeo.rest.job import BatchJob

    from gdc_jupyter.widgets.bbox_map import BBoxMap
    from gdc_jupyter.widgets.map_layer import MapLayer

#: Where the editor keeps the places of nodes in its picture; back-ends do not read it.
LAYOUT = "gdc:layout"
#: Steps that can be undone.
_DEPTH = 500


class GraphBuilder(StaticForm, RelayedWidget):
    """An editor of a process graph: an outline of its steps, a picture and JSON, for any openEO back-end.

    Steps are added by typing the name of a process, and filled in by forms that are made of its description. Faults
    are shown at their step while one types. Everything is done by the keyboard as well.

    Parameters
    ----------
    connection : openeo.Connection, optional
        The back-end; by default the server of this notebook.
    process_graph : optional
        What to begin with: whatever `load` takes.

    Attributes
    ----------
    process_graph : dict
        The flat graph; can be set.
    process : dict
        The whole process: the graph with its parameters, its id and whatever else is known of it; can be set.
    selected_node : str
        The id of the selected node; of one in a callback the ids and arguments on the way, ``reduce1/reducer/mean1``.
        Empty where none is selected.
    faults : list of dict
        What is wrong, as ``node``, ``argument``, ``code``, ``message``, ``severity`` and ``source``, found by the
        editor when it is displayed, and by `validate`.
    area : BBoxMap or None
        The map on which results are previewed; can be set.

    Examples
    --------
    >>> graph = GraphBuilder(con)  # doctest: +SKIP
    >>> graph.load(con.load_collection("S2_ALPS").ndvi(red="B04", nir="B08"))  # doctest: +SKIP
    >>> graph.preview("ndvi1", area=gdc.BBoxMap())  # doctest: +SKIP
    >>> job = graph.run("NDVI")  # doctest: +SKIP
    """

    _esm = BUNDLES / "graph_builder.js"
    _css = BUNDLES / "graph_builder.css"

    process_graph: traitlets.Dict[str, Any] = traitlets.Dict(default_value={})
    process: traitlets.Dict[str, Any] = traitlets.Dict(default_value={"process_graph": {}})
    selected_node = traitlets.Unicode("").tag(sync=True)
    area: traitlets.TraitType[BBoxMap | None, Any] = traitlets.Any(None, allow_none=True)
    faults: traitlets.List[dict[str, Any]] = traitlets.List(traitlets.Dict(), default_value=[]).tag(sync=True)
    _document = traitlets.Dict(default_value={"origin": "kernel", "number": 0, "process": {"process_graph": {}}}).tag(
        sync=True
    )

    def __init__(self, connection: Connection | None = None, process_graph: Any = None) -> None:
        self.connection = connection if connection is not None else connect()
        self._past: list[dict[str, Any]] = []
        self._future: list[dict[str, Any]] = []
        self._busy = False
        self._number = 0
        self._last: dict[str, Any] = {"process_graph": {}}
        self._on_job: list[Callable[[str], object]] = []
        super().__init__([Source(self.connection)])
        self.observe(self._on_process_graph, "process_graph")
        self.observe(self._on_process, "process")
        self.observe(self._on_document, "_document")
        if process_graph is not None:
            self.load(process_graph)
            self._past.clear()

    def load(self, source: Any) -> None:
        """Take over a process; `undo` gives back what was there before.

        Parameters
        ----------
        source : str, path, mapping or object
            JSON text, a ``.json`` file, a graph, a process, an ``openeo.DataCube``, a job, a user-defined process or
            the id of one.

        Raises
        ------
        GdcError
            ``ProcessGraphMissing`` where there is none in it, and what a back-end says.
        """
        self.process = {} if source == {} else process_graph_of(source, self.connection)

    @property
    def cube(self) -> DataCube:
        """The graph as a cube of the openEO client, with which one can go on.

        Raises
        ------
        GdcError
            ``ProcessGraphMissing`` for a graph without a result.
        """
        self._checked_graph()
        cube: DataCube = self.connection.datacube_from_flat_graph(self._plain_process())  # type: ignore[assignment]
        return cube

    @property
    def code(self) -> str:
        """Code of the openEO client that gives this process."""
        return self._code_of(self._plain_process())

    def flat_graph(self) -> dict[str, Any]:
        """Return the graph, as the openEO client wants it of what it runs: ``con.execute(graph)``."""
        return deepcopy(self.process_graph)

    def undo(self) -> bool:
        """Take back the last change; return whether there was one."""
        return self._travel(self._past, self._future)

    def redo(self) -> bool:
        """Do again what was taken back; return whether there was something."""
        return self._travel(self._future, self._past)

    def validate(self) -> list[dict[str, Any]]:
        """Ask the back-end what is wrong with the process.

        Returns
        -------
        list of dict
            As ``faults``, which are set to it; empty where nothing is, or where the back-end checks nothing.
        """
        answer = self.sources["0"].request("POST", "validation", body=self._plain_process())
        errors = answer.body.get("errors", []) if answer.status == 200 and isinstance(answer.body, dict) else []
        self.faults = [_fault(error) for error in errors if isinstance(error, dict)]
        return self.faults

    def save_process(self, process_id: str | None = None) -> str:
        """Store the process on the back-end, where other graphs can call it by its id.

        Parameters
        ----------
        process_id : str, optional
            By default the one that the process has. A stored process of this id is replaced.

        Returns
        -------
        str
            The id.

        Raises
        ------
        GdcError
            ``ProcessIdMissing``, or what the back-end says.
        """
        name = process_id or str(self.process.get("id") or "")
        if not name:
            raise GdcError("ProcessIdMissing", "Give the process a name: save_process('my_ndvi').")
        self._checked_graph()
        answer = self.sources["0"].request("PUT", f"process_graphs/{name}", body=self._plain_process() | {"id": name})
        if answer.status >= 400:
            told = answer.body if isinstance(answer.body, dict) else {}
            raise GdcError(str(told.get("code", "Internal")), str(told.get("message", f"It answers {answer.status}.")))
        self.process = self.process | {"id": name}
        return name

    def run(self, title: str | None = None) -> BatchJob:
        """Create a batch job of the graph, and start it."""
        self._checked_graph()
        job: BatchJob = self.connection.create_job(self._plain_process()["process_graph"], title=title)
        job.start()
        return job

    def execute(self) -> Any:
        """Run the graph and wait for its result: a value of JSON, or an ``xarray.DataArray``."""
        self._checked_graph()
        answer: Any = self.connection.execute(self.process_graph, auto_decode=False)
        return open_answer(answer.content, answer.headers.get("content-type", ""))

    def preview(self, node: str | None = None, area: BBoxMap | None = None, **options: Any) -> MapLayer:
        """Show the result of a node on a map.

        Parameters
        ----------
        node : str, optional
            Its id; by default the selected node, else the result.
        area : BBoxMap, optional
            By default the map of the attribute ``area``; the one that is given stays it.
        **options
            Options of `BBoxMap.add_layer`, such as ``colormap``.

        Returns
        -------
        MapLayer

        Raises
        ------
        GdcError
            ``NodeNotFound`` also for a node inside a callback, which has no result of its own; ``MapMissing``.
        """
        self.area = area if area is not None else self.area
        if self.area is None:
            raise GdcError("MapMissing", "Say on which map: preview(node, area=gdc.BBoxMap()).")
        chosen = node or self.selected_node or self._result()
        return self._show(cut_at(self.process_graph, chosen), chosen, options)

    def on_job(self, callback: Callable[[str], object]) -> None:
        """Have a function called with the id of each job that is started in the editor."""
        self._on_job.append(callback)

    def on_action(self, content: dict[str, Any]) -> None:
        """Handle a message of the page."""
        kind = content.get("kind")
        if kind == "code":
            self._threads.submit(self._send_code, content)
        elif kind == "preview":
            self._threads.submit(self._preview_for_page, content)
        elif kind == "job":
            for callback in self._on_job:
                callback(str(content.get("id", "")))

    def _show(self, graph: Mapping[str, Any], name: str, options: Mapping[str, Any]) -> MapLayer:
        if self.area is None:
            raise GdcError(
                "MapMissing", "There is no map yet: run graph.area = gdc.BBoxMap() and show it, then try again."
            )
        return self.area.add_layer(graph, name, connection=self.connection, **options)

    def _preview_for_page(self, content: Mapping[str, Any]) -> None:
        title = str(content.get("title", ""))
        try:
            layer = self._show(process_graph_of(content.get("process"))["process_graph"], title, {})
        except Exception as error:  # told to who looks at the page
            message = error.message if isinstance(error, GdcError) else str(error) or type(error).__name__
            self.send({"kind": "told", "level": "error", "text": f"{title} is not on the map: {message}"})
        else:
            note = f" {layer.note}." if layer.note else ""
            self.send({"kind": "told", "level": "info", "text": f"{title} is on the map.{note}"})

    def _send_code(self, content: Mapping[str, Any]) -> None:
        try:
            code = self._code_of(content.get("process") or {})
        except Exception as error:  # the page waits for an answer
            code = "".join(f"# {line}\n" for line in str(error).splitlines())
        self.send({"kind": "code", "id": content.get("id"), "code": code})

    def _code_of(self, process: Mapping[str, Any]) -> str:
        from gdc_jupyter.exchange.python_code import python_code

        url = str(self.connection.root_url)
        code: str = python_code(process, None if is_default_url(url) else url)
        return code

    def _plain_process(self) -> dict[str, Any]:
        return {key: deepcopy(value) for key, value in self.process.items() if key != LAYOUT}

    def _result(self) -> str:
        for key, node in self.process_graph.items():
            if node.get("result") is True:
                return str(key)
        raise GdcError("ProcessGraphMissing", "No node is marked as the result: choose one.")

    def _checked_graph(self) -> None:
        if not self.process_graph:
            raise GdcError("ProcessGraphMissing", "There are no steps yet: add some, or load a graph.")
        self._result()

    @traitlets.validate("process_graph")
    def _check_graph(self, proposal: Any) -> dict[str, Any]:
        return _graph_of(proposal["value"])

    @traitlets.validate("process")
    def _check_process(self, proposal: Any) -> dict[str, Any]:
        value = dict(proposal["value"])
        if "process_graph" in value or not value:
            return value | {"process_graph": _graph_of(value.get("process_graph") or {})}
        return {"process_graph": _graph_of(value)}

    def _on_process_graph(self, change: Any) -> None:
        if not self._busy:
            self.process = self.process | {"process_graph": change["new"]}

    def _on_process(self, change: Any) -> None:
        if not self._busy:
            self._keep(self._last)
            self._take(change["new"])
            self._tell_page(change["new"])

    def _on_document(self, change: Any) -> None:
        told = change["new"]
        origin = told.get("origin")
        if origin == "kernel":
            return
        process = told.get("process")
        if isinstance(process, dict) and process != self.process:
            self._keep(self.process)
            self._take(process)
        self.send({"kind": "kept", "origin": origin, "number": told.get("number")})

    def _take(self, process: dict[str, Any]) -> None:
        """Set both forms of the process, as they are: a page may be in the middle of an edit."""
        before, self._busy = self._busy, True
        self._last = process
        try:
            with self.cross_validation_lock:
                self.process = process
                self.process_graph = process.get("process_graph") or {}
        finally:
            self._busy = before

    def _tell_page(self, process: dict[str, Any]) -> None:
        self._number += 1
        self._document = {"origin": "kernel", "number": self._number, "process": process}

    def _keep(self, process: dict[str, Any]) -> None:
        self._past = [*self._past[1 - _DEPTH :], process]
        self._future.clear()

    def _travel(self, source: list[dict[str, Any]], target: list[dict[str, Any]]) -> bool:
        if not source:
            return False
        process = source.pop()
        target.append(self.process)
        self._take(process)
        self._tell_page(process)
        return True

    def _repr_html_(self) -> str:
        return static_outline(self.process, self.faults)

    def __repr__(self) -> str:
        name = f"{self.process['id']!r}, " if self.process.get("id") else ""
        return f"GraphBuilder({name}{len(self.process_graph)} steps)"


def _graph_of(value: Any) -> dict[str, Any]:
    """Return a flat graph as it is.

    Raises
    ------
    TraitError
        Where it is none.
    """
    if not value:
        return {}
    try:
        graph: dict[str, Any] = process_graph_of(value)["process_graph"]
    except GdcError as error:
        raise traitlets.TraitError(error.message) from None
    return graph


def _fault(error: Mapping[str, Any]) -> dict[str, Any]:
    """Return a fault that a back-end tells; this project's server tells the nodes on the way, the innermost first."""
    nodes = [each for each in error.get("path") or [] if isinstance(each, Mapping)]
    fault = {
        "node": "/".join(str(each.get("node_id")) for each in reversed(nodes)),
        "code": str(error.get("code", "")),
        "message": str(error.get("message", "")),
        "severity": "error",
        "source": "server",
    }
    argument = nodes[0].get("parameter") if nodes else None
    return fault | {"argument": str(argument)} if argument else fault
