"""STAC documents wherever they are, files of the user or addresses of the web, as a collection that can be read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from gdc_jupyter.catalog.cog import band_names
from gdc_jupyter.catalog.collection import CRS84, About, Collection, Query
from gdc_jupyter.catalog.remote import download, fetch_json, is_url, require_permitted, resolve, session
from gdc_jupyter.catalog.static_stac import collection_of, is_raster_asset, read_json
from gdc_jupyter.catalog.user_files import Scratch, user_file
from gdc_jupyter.cube.grid import transform_bounds
from gdc_jupyter.errors import GdcError
from gdc_jupyter.settings import Permissions

# How many items one cube may be made of, and how many documents are looked at to find them.
MOST_ITEMS, MOST_DOCUMENTS = 10_000, 50_000
AT_ONCE = 16
PAGE = 500
NETCDF_TYPES = ("application/x-netcdf", "application/netcdf", "application/x-hdf5")


@dataclass(frozen=True)
class Place:
    """Where STAC documents and data may be read.

    Parameters
    ----------
    permissions : Permissions
        The hosts that may be asked, and the user's folder.
    scratch : callable
        Returns where files are kept that have to be fetched as a whole.
    """

    permissions: Permissions
    scratch: Callable[[], Scratch]

    def find(self, href: str, base: str | None = None) -> str:
        """Return the address of a reference in the document at ``base``, which may be read.

        Raises
        ------
        GdcError
            ``UrlNotPermitted`` or ``FileNotFound``.
        """
        if is_url(href) or (base is not None and is_url(base)):
            address = href if base is None or is_url(href) else resolve(href, base)
            require_permitted(address, self.permissions)
            return address
        folder = self.permissions.files
        name = unquote(urlsplit(href).path) if href.startswith("file:") else href
        if folder is not None and base is not None:
            # A full path may stand in a document too, if it leads into the folder.
            name = os.path.relpath(Path(base).parent / name, folder.resolve())
        return str(user_file(folder, name))

    def read(self, address: str) -> dict[str, Any]:
        """Return the document at an address."""
        if not is_url(address):
            return read_json(Path(address))
        document = fetch_json(address, self.permissions)
        if not isinstance(document, dict):
            raise GdcError("StacInvalid", f"{address.partition('?')[0]} is no STAC document.")
        return document


def open_stac(location: str, query: Query, place: Place) -> Collection:
    """Return the collection of the items that a STAC document is, or leads to.

    Parameters
    ----------
    location : str
        The address, or the name in the user's folder, of an Item, a Collection, a Catalog or a Collection of an API.
    query : Query
        What is wanted: an API is asked for that, and items apart from it are not looked at further.
    place : Place
        Where documents and data may be read.

    Raises
    ------
    GdcError
        ``StacInvalid``, ``NoDataAvailable``, and what `Place.find` and the files raise.
    """
    address = place.find(location)
    document = place.read(address)
    kind = document.get("type")
    if kind == "Feature":
        found = [(document, address)]
    elif kind in ("Collection", "Catalog"):
        found = list(_search(document, address, query, place) or _walk(document, address, query, place))
    else:
        raise GdcError("StacInvalid", f"{location} is no STAC Item, Collection or Catalog; its type is {kind!r}.")
    if not found:
        raise GdcError("NoDataAvailable", f"{location} has no item in that area and interval.")
    return _collection(document, found, query, place)


def _collection(
    document: dict[str, Any], found: list[tuple[dict[str, Any], str]], query: Query, place: Place
) -> Collection:
    items = [_resolved(item, address, query, place) for item, address in found]
    identifier = str(document.get("id") or "stac")
    if not any(is_raster_asset(asset) for item in items for asset in item["assets"].values()):
        return _arrays(items, identifier, document, place)
    described = {**document, "id": identifier}
    return collection_of(described, items, identifier, hosts=place.permissions.hosts)


def _resolved(item: dict[str, Any], address: str, query: Query, place: Place) -> dict[str, Any]:
    """Return an item with the addresses of the assets that are wanted."""
    assets = {}
    for key, asset in (item.get("assets") or {}).items():
        if not isinstance(asset, dict) or "href" not in asset or not _is_data(asset):
            continue
        named = band_names(key, {"proj:transform": None, **asset})
        common = {str(band.get("common_name")) for band in asset.get("eo:bands") or asset.get("bands") or ()}
        if query.bands is None or not set(query.bands).isdisjoint({*named, *common}):
            assets[key] = {**asset, "href": place.find(asset["href"], address)}
    return {**item, "assets": assets}


def _is_data(asset: dict[str, Any]) -> bool:
    return is_raster_asset(asset) or str(asset.get("type", "")).lower().startswith(NETCDF_TYPES)


def _arrays(items: list[dict[str, Any]], identifier: str, document: dict[str, Any], place: Place) -> Collection:
    """Return the collection of NetCDF assets; those elsewhere are fetched as a whole."""
    from gdc_jupyter.catalog.array_files import from_netcdf

    addresses = list(dict.fromkeys(asset["href"] for item in items for asset in item["assets"].values()))
    if not addresses:
        raise GdcError(
            "NoDataAvailable", f"No item of '{identifier}' has an asset with these bands that is GeoTIFF or NetCDF."
        )
    paths = [_fetched(address, place) if is_url(address) else Path(address) for address in addresses]
    title = str(document.get("title") or identifier)
    return from_netcdf(paths, identifier, About(title=title, description=str(document.get("description") or title)))


def _fetched(address: str, place: Place) -> Path:
    name = unquote(urlsplit(address).path).rpartition("/")[2] or "file.nc"
    return download(address, place.permissions, place.scratch().file(name))


def _walk(document: dict[str, Any], address: str, query: Query, place: Place) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the items of a static catalogue and of those below it, each with its address."""
    waiting, seen, count = [(document, address)], {address}, 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while waiting:
            links = [(link, at) for each, at in waiting for link in each.get("links") or ()]
            addresses = [place.find(link["href"], at) for link, at in links if link.get("rel") in ("item", "child")]
            addresses = [each for each in dict.fromkeys(addresses) if each not in seen]
            seen.update(addresses)
            if len(seen) > MOST_DOCUMENTS:
                raise _too_many(address)
            waiting = []
            for each, at in zip(pool.map(place.read, addresses), addresses, strict=True):
                if each.get("type") != "Feature":
                    waiting.append((each, at))
                elif _wanted(each, query):
                    count += 1
                    if count > MOST_ITEMS:
                        raise _too_many(address)
                    yield each, at


