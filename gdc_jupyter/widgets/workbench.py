"""Workbench: the collections, the map, the process graph and the jobs of a back-end, around one selection."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import ipywidgets
import traitlets

from gdc_jupyter.client import connect
from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import BBox, Selection
from gdc_jupyter.widgets.bbox_map import BBoxMap
from gdc_jupyter.widgets.collection_browser import CollectionBrowser
from gdc_jupyter.widgets.graph_builder import GraphBuilder
from gdc_jupyter.widgets.job_tracker import JobTracker
from gdc_jupyter.widgets.recipe_bar import RecipeBar
from gdc_jupyter.widgets.recipes import Recipe, recipes_for
from gdc_jupyter.widgets.relay import NoAnswer, Source
from gdc_jupyter.widgets.static_form import StaticForm
from gdc_jupyter.widgets.tile_service import name_of

if TYPE_CHECKING:
    from openeo.rest.connection import Connection
    from openeo.rest.job import BatchJob

    from gdc_jupyter.widgets.map_layer import MapLayer

_GRAPH, _JOBS = 0, 1


@dataclass(frozen=True)
class _Computed:
    """What was computed by a recipe, and how it is shown as long as the graph has these steps."""

    steps: dict[str, str]
    job_title: str
    style: dict[str, Any]


class Workbench(StaticForm, ipywidgets.VBox):  # type: ignore[misc]
    """The four widgets together: pick a collection, draw a box, press what to compute, and see it on the map.

    What is picked in one is known to the others: the map shows where the collection lies and how much is selected,
    the buttons below it offer what can be computed of its bands, the process graph behind each is there to be changed,
    and a finished job can be put on the map.

    Parameters
    ----------
    connection : openeo.Connection, optional
        The back-end; by default the server of this notebook.
    collection, bbox, datetime, bands : optional
        What is selected at first.

    Attributes
    ----------
    selection : Selection or None
        What is selected; it can be set.
    browser, area, graph, jobs
        The `CollectionBrowser`, `BBoxMap`, `GraphBuilder` and `JobTracker`.
    problem : str
        What went wrong last; empty where all is well.

    Examples
    --------
    >>> bench = gdc.Workbench()  # doctest: +SKIP
    >>> bench.selection = gdc.Selection("S2_ALPS", (11.345, 46.495, 11.372, 46.512), "2022-06")  # doctest: +SKIP
    >>> bench.compute("ndvi")  # doctest: +SKIP
    MapLayer('NDVI')
    """

    selection: traitlets.TraitType[Any, Selection | None] = traitlets.Any(None, allow_none=True)
    problem = traitlets.Unicode("")

    def __init__(
        self,
        connection: Connection | None = None,
        collection: str | None = None,
        bbox: BBox | None = None,
        datetime: Any = None,
        bands: Any = None,
    ) -> None:
        self.connection = connect() if connection is None else connection
        self._source = Source(self.connection)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="gdc-workbench")
        # A collection that is slow to tell about itself keeps neither the next one nor a computation waiting.
        self._readers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="gdc-workbench-reading")
        self._recipes: dict[str, Recipe] = {}
        self._reading: Future[None] | None = None
        self._computed: _Computed | None = None
        self._doing = ""
        self.browser = CollectionBrowser(self.connection)
        self.area = BBoxMap(connection=self.connection)
        self.graph = GraphBuilder(self.connection)
        self.graph.area = self.area
        self.jobs = JobTracker(self.connection, area=self.area)
        self.bar = RecipeBar(self._on_press)
        self._tabs = ipywidgets.Tab(children=(self.graph, self.jobs), titles=("Process graph", "Jobs"))
        super().__init__(children=(self._top(), self.bar, self._tabs))
        self.add_class("gdc-workbench")
        self._link()
        if collection is not None:
            self.selection = Selection(collection, bbox, datetime, bands)
        elif bbox is not None:
            self.area.bbox = bbox

    @property
    def recipes(self) -> list[str]:
        """The names of what `compute` knows of the selected collection."""
        return list(self._known_recipes())

    def compute(self, name: str) -> MapLayer:
        """Make the process graph of a recipe for the selection, and show its result on the map.

        Parameters
        ----------
        name : str
            One of ``recipes``, such as ``"ndvi"``.

        Raises
        ------
        GdcError
            ``CollectionNotFound`` where nothing is selected, ``ProcessUnsupported`` for a name that is none of the
            collection's, and what the back-end says is wrong.
        """
        chosen = self.selection
        if chosen is None:
            raise GdcError("CollectionNotFound", "Select a collection first: bench.browser.selected = 'S2_ALPS'.")
        recipe = self._known_recipes().get(name)
        if recipe is None:
            known = ", ".join(self._recipes) or "there is none"
            raise GdcError("ProcessUnsupported", f"{chosen.collection} has no recipe {name!r}: {known}.")
        return self._compute(recipe, chosen)

    def show(self, name: str | None = None, **style: Any) -> MapLayer:
        """Show the result of the process graph on the map, in place of an earlier layer of that name.

        Parameters
        ----------
        name : str, optional
            What the layer is called.
        **style
            As `BBoxMap.add_layer` takes it: ``colormap``, ``range``, ``opacity``, …

        Raises
        ------
        GdcError
            What is wrong with the graph.
        """
        graph = self._existing_graph()
        return self.area.add_layer(graph, name or name_of(graph), connection=self.connection, **style)

    def run(self, title: str | None = None) -> BatchJob:
        """Start the process graph as a batch job, and show the jobs.

        Raises
        ------
        GdcError
            ``ProcessGraphMissing``, or what the back-end says is wrong.
        """
        graph = self._existing_graph()
        computed = self._still_computed()
        job = self.graph.run(title or (computed.job_title if computed else name_of(graph)))
        self._on_job(job.job_id)
        return job

    def close(self) -> None:
        """Remove all that belongs to it."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._readers.shutdown(wait=False, cancel_futures=True)
        for widget in (self.browser, self.area, self.graph, self.jobs, self.bar, self._tabs):
            widget.close()
        super().close()

    def _top(self) -> ipywidgets.HBox:
        self.browser.layout = ipywidgets.Layout(flex="1 1 380px", min_width="0")
        self.area.layout.flex = "1 1 480px"
        self.area.layout.min_width = "0"
        layout = ipywidgets.Layout(flex_flow="row wrap", align_items="flex-start", grid_gap="8px")
        return ipywidgets.HBox(children=(self.browser, self.area), layout=layout)

    def _link(self) -> None:
        self.browser.link(self.area)
        traitlets.link((self.browser, "datetime"), (self.area, "datetime"))
        traitlets.dlink((self.browser, "bands"), (self.area, "bands"))
        self.area.observe(self._on_area_bands, "bands")
        self.browser.observe(self._on_picked, "selection")
        self.browser.observe(self._on_collection, "selected")
        self.graph.observe(self._on_graph, "process_graph")
        self.graph.on_job(lambda job_id: self._readers.submit(self._on_job, job_id))
        self.jobs.on_graph(self._on_reopened)
        self._on_graph(None)

    @traitlets.validate("selection")
    def _validate_selection(self, proposal: Any) -> Selection | None:
        if proposal["value"] is None or isinstance(proposal["value"], Selection):
            return proposal["value"]
        raise traitlets.TraitError(f"selection is a gdc.Selection or None, and not {proposal['value']!r}.")

    @traitlets.observe("selection")
    def _on_selection(self, change: Any) -> None:
        chosen: Selection | None = change["new"]
        if chosen == self.browser.selection:
            return
        # Who observes what is selected is told of it once, and not of each part.
        with self.browser.hold_sync(), self.browser.hold_trait_notifications():
            self.browser.datetime = None if chosen is None else chosen.datetime
            self.browser.bands = None if chosen is None else chosen.bands
            if chosen is not None:
                self.browser.bbox = chosen.bbox
            self.browser.selected = None if chosen is None else chosen.collection

    def _on_picked(self, change: Any) -> None:
        self.selection = change["new"]

    def _on_area_bands(self, change: Any) -> None:
        # The map drops its bands with its collection, which it has again when that is read.
        if self.area.collection is not None and self.area.collection["id"] == self.browser.selected:
            self.browser.bands = change["new"]

    def _on_collection(self, _: Any) -> None:
        self._look_up(self.browser.selected)

    def _look_up(self, name: str | None) -> None:
        self._recipes = {}
        self.bar.offer(name or "", None if name else ())
        self.area.collection = None
        self._told("")
        if name is None:
            self._reading = None
        else:
            self.bar.say(f"Reading about {name}…")
            self._reading = self._readers.submit(self._read, name)

    def _read(self, name: str) -> None:
        """Read what there is to know of a collection, on a thread: a back-end may be slow."""
        try:
            metadata = self._source.get_json(f"collections/{quote(name, safe='')}")
            recipes = recipes_for(metadata)
        except NoAnswer as error:
            problem = str(error)
        except Exception:  # whatever a back-end tells of a collection
            problem = f"What {self._source.title} tells of {name} cannot be read."
        else:
            problem = ""
        if name != self.browser.selected:
            return
        if not problem:
            self._recipes = {recipe.name: recipe for recipe in recipes}
            self.bar.offer(name, recipes)
            self.area.bands = None
            self.area.collection = {**metadata, "id": name}
            self.area.bands = self.browser.bands
        self._told(problem)

    def _known_recipes(self) -> dict[str, Recipe]:
        if self._reading is not None:
            self._reading.result()
        return self._recipes

    def _compute(self, recipe: Recipe, chosen: Selection) -> MapLayer:
        graph = recipe.process_graph(chosen)
        self._computed = _Computed(_steps(graph), f"{recipe.title}, {chosen.collection}", dict(recipe.style))
        self.graph.process_graph = graph
        return self.show(recipe.title, **recipe.style)

    def _existing_graph(self) -> dict[str, Any]:
        graph = self.graph.process_graph
        if not graph:
            raise GdcError("ProcessGraphMissing", "There is no process graph yet: compute something, or build one.")
        return graph

    def _still_computed(self) -> _Computed | None:
        """Return what was computed last, unless the graph has got other steps since."""
        computed = self._computed
        return computed if computed and computed.steps == _steps(self.graph.process_graph) else None

    def _on_graph(self, _: Any) -> None:
        self.bar.ready = bool(self.graph.process_graph)

    def _on_job(self, job_id: str) -> None:
        self.jobs.refresh()
        self.jobs.selected = job_id
        self._tabs.selected_index = _JOBS
        self.jobs.take_focus()

    def _on_reopened(self, process: dict[str, Any], title: str) -> None:
        try:
            self.graph.load(process)
        except (GdcError, traitlets.TraitError) as error:
            self._told(f"The graph of {title} cannot be opened: {getattr(error, 'message', None) or error}")
            return
        self._tabs.selected_index = _GRAPH
        self._told("")
        if not self._doing:
            self.bar.say(f"The process graph of {title} is open; Undo in its editor gives back what was there before.")
        self.graph.take_focus()

    def _on_press(self, kind: str, name: str) -> None:
        """Do what a button asks for on a thread, so that the kernel stays free, and tell how it went."""
        if kind == "read":
            self._look_up(self.browser.selected)
        elif self._doing:
            return  # another view of the bar was quicker
        elif kind == "compute":
            recipe, chosen = self._recipes.get(name), self.selection
            if recipe is not None and chosen is not None:
                title = recipe.title
                self._in_background(
                    f"Computing {title}…", lambda: self._compute(recipe, chosen), f"{title} is on the map."
                )
        elif kind == "show":
            computed = self._still_computed()
            style = computed.style if computed else {}
            self._in_background("Computing…", lambda: self.show(**style), "The result is on the map.")
        elif kind == "run":
            self._in_background("Starting the job…", self.run, "The job has started; it is in the list of jobs.")

    def _in_background(self, doing: str, action: Any, done: str) -> None:
        self._doing = doing
        self.bar.say(doing, busy=True)

        def act() -> None:
            try:
                action()
            except Exception as error:  # told to the person who pressed the button
                self._doing = ""
                self._told(getattr(error, "message", None) or str(error) or type(error).__name__)
            else:
                self._doing = ""
                self._told("")
                self.bar.say(done)

        self._thread.submit(act)

    def _told(self, problem: str) -> None:
        self.problem = problem
        self.bar.say(problem or self._doing, failed=bool(problem), busy=bool(self._doing))

    def _repr_html_(self) -> str:
        parts = (self.browser, self.area, self.graph, self.jobs)
        return "".join(f"<section>{part._repr_html_()}</section>" for part in parts)

    def __repr__(self) -> str:
        return f"Workbench({self.connection.root_url}, selection={self.selection})"


def _steps(graph: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(node.get("process_id")) for name, node in graph.items()}
