"""Collections from a folder with a static STAC collection: collection.json, its items and their GeoTIFF assets."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from gdc_jupyter.catalog.cog import CogCollection, asset_crs, band_names
from gdc_jupyter.catalog.collection import About, Band
from gdc_jupyter.catalog.geotiff import RasterFile, examine, merge_bands
from gdc_jupyter.catalog.metadata import raster_asset
from gdc_jupyter.catalog.raster_files import is_remote, unreadable
from gdc_jupyter.errors import GdcError

DERIVED = {"type", "stac_version", "stac_extensions", "id", "extent", "links", "assets", "cube:dimensions"}
DERIVED |= {"title", "description", "keywords", "license", "providers"}
DERIVED_SUMMARIES = ("eo:bands", "raster:bands", "bands", "proj:code", "proj:epsg", "gsd")
DEEPEST = 20
RASTER_TYPES = ("image/tiff", "image/x.geotiff", "image/geotiff")


def from_folder(
    path: Path, collection_id: str | None = None, title: str | None = None, tile: tuple[int, int] | None = None
) -> CogCollection:
    """Return the collection that a static STAC collection describes.

    Parameters
    ----------
    path : Path
        ``collection.json``.
    collection_id, title : str, optional
        Instead of those in the file.
    tile : tuple of int, optional
        The rows and columns of the blocks in the files; found by opening one of them by default.

    Raises
    ------
    GdcError
        ``DataFileUnreadable`` where a document or a GeoTIFF is missing or broken; ``DataFileUnsupported`` where no
        item has an asset that is a GeoTIFF.
    """
    document = read_json(path)
    identifier = collection_id or str(document["id"])
    items = [_located(item, at) for item, at in _items(document, path)]
    return collection_of(document, items, identifier, title, tile)


def collection_of(
    document: dict[str, Any],
    items: Sequence[dict[str, Any]],
    identifier: str,
    title: str | None = None,
    tile: tuple[int, int] | None = None,
    hosts: tuple[str, ...] | None = None,
) -> CogCollection:
    """Return the collection of a STAC document and its items.

    Parameters
    ----------
    document : dict
        The collection, or another document whose title and description are taken.
    items : sequence of dict
        Their assets have absolute addresses.
    identifier : str
    title : str, optional
    tile : tuple of int, optional
        The rows and columns of the blocks in the files; found by opening one of them by default.
    hosts : tuple of str, optional
        The hosts that may be asked for files elsewhere, also to complete what items do not say of them.

    Raises
    ------
    GdcError
        ``DataFileUnsupported`` where no item has an asset that is a GeoTIFF.
    """
    files: dict[str, RasterFile] = {}
    _examine_ahead(items, files, hosts)
    items = [_complete(item, identifier, files, hosts) for item in items]
    items = [item for item in items if any(band_names(key, asset) for key, asset in item["assets"].items())]
    if not items:
        raise GdcError("DataFileUnsupported", f"{identifier}: no item has an asset that is a GeoTIFF.")
    names = {name for item in items for key, asset in item["assets"].items() for name in band_names(key, asset)}
    bands = merge_bands(
        bands for item in items for bands in _bands_by_size(item) if names.issuperset(band.name for band in bands)
    )
    summaries = {
        key: value for key, value in document.get("summaries", {}).items() if key not in DERIVED_SUMMARIES and value
    }
    extra = {key: value for key, value in document.items() if key not in DERIVED and key != "summaries"}
    return CogCollection(
        id=identifier,
        about=_about(document, identifier, title),
        extra=extra | {"summaries": summaries},
        documents=items,
        band_list=bands,
        tile=tile or _tile(items, files),
        hosts=hosts,
    )


def from_catalog(path: Path, depth: int = 0, seen: set[Path] | None = None) -> Iterator[CogCollection]:
    """Yield the collections of a static STAC catalogue and of the catalogues below it.

    Items that a catalogue refers to without a collection make one with the catalogue's id.

    Raises
    ------
    GdcError
        As `from_folder`.
    """
    seen = set() if seen is None else seen
    if path in seen or depth > DEEPEST:
        return
    seen.add(path)
    document = read_json(path)
    relations = {link.get("rel") for link in document.get("links", ())}
    children = [link["href"] for link in document.get("links", ()) if link.get("rel") == "child"]
    if document.get("type") == "Collection" and ("item" in relations or not children):
        yield from_folder(path)
    elif "item" in relations:
        items = [_located(item, at) for item, at in _items(document, path)]
        yield collection_of(document, items, str(document["id"]))
    for href in children:
        yield from from_catalog(Path(_resolve(href, path)), depth + 1, seen)


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object from a file.

    Raises
    ------
    GdcError
        ``DataFileUnreadable``.
    """
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise unreadable(str(path), getattr(error, "strerror", None) or error) from None
    if not isinstance(document, dict):
        raise unreadable(str(path), "is no JSON object")
    return document


