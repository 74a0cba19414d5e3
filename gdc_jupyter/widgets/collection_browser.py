"""Collections of any back-end in a notebook: found, looked at, and chosen a part of."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any

import traitlets

from gdc_jupyter.client import connect, is_default_url
from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import BBox, Interval, Selection
from gdc_jupyter.widgets.collection_metadata import band_labels, temporal_interval
from gdc_jupyter.widgets.relay import BUNDLES, NoAnswer, RelayedWidget, Source, pages
from gdc_jupyter.widgets.snippets import snippet
from gdc_jupyter.widgets.static_form import StaticForm

if TYPE_CHECKING:
    from openeo.rest.connection import Connection

    from gdc_jupyter.widgets.bbox_map import BBoxMap

#: Collections of one back-end that `CollectionBrowser.collections` reads, and rows of the static form.
MOST_COLLECTIONS = 10_000
_ROWS = 50
#: Seconds for which the static form waits for back-ends.
_PATIENCE = 2.0


def _as_list(value: Any, _: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


class CollectionBrowser(StaticForm, RelayedWidget):
    """A browser of the collections of one or several back-ends.

    One types to search, ticks bands, keywords, times and sources, looks at a collection, its dates, its items and
    where it lies, and chooses an area, a time and bands: a `Selection`, and code that is put below the cell.

    Parameters
    ----------
    *sources : openeo.Connection or str
        Connections of the openEO client, and addresses of STAC APIs; the server of this notebook by default.
        Collections of the same id at several addresses of one server are one row.
    selected : str, optional
        The id of the collection that is shown first.
    bbox, datetime, bands : optional
        What is chosen of it at first, as `Selection` takes them.

    Attributes
    ----------
    selected : str or None
        The id of the collection that is shown. It can be set, as all that follows but ``selection``.
    source : str or None
        The address of the back-end that has it.
    bbox : tuple of four float or None
        West, south, east, north in degrees, east beyond 180 over the antimeridian; None for everywhere.
    datetime : tuple of two str or None
        Start and end; the end is not included.
    bands : tuple of str or None
        None for all bands.
    selection : Selection or None
        All of this in one; None where no collection is selected.
    items : list of dict
        The items that are listed, as GeoJSON features.
    code : str
        The code that was last put into a cell or copied.

    Examples
    --------
    >>> pick = CollectionBrowser(gdc.connect(), "https://earth.example.org/stac")  # doctest: +SKIP
    >>> pick.selected = "S2_ALPS"  # doctest: +SKIP
    >>> con.load_collection(**pick.selection.openeo())  # doctest: +SKIP
    """

    _esm = BUNDLES / "collection_browser.js"
    _css = BUNDLES / "collection_browser.css"

    selected = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    source = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    bbox: traitlets.TraitType[Any, BBox | None] = traitlets.Any(None, allow_none=True).tag(sync=True, to_json=_as_list)
    datetime: traitlets.TraitType[Any, Interval | None] = traitlets.Any(None, allow_none=True).tag(
        sync=True, to_json=_as_list
    )
    bands: traitlets.TraitType[Any, tuple[str, ...] | None] = traitlets.Any(None, allow_none=True).tag(
        sync=True, to_json=_as_list
    )
    selection = traitlets.Instance(Selection, allow_none=True, read_only=True)
    items = traitlets.List(traitlets.Dict()).tag(sync=True)
    code = traitlets.Unicode("").tag(sync=True)
    _own = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, *sources: Connection | str | Source, **traits: Any) -> None:
        given = [one if isinstance(one, Source) else Source(one) for one in sources or (connect(),)]
        own = [str(number) for number, one in enumerate(given) if is_default_url(one.url)]
        self._ties: list[Callable[[], None]] = []
        super().__init__(given, _own=own, **traits)

    def link(self, area: BBoxMap, items: bool = False) -> None:
        """Tie the box to that of a map: what is set in one is set in the other.

        Parameters
        ----------
        area : BBoxMap
            Its box is taken where there is one.
        items : bool
            Whether the map shows the footprints of the items that are listed. Many of them cover what is below.
        """
        link = traitlets.link((area, "bbox"), (self, "bbox"))

        def show(change: Any) -> None:
            if change["new"]:
                area.show_items(change["new"])
            else:
                area.clear_items()

        def untie() -> None:
            link.unlink()
            if items:
                self.unobserve(show, "items")

        if items:
            self.observe(show, "items")
        self._ties.append(untie)

    def snippet(self, kind: str = "openeo") -> str:
        """Return the code for what is selected.

        Parameters
        ----------
        kind : str
            As `gdc_jupyter.widgets.snippets.snippet` takes it.

        Raises
        ------
        GdcError
            ``CollectionNotFound`` where nothing is selected.
        """
        if self.selection is None:
            raise GdcError("CollectionNotFound", "No collection is selected: choose one, or set selected='S2_ALPS'.")
        address = self.source or self.sources["0"].url
        return snippet(self.selection, kind, address.rstrip("/"))

    def collections(self) -> list[dict[str, Any]]:
        """Return the metadata of all collections, each with the address of its back-end under ``gdc:source``.

        Raises
        ------
        GdcError
            ``ServerNotFound`` where a back-end gives no list.
        """
        try:
            return [one for source in self.sources.values() for one in _collections(source)]
        except NoAnswer as error:
            raise GdcError("ServerNotFound", str(error)) from None

    def close(self) -> None:
        """Remove the widget and its ties to maps."""
        for untie in self._ties:
            untie()
        self._ties.clear()
        super().close()

    @traitlets.validate("bbox", "datetime", "bands")
    def _validate_part(self, proposal: Any) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        if value is None or (name == "bands" and not value):
            return None
        try:
            return getattr(Selection("any", **{name: value}), name)
        except GdcError as error:
            raise traitlets.TraitError(error.message) from None

    @traitlets.validate("source")
    def _validate_source(self, proposal: Any) -> str | None:
        if proposal["value"] is None:
            return None
        address = str(proposal["value"]).rstrip("/") + "/"
        known = [source.url for source in self.sources.values()]
        if address not in known:
            raise traitlets.TraitError(f"{proposal['value']!r} is none of the sources: {', '.join(known)}.")
        return address

    @traitlets.observe("selected", "bbox", "datetime", "bands")
    def _on_choice(self, _: Any) -> None:
        chosen = self.selected and Selection(self.selected, self.bbox, self.datetime, self.bands)
        if chosen != self.selection:
            self.set_trait("selection", chosen or None)

    def _repr_html_(self) -> str:
        read = [(source, self._threads.submit(_read_collections, source)) for source in self.sources.values()]
        wait([future for _, future in read], timeout=_PATIENCE)
        rows, problems = [], []
        for source, future in read:
            if not future.done():
                problems.append(f"{source.title} had not answered after {_PATIENCE:g} s. Run the cell again later.")
            elif future.exception() is None:
                rows += [_row(one) for one in future.result()]
            else:
                problems.append(f"{future.exception()} Start the server, then run the cell again.")
        more = f"<p>and {len(rows) - _ROWS} more</p>" if len(rows) > _ROWS else ""
        head = "<tr><th>Collection</th><th>Title</th><th>Time</th><th>Bands</th></tr>"
        told = "".join(f"<p>{html.escape(problem)}</p>" for problem in problems)
        return f"<table><caption>Collections</caption>{head}{''.join(rows[:_ROWS])}</table>{more}{told}"

    def __repr__(self) -> str:
        sources = ", ".join(source.url for source in self.sources.values())
        return f"CollectionBrowser({sources}, selected={self.selected!r})"


def _read_collections(source: Source) -> list[dict[str, Any]]:
    return list(_collections(source))


def _collections(source: Source) -> Iterator[dict[str, Any]]:
    count = 0
    for page in pages(source.get_json, "collections", most=MOST_COLLECTIONS):
        listed = page.get("collections") if isinstance(page, dict) else None
        if not isinstance(listed, list):
            raise NoAnswer("rubbish", f"{source.title} gave no list of collections.")
        for one in listed:
            if isinstance(one, dict) and isinstance(one.get("id"), str):
                count += 1
                yield one | {"gdc:source": source.url}
        if count >= MOST_COLLECTIONS:
            return


def _row(collection: Mapping[str, Any]) -> str:
    bands = ", ".join(band_labels(collection) or ())
    cells = [collection["id"], collection.get("title") or "", _years(collection), bands]
    return f"<tr>{''.join(f'<td>{html.escape(str(cell))}</td>' for cell in cells)}</tr>"


def _years(collection: Mapping[str, Any]) -> str:
    start, end = temporal_interval(collection) or (None, None)
    return f"{str(start)[:4] if start else '…'} to {str(end)[:4] if end else 'today'}" if start or end else ""
