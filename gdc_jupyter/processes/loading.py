"""Processes that load data from outside the catalogue: STAC documents, addresses of the web, files of the user."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from gdc_jupyter.processes.engine import Engine
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import BOUNDING_BOX, NULL, Cube, Schema
from gdc_jupyter.processes.storage import Bands, Properties, TemporalExtent, query_of

Url = Annotated[str, Schema({"type": "string", "format": "uri", "subtype": "uri", "pattern": "^https?://"})]
StacExtent = Annotated[
    Any,
    Schema(
        [
            BOUNDING_BOX,
            {"type": "object", "subtype": "geojson"},
            {"type": "object", "subtype": "datacube", "dimensions": [{"type": "geometry"}]},
            NULL,
        ]
    ),
]
InputFormat = Annotated[str, Schema({"type": "string", "subtype": "input-format"})]
InputOptions = Annotated[Any, Schema({"type": "object", "subtype": "input-format-options"})]
FilePaths = Annotated[
    Any,
    Schema(
        {
            "type": "array",
            "subtype": "file-paths",
            "items": {"type": "string", "subtype": "file-path", "pattern": "^[^\r\n\\:'\"]+$"},
        }
    ),
]


@process("cubes", "import", plans=True)
def load_stac(
    url: Url,
    spatial_extent: StacExtent = None,
    temporal_extent: TemporalExtent = None,
    bands: Bands = None,
    properties: Properties = None,
    *,
    engine: Engine,
) -> Cube:
    """Load the data of STAC items as a data cube.

    The address may be that of an Item, of a static Collection or Catalog with all that is below it, or of a Collection
    of a STAC API, which is then searched. Only hosts that this service permits are asked. GeoTIFF assets are read in
    parts, NetCDF assets as whole files. Values are as they are stored.

    Parameters
    ----------
    url
        The address.
    spatial_extent
        A bounding box, or polygons as GeoJSON: the pixels whose centres lie inside are loaded. null loads all.
    temporal_extent
        The first instant and the first one after the interval; null for an open end, or for all dates.
    bands
        The names, or common names, of the bands, in the order wanted; null loads all.
    properties
        Conditions on the properties of the items, by name; all of them must hold.

    Returns
    -------
    cube
        A cube with those of the dimensions t, bands, y and x that the data have.

    Raises
    ------
    NoDataAvailable
        There is nothing in that area and interval.
    TemporalExtentEmpty
        The end of the interval is not later than its start.
    UrlNotPermitted
        The address, or one that it leads to, may not be asked.
    """
    from gdc_jupyter.catalog.stac import Place, open_stac

    query, polygons = query_of(spatial_extent, temporal_extent, bands, properties)
    collection = open_stac(url, query, Place(engine.permissions, lambda: engine.keep(_scratch)))
    return engine.load(collection, query, polygons)


@process("cubes", "import", plans=True)
def load_url(url: Url, format: InputFormat, options: InputOptions = {}, *, engine: Engine) -> Cube:  # noqa: B006
    """Load a file from an address of the web.

    Only hosts that this service permits are asked. A GeoTIFF is read in parts, where its server can send parts; other
    files are fetched as a whole.

    Parameters
    ----------
    url
        The address, with http or https.
    format
        The format of the file, as ``GET /file_formats`` lists it, in upper or lower case.
    options
        The options of the format.

    Returns
    -------
    cube
        The cube.

    Raises
    ------
    FormatUnsuitable
        The file cannot be read in that format.
    UrlNotPermitted
        The address, or one that it leads to, may not be asked.
    """
    from gdc_jupyter.catalog.remote import download, require_permitted

    require_permitted(url, engine.permissions)
    chosen = _format(format, options)
    if chosen.name == "Zarr" and not urlsplit(url).path.endswith(".zip"):
        _refuse("Zarr", "of stores at an address, only those in a ZIP file can be loaded")
    if chosen.name == "GTiff":
        return _rasters([url], chosen, engine)
    name = unquote(urlsplit(url).path).rpartition("/")[2] or "file"
    path = download(url, engine.permissions, engine.keep(_scratch).file(name))
    return _load([path], chosen, engine)


@process("cubes", "import", plans=True)
def load_uploaded_files(
    paths: FilePaths,
    format: InputFormat,
    options: InputOptions = {},  # noqa: B006
    *,
    engine: Engine,
) -> Cube:
    """Load files of the user as one data cube.

    Raster files may differ in their dates and areas: dates in file names or in the files become labels of the dimension
    t, and files that adjoin are one cube.

    Parameters
    ----------
    paths
        The files, by their paths in the user's folder.
    format
        The format of the files, as ``GET /file_formats`` lists it, in upper or lower case.
    options
        The options of the format.

    Returns
    -------
    cube
        The cube.

    Raises
    ------
    FormatUnsuitable
        The files cannot be read in that format.
    FileNotFound
        There is no such file in the user's folder.
    """
    from gdc_jupyter.catalog.user_files import user_file

    if not paths:
        _refuse(format, "no file is named")
    return _load([user_file(engine.permissions.files, path) for path in paths], _format(format, options), engine)


def _format(name: str, options: Any) -> Any:
    from gdc_jupyter.cube.input_formats import require_input_format
    from gdc_jupyter.errors import GdcError

    if options:
        raise GdcError(
            "FormatOptionInvalid", f"The input format {name} has no option {', '.join(options)}; it has none."
        )
    return require_input_format(name)


def _refuse(format: str, reason: str) -> None:
    from gdc_jupyter.errors import GdcError

    raise GdcError("FormatUnsuitable", f"Nothing can be loaded as {format}: {reason}.")


def _load(paths: list[Path], format: Any, engine: Engine) -> Any:
    if "raster" in format.data_types:
        return _rasters(paths, format, engine)
    from gdc_jupyter.catalog.vector_files import read_vectors

    return read_vectors(paths, format)


def _rasters(places: list[Any], format: Any, engine: Engine) -> Any:
    from gdc_jupyter.catalog.user_files import raster_collection

    if format.name == "Zarr":
        places = [_unzipped(place, engine) for place in places]
    collection = raster_collection(places, format, engine.permissions.hosts)
    return engine.load(collection)


def _unzipped(path: Path, engine: Engine) -> Path:
    from gdc_jupyter.catalog.zipped_zarr import is_zipped, unpack_zarr

    return unpack_zarr(path, engine.keep(_scratch).file(path.stem)) if is_zipped(path) else path


def _scratch(engine: Engine) -> Any:
    from gdc_jupyter.catalog.user_files import Scratch

    return Scratch()