def _about(document: dict[str, Any], identifier: str, title: str | None) -> About:
    return About(
        title=title or document.get("title") or identifier,
        description=document.get("description") or identifier,
        license=document.get("license") or "proprietary",
        providers=tuple(document.get("providers") or ()),
        keywords=tuple(document.get("keywords") or ()),
        links=tuple(
            link
            for link in document.get("links", ())
            if link.get("rel") in ("license", "about", "cite-as", "via") and is_remote(link.get("href", ""))
        ),
    )


def _items(document: dict[str, Any], path: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    """Yield the items that a collection links to, and all in its folder where it links to none."""
    linked = [link["href"] for link in document.get("links", ()) if link.get("rel") == "item"]
    for href in linked:
        at = Path(_resolve(href, path))
        yield read_json(at), at
    if linked:
        return
    for at in sorted(path.parent.rglob("*.json")):
        if at != path:
            candidate = read_json(at)
            if candidate.get("type") == "Feature" and "assets" in candidate:
                yield candidate, at


def _resolve(href: str, base: Path) -> str:
    if href.startswith("file:"):
        return unquote(urlparse(href).path)
    return href if is_remote(href) else os.path.normpath(base.parent / href)


def _located(item: dict[str, Any], at: Path) -> dict[str, Any]:
    """Return an item whose assets have absolute addresses."""
    assets = item.get("assets", {}).items()
    return {**item, "assets": {key: {**asset, "href": _resolve(asset["href"], at)} for key, asset in assets}}


def _examine_ahead(
    items: Sequence[dict[str, Any]], files: dict[str, RasterFile], hosts: tuple[str, ...] | None
) -> None:
    """Open the files elsewhere that their items do not describe, several at once."""
    if hosts is None:
        return
    hrefs = [
        asset["href"]
        for item in items
        for asset in item["assets"].values()
        if is_raster_asset(asset) and is_remote(asset["href"]) and not _stated(item, asset)
    ]
    with ThreadPoolExecutor(16) as pool:
        files |= dict(zip(hrefs, pool.map(lambda href: examine(href, hosts), hrefs), strict=True))


def _complete(
    item: dict[str, Any], identifier: str, files: dict[str, RasterFile], hosts: tuple[str, ...] | None
) -> dict[str, Any]:
    """Return an item whose GeoTIFF assets state their grid and bands."""
    assets = {}
    for key, asset in item["assets"].items():
        assets[key] = _described(item, key, asset, files, hosts) if is_raster_asset(asset) else asset
    kept = {key: value for key, value in item.items() if key != "links"}
    return kept | {"assets": assets, "collection": identifier}


def is_raster_asset(asset: dict[str, Any]) -> bool:
    """Return whether an asset is data in a GeoTIFF."""
    if not {"thumbnail", "overview", "metadata"}.isdisjoint(asset.get("roles") or ()):
        return False
    media_type = str(asset.get("type", "")).lower()
    return media_type.startswith(RASTER_TYPES) or (not media_type and asset["href"].lower().endswith((".tif", ".tiff")))


def _placed(item: dict[str, Any], asset: dict[str, Any]) -> dict[str, Any]:
    return {name: asset.get(name, item["properties"].get(name)) for name in ("proj:transform", "proj:shape")}


def _stated(item: dict[str, Any], asset: dict[str, Any]) -> bool:
    """Return whether an item says the grid and type of an asset."""
    typed = asset.get("raster:bands") or asset.get("bands") or [asset]
    return all(_placed(item, asset).values()) and all("data_type" in band for band in typed)


def _described(
    item: dict[str, Any],
    key: str,
    asset: dict[str, Any],
    files: dict[str, RasterFile],
    hosts: tuple[str, ...] | None,
) -> dict[str, Any]:
    if _stated(item, asset):
        asset_crs(item, asset)
        return asset | _placed(item, asset)
    if is_remote(asset["href"]) and hosts is None:
        raise GdcError(
            "DataFileUnsupported",
            f"The item '{item['id']}' does not state the grid and type of {asset['href']}: proj:transform, proj:shape, "
            "proj:code and raster:bands with data_type are needed for files elsewhere.",
        )
    file = files.get(asset["href"]) or examine(Path(asset["href"]))
    files[asset["href"]] = file
    derived = raster_asset(asset["href"], file.bands, file.grid)
    if len(file.bands) == 1 and not file.named:
        derived.pop("eo:bands")
    return derived | asset | {name: derived[name] for name in derived if name.startswith("proj:")}


def _bands_by_size(item: dict[str, Any]) -> list[list[Band]]:
    """Return the bands of an item's assets, those of files with few bands first."""
    pairs = [(key, asset) for key, asset in item["assets"].items() if band_names(key, asset)]
    return [bands_of(key, asset) for key, asset in sorted(pairs, key=lambda pair: len(band_names(*pair)))]


def bands_of(key: str, asset: dict[str, Any]) -> list[Band]:
    """Return the bands that an asset describes, in STAC 1.0 or 1.1."""
    bands = []
    for index, name in enumerate(band_names(key, asset)):
        facts: dict[str, Any] = {}
        for field in ("bands", "eo:bands", "raster:bands"):
            listed = asset.get(field) or ()
            described = listed[index] if index < len(listed) else {}
            facts |= {k.removeprefix("eo:").removeprefix("raster:"): value for k, value in described.items()}
        nodata = facts.get("nodata", asset.get("nodata"))
        bands.append(
            Band(
                name,
                common_name=facts.get("common_name"),
                title=asset.get("title") if len(band_names(key, asset)) == 1 else None,
                description=facts.get("description"),
                data_type=facts.get("data_type") or asset.get("data_type") or "float32",
                nodata=None if nodata is None else float(nodata),
                scale=facts.get("scale"),
                offset=facts.get("offset"),
                unit=facts.get("unit"),
                center_wavelength=facts.get("center_wavelength"),
                full_width_half_max=facts.get("full_width_half_max"),
            )
        )
    return bands


def _tile(items: list[dict[str, Any]], files: dict[str, RasterFile]) -> tuple[int, int]:
    if files:
        return next(iter(files.values())).tile
    for item in items:
        for key, asset in item["assets"].items():
            if band_names(key, asset) and not is_remote(asset["href"]):
                return examine(Path(asset["href"])).tile
    return 512, 512


def write_collection(folder: Path, document: dict[str, Any], items: Sequence[dict[str, Any]]) -> None:
    """Write a STAC collection and its items, by id, into the folder of their files.

    Parameters
    ----------
    folder : Path
    document : dict
        The collection; links to the items are added to its own.
    items : sequence of dict
        Their addresses of files in the folder become relative to it.
    """
    up = [{"rel": relation, "href": "./collection.json"} for relation in ("root", "parent", "collection")]
    for item in items:
        assets = {key: asset | {"href": f"./{Path(asset['href']).name}"} for key, asset in item["assets"].items()}
        _write_json(folder / f"{item['id']}.json", item | {"assets": assets, "links": up})
    down = [{"rel": "item", "href": f"./{item['id']}.json", "type": "application/geo+json"} for item in items]
    _write_json(folder / "collection.json", document | {"links": [*document.get("links", ()), *down]})


def _write_json(path: Path, document: dict[str, Any]) -> None:
    part = path.with_name(f".{os.getpid()}-{path.name}")
    part.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)
