"""Collections of a STAC API elsewhere: each query searches it, and reads parts of the GeoTIFFs that it finds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np

from gdc_jupyter.catalog.cog import CogCollection, parse_time
from gdc_jupyter.catalog.collection import About, Band, Collection, Query, Source, Times
from gdc_jupyter.catalog.metadata import dimensions
from gdc_jupyter.catalog.remote import is_url
from gdc_jupyter.catalog.stac import Place, open_stac, search
from gdc_jupyter.catalog.static_stac import collection_of
from gdc_jupyter.catalog.user_files import Scratch
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.errors import GdcError
from gdc_jupyter.settings import Permissions

# The items from which bands and pixel sizes are learned, and those that are listed at once.
SAMPLE, LISTED = 20, 1000


@dataclass(frozen=True, eq=False)
class ApiCollection(Collection):
    """A collection of a STAC API.

    Parameters
    ----------
    root : str
        The address of the API's landing page.
    remote_id : str
        The id of the collection there.
    document : dict
        The collection as the API describes it, without links.
    sample : CogCollection
        Some of its items, from which bands and pixel sizes are known.
    hosts : tuple of str
        The hosts that may be asked: that of the API, and those of its files.
    """

    root: str
    remote_id: str
    document: dict[str, Any]
    sample: CogCollection
    hosts: tuple[str, ...]

    @property
    def bands(self) -> tuple[Band, ...]:
        """The bands, in order."""
        return self.sample.bands

    @property
    def grid(self) -> Grid:
        """The grid of some items; that of a query's result is known when it has been searched."""
        return self.sample.grid

    @property
    def times(self) -> Times | None:
        """The dates of some items."""
        return self.sample.times

    @cached_property
    def interval(self) -> tuple[Any, Any]:
        """The first and last moment that the data may be of."""
        start, end = self.document.get("extent", {}).get("temporal", {}).get("interval", [[None, None]])[0]
        first = np.datetime64(0, "ns") if start is None else parse_time(start)
        last = np.datetime64(int(time.time()), "s").astype("datetime64[ns]") if end is None else parse_time(end)
        return first, last

    def open(self, query: Query) -> Source:
        """Search the API and return the data of what it finds as something to read windows from."""
        found = search(self.root, self.remote_id, query, self._permissions)
        if not found:
            raise GdcError("NoDataAvailable", f"'{self.id}' has no item in that area and interval.")
        return collection_of(self.document, found, self.id, hosts=self.hosts).open(query)

    def items(self, query: Query) -> list[dict[str, Any]]:
        """Return the STAC items of a query, without links."""
        found = search(self.root, self.remote_id, query, self._permissions, LISTED, partial=True)
        plain = ({key: value for key, value in item.items() if key != "links"} for item in found)
        return [item | {"collection": self.id} for item in plain]

    @property
    def items_url(self) -> str:
        """The address of the items there."""
        return f"{self.root.rstrip('/')}/collections/{quote(self.remote_id, safe='')}/items"

    def metadata(self) -> dict[str, Any]:
        """Return the STAC collection as the API describes it, without links, with the dimensions of cubes."""
        known = self.document.get("cube:dimensions") or {}
        derived = dimensions(self.grid, self.times, self.bands)
        if "t" in derived:
            extent = self.document.get("extent", {}).get("temporal", {}).get("interval", [[None, None]])[0]
            derived["t"] = {"type": "temporal", "extent": extent}
        named = {"id": self.id, "title": self.title, "cube:dimensions": derived | known}
        return self.document | named | self.extra

    @property
    def _permissions(self) -> Permissions:
        return Permissions(hosts=self.hosts)


def read_url(
    url: str, collection_id: str | None = None, title: str | None = None, hosts: Sequence[str] = ()
) -> Collection:
    """Return the collection of a STAC API, or of a static STAC catalogue elsewhere with all items below it.

    Parameters
    ----------
    url : str
    collection_id, title : str, optional
        Instead of those of the document.
    hosts : sequence of str
        The hosts that may be asked beside that of the address, as patterns.

    Raises
    ------
    GdcError
        ``UrlNotPermitted`` with the host of its files where that is missing; ``UrlUnreachable``; ``StacInvalid``.
    """
    permissions = Permissions(hosts=tuple(dict.fromkeys([urlsplit(url).hostname or "", *hosts])))
    with closing(Scratch()) as scratch:
        return _read(url, collection_id, title, Place(permissions, lambda: scratch))


def _read(url: str, collection_id: str | None, title: str | None, place: Place) -> Collection:
    permissions = place.permissions
    document = place.read(place.find(url))
    links = {link.get("rel"): link.get("href") for link in document.get("links") or ()}
    identifier = collection_id or str(document.get("id") or "stac")
    about = About(
        title=title or document.get("title") or identifier,
        description=document.get("description") or identifier,
        license=document.get("license") or "proprietary",
        providers=tuple(document.get("providers") or ()),
        keywords=tuple(document.get("keywords") or ()),
    )
    if document.get("type") != "Collection" or not (links.get("items") and links.get("root")):
        found = open_stac(url, Query(), place)
        if not isinstance(found, CogCollection):
            raise GdcError("DataFileUnsupported", f"{url} has no item with a GeoTIFF.")
        return CogCollection(
            id=identifier,
            about=about,
            documents=[{**item, "collection": identifier} for item in found.documents],
            band_list=found.band_list,
            tile=found.tile,
            hosts=permissions.hosts,
        )
    root = place.find(links["root"], url)
    sample = search(root, str(document["id"]), Query(), permissions, SAMPLE, partial=True)
    if not sample:
        raise GdcError("NoDataAvailable", f"{url} has no items.")
    for asset in (asset for item in sample for asset in item.get("assets", {}).values()):
        if is_url(asset.get("href")) and "data" in (asset.get("roles") or ()):
            place.find(asset["href"])
    return ApiCollection(
        id=identifier,
        about=about,
        root=root,
        remote_id=str(document["id"]),
        document={key: value for key, value in document.items() if key not in ("links", "assets")},
        sample=collection_of(document, sample, identifier, hosts=permissions.hosts),
        hosts=permissions.hosts,
    )
