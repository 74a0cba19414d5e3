"""Make a collection of a path that a user names: a file, a Zarr folder, a folder of files, a static STAC folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gdc_jupyter.catalog.arrays import is_zarr
from gdc_jupyter.catalog.collection import About, Collection
from gdc_jupyter.errors import GdcError

NETCDF = (".nc", ".nc4", ".cdf", ".netcdf")
_IDENTIFIER = re.compile(r"^[\w\-\.~/]+$")
#: What comes after an id in the paths of the API.
_RESERVED = {"coverage", "domainset", "rangetype", "rangeset", "items", "queryables"}


def check_id(collection_id: str) -> None:
    """Refuse an id that the API could not have in a path.

    Raises
    ------
    GdcError
        ``CollectionIdInvalid``.
    """
    if not _IDENTIFIER.match(collection_id):
        raise GdcError(
            "CollectionIdInvalid",
            f"{collection_id!r} cannot be the id of a collection: use letters, digits, and _ - . ~ / only.",
        )
    segments = collection_id.split("/")
    if not all(segments) or not _RESERVED.isdisjoint(segments) or not {".", ".."}.isdisjoint(segments):
        raise GdcError(
            "CollectionIdInvalid",
            f"{collection_id!r} cannot be the id of a collection: between slashes, there must be something, and none "
            f"of {', '.join(sorted(_RESERVED))}, '.' and '..'.",
        )


def read_path(path: Path, collection_id: str | None = None, title: str | None = None) -> Collection:
    """Return the collection that a path holds, its metadata derived from the data.

    Parameters
    ----------
    path : Path
        A NetCDF or GeoTIFF file, a GeoJSON, GeoPackage or GeoParquet file, a Zarr folder, or a folder with GeoTIFFs,
        with NetCDF files or with ``collection.json``.
    collection_id, title : str, optional
        Derived from the name and the metadata by default.

    Raises
    ------
    GdcError
        ``PathNotFound``, ``CollectionIdInvalid``, or what is wrong with the data.
    """
    path = path.expanduser().absolute()
    if not path.exists():
        raise GdcError("PathNotFound", f"{path} does not exist.")
    if collection_id is not None:
        check_id(collection_id)
    if path.is_file():
        return _read_file(path, collection_id, title)
    return _read_folder(path, collection_id, title)


def read_all(
    location: Path | str, collection_id: str | None = None, title: str | None = None, hosts: Sequence[str] = ()
) -> list[Collection]:
    """Return the collections that a path or an address holds: several where it is a static STAC catalogue.

    Parameters
    ----------
    location : Path or str
        As `read_path`; ``catalog.json``, or a folder with it; or the address of a collection of a STAC API or of a
        static STAC catalogue.
    collection_id, title : str, optional
        Derived from the name and the metadata by default; for one collection only.
    hosts : sequence of str
        For an address: the hosts that may be asked beside its own, as patterns.

    Raises
    ------
    GdcError
        As `read_path`.
    """
    from gdc_jupyter.catalog.remote import is_url

    if is_url(str(location)):
        from gdc_jupyter.catalog.stac_api import read_url

        return [_checked(read_url(str(location), collection_id, title, hosts))]
    path = Path(location).expanduser().absolute()
    root = path / "catalog.json" if path.is_dir() and not (path / "collection.json").exists() else path
    if root.name != "catalog.json" or not root.is_file():
        return [read_path(path, collection_id, title)]
    from gdc_jupyter.catalog.static_stac import from_catalog

    found = [_checked(collection) for collection in from_catalog(root)]
    if not found:
        raise GdcError("DataFileUnsupported", f"{root}: there is no collection with items in it.")
    if len(found) > 1 and (collection_id or title):
        raise GdcError("CollectionIdInvalid", f"{root} has {len(found)} collections, which keep their ids and titles.")
    if collection_id or title:
        about = replace(found[0].about, title=title or found[0].about.title)
        return [replace(found[0], id=collection_id or found[0].id, about=about)]
    return found


def _checked(collection: Collection) -> Collection:
    check_id(collection.id)
    return collection


def derive_id(path: Path) -> str:
    """Return an id made of a file's name."""
    stem = path.stem if path.is_file() or path.suffix == ".zarr" else path.name
    return re.sub(r"[^\w\-.~]+", "_", stem).strip("_") or "collection"


def _read_file(path: Path, collection_id: str | None, title: str | None) -> Collection:
    from gdc_jupyter.catalog.geotiff import SUFFIXES
    from gdc_jupyter.catalog.vector_collection import from_file
    from gdc_jupyter.catalog.vector_features import SUFFIXES as FEATURES

    suffix = path.suffix.lower()
    if path.name == "collection.json":
        return _read_stac(path, collection_id, title)
    if suffix in NETCDF:
        return _read_array(path, collection_id, title)
    if suffix in SUFFIXES:
        return _read_tiffs([path], path, collection_id, title)
    if suffix in FEATURES:
        return from_file(path, collection_id or derive_id(path), title)
    raise GdcError(
        "DataFileUnsupported",
        f"{path.name} is of no known kind. Known are {', '.join((*NETCDF, *SUFFIXES, *FEATURES))}, Zarr folders, "
        "collection.json.",
    )


def _read_folder(path: Path, collection_id: str | None, title: str | None) -> Collection:
    from gdc_jupyter.catalog.geotiff import SUFFIXES

    if is_zarr(str(path)):
        return _read_array(path, collection_id, title)
    if (path / "collection.json").is_file():
        return _read_stac(path / "collection.json", collection_id, title)
    tiffs = [file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file()]
    if tiffs:
        return _read_tiffs(tiffs, path, collection_id, title)
    arrays = [file for file in path.rglob("*") if file.suffix.lower() in NETCDF and file.is_file()]
    if arrays:
        return _read_arrays(arrays, path, collection_id, title)
    raise GdcError(
        "DataFileUnsupported",
        f"{path} holds nothing that can be read: no Zarr store (zarr.json, .zgroup, .zmetadata), no collection.json, "
        f"and no GeoTIFF or NetCDF file ({', '.join('*' + suffix for suffix in (*SUFFIXES, *NETCDF))}) in it or below.",
    )


def _read_array(path: Path, collection_id: str | None, title: str | None) -> Collection:
    from gdc_jupyter.catalog.cf import describe

    return describe(path, collection_id or derive_id(path), title)


def _read_arrays(files: list[Path], path: Path, collection_id: str | None, title: str | None) -> Collection:
    from gdc_jupyter.catalog.array_files import from_netcdf

    collection = from_netcdf(files, collection_id or derive_id(path))
    if title is None and len(files) == 1:
        return collection
    described = f"{len(files)} NetCDF files of the folder {path.name}."
    return replace(collection, about=replace(collection.about, title=title or path.name, description=described))


def _read_tiffs(files: list[Path], path: Path, collection_id: str | None, title: str | None) -> Collection:
    from gdc_jupyter.catalog.geotiff import from_files

    identifier = collection_id or derive_id(path)
    count = f"The file {path.name}." if path.is_file() else f"{len(files)} GeoTIFF files of the folder {path.name}."
    return from_files(files, identifier, About(title=title or identifier, description=count))


def _read_stac(path: Path, collection_id: str | None, title: str | None) -> Collection:
    from gdc_jupyter.catalog.static_stac import from_folder

    collection = from_folder(path, collection_id, title)
    check_id(collection.id)
    return collection