def _wanted(item: dict[str, Any], query: Query) -> bool:
    """Return whether an item is in the area and interval of a query and has its properties."""
    from gdc_jupyter.catalog.cog import in_box, in_time, read_item

    try:
        entry = read_item({**item, "assets": {}})
    except (KeyError, TypeError, ValueError):
        raise GdcError("StacInvalid", f"The item {item.get('id')!r} has no bbox or no date.") from None
    box = None if query.bounds is None else transform_bounds(query.bounds, query.crs, CRS84)
    if not in_time(entry, query) or (box is not None and not in_box(entry, box)):
        return False
    return query.properties is None or query.properties(item["properties"])


def _search(
    document: dict[str, Any], address: str, query: Query, place: Place
) -> Iterator[tuple[dict[str, Any], str]] | None:
    """Return the items that the API of a collection finds; None where the document belongs to no API."""
    if not is_url(address):
        return None
    links = {link.get("rel"): link for link in document.get("links") or ()}
    if document.get("type") == "Catalog":
        if "search" not in links:
            return None
        raise GdcError("StacInvalid", f"{address} is an API: name one of its collections, {address}/collections/….")
    if "items" not in links or "root" not in links:
        return None
    root = place.find(links["root"]["href"], address)
    return ((item, address) for item in search(root, str(document["id"]), query, place.permissions))


def search(
    root: str,
    collection_id: str,
    query: Query,
    permissions: Permissions,
    most: int = MOST_ITEMS,
    *,
    partial: bool = False,
) -> list[dict[str, Any]]:
    """Return the items that a STAC API has for a query.

    Parameters
    ----------
    root : str
        The address of the landing page.
    collection_id : str
    query : Query
    permissions : Permissions
    most : int
        The most items.
    partial : bool
        Whether so many are enough where there are more.

    Raises
    ------
    GdcError
        ``UrlUnreachable``; ``ProcessGraphComplexity`` where there are too many.
    """
    import requests
    from pystac_client import Client
    from pystac_client.exceptions import APIError
    from pystac_client.stac_api_io import StacApiIO

    stac_io = StacApiIO()
    stac_io.session = session(permissions, limited=True)
    try:
        client = Client.from_file(root, stac_io=stac_io)
        methods = {link.extra_fields.get("method", "GET") for link in client.get_links("search")}
        found = client.search(
            method="POST" if "POST" in methods else "GET",
            collections=[collection_id],
            bbox=_bbox(query),
            datetime=_interval(query),
            limit=min(PAGE, most),
            max_items=most if partial else most + 1,
        )
        items = list(found.items_as_dicts())
    except (requests.RequestException, APIError, KeyError, NotImplementedError) as error:
        raise GdcError("UrlUnreachable", f"{root} cannot be searched: {str(error)[:300]}") from None
    if len(items) > most:
        raise _too_many(root)
    return [item for item in items if query.properties is None or query.properties(item["properties"])]


def _bbox(query: Query) -> list[float] | None:
    if query.bounds is None:
        return None
    west, south, east, north = transform_bounds(query.bounds, query.crs, CRS84)
    if east - west >= 360:
        return [-180.0, south, 180.0, north]
    west, east = ((edge + 180) % 360 - 180 if not -180 <= edge <= 180 else edge for edge in (west, east))
    return [west, south, east, north]


def _interval(query: Query) -> str | None:
    if query.start is None and query.end is None:
        return None
    ends = (str(end.astype("datetime64[ms]")) + "Z" if end is not None else ".." for end in (query.start, query.end))
    return "/".join(ends)


def _too_many(address: str) -> GdcError:
    return GdcError(
        "ProcessGraphComplexity",
        f"{address.partition('?')[0]} has more than {MOST_ITEMS} items for this: choose a smaller area or interval.",
    )
