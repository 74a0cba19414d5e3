"""Connections to the server one sits on, or to any openEO back-end, and results as xarray."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from gdc_jupyter.errors import GdcError
from gdc_jupyter.server import expected_server, find_server, own_server

if TYPE_CHECKING:
    import xarray as xr
    from openeo.rest.connection import Connection
    from openeo.rest.job import BatchJob

# Downloaded results live as long as the interpreter: an opened file may still be read lazily.
_downloads: list[tempfile.TemporaryDirectory[str]] = []


def connect(url: str | None = None, *, user: str | None = None, token: str | None = None) -> Connection:
    """Connect to the server this notebook runs on, or to any openEO back-end.

    Parameters
    ----------
    url : str, optional
        The address of an openEO back-end. Without it, the first of these is taken: the address in the environment
        variable ``GDC_URL`` (with its token in ``GDC_TOKEN``); the Jupyter server of this kernel, under JupyterHub
        too; any other Jupyter server of this user on this machine that serves the API.
    user, token : str, optional
        Name and password (a Jupyter or JupyterHub token) for HTTP Basic authentication. Without them a connection
        to a named ``url`` is not authenticated yet; the openEO client's own ``authenticate_*`` methods do that.

    Returns
    -------
    openeo.Connection

    Raises
    ------
    GdcError
        ``ServerNotFound`` where no server answers, with what to start.

    Examples
    --------
    >>> con = connect()  # doctest: +SKIP
    >>> con.list_collection_ids()  # doctest: +SKIP
    """
    if url is None:
        server = find_server()
        url, token = server.url, token if token is not None else server.token
    elif "token" in parse_qs(urlsplit(url).query):
        raise GdcError("CredentialsInvalid", "Give the token as connect(url, token=...), not inside the URL.")
    from openeo.rest.connection import connect as connect_to

    connection = connect_to(url)
    if token:
        connection.authenticate_basic(user or "jupyter", token)
    return connection


def open_result(job: BatchJob, folder: str | Path | None = None) -> xr.DataArray:
    """Download the result of a finished batch job and open it.

    Parameters
    ----------
    job : openeo.BatchJob
        A finished job of any openEO back-end.
    folder : path, optional
        Where to keep the files; by default a temporary folder that is removed with the interpreter.

    Returns
    -------
    xarray.DataArray
        A GeoTIFF with the dimensions bands, y, x (and t first, where there is one file a date), nodata as NaN; a
        netCDF file or a zipped Zarr store with its own dimensions, several variables stacked along ``bands``. Values
        are read when used.

    Raises
    ------
    GdcError
        ``ResultNotReadable`` where the result holds neither GeoTIFF nor netCDF nor Zarr.
    """
    target = _download_folder() if folder is None else Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    assets = job.get_results().get_assets()
    for known in _FORMATS:
        chosen = [asset for asset in assets if _is_of_format(asset, known)]
        if chosen:
            paths = [Path(asset.download(target / Path(asset.key).name)) for asset in chosen]
            return known.open(paths, [asset.metadata for asset in chosen])
    held = ", ".join(asset.key for asset in assets) or "no file"
    raise GdcError(
        "ResultNotReadable",
        f"The result of job {job.job_id} holds {held}; only GeoTIFF, netCDF and Zarr open as xarray.",
    )


def open_answer(content: bytes, media_type: str) -> Any:
    """Open what a back-end answered to a request for a result.

    Parameters
    ----------
    content : bytes
        JSON, a GeoTIFF, netCDF or a zipped Zarr store.
    media_type : str
        The value of the header ``Content-Type``.

    Returns
    -------
    object or xarray.DataArray
        A value of JSON; otherwise a cube, as of `open_result`.

    Raises
    ------
    GdcError
        ``ResultNotReadable`` for any other format.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if kind.endswith("json"):
        return json.loads(content)
    for known in _FORMATS:
        if kind in known.media_types:
            path = _download_folder() / f"result{known.suffixes[0]}"
            path.write_bytes(content)
            return known.open([path], [{}])
    raise GdcError(
        "ResultNotReadable", f"The result is {kind or 'of no type'}; JSON, GeoTIFF, netCDF and Zarr open here."
    )


def open_geotiff(path: Path) -> xr.DataArray:
    """Open a GeoTIFF.

    Parameters
    ----------
    path : path
        A local file.

    Returns
    -------
    xarray.DataArray
        With the dimensions bands, y, x, the bands by their names where they have such, and nodata as NaN. Values are
        read when used, until it is closed.

    Raises
    ------
    OSError
        Where the file is none.
    """
    import rioxarray
    import xarray as xr

    opened = rioxarray.open_rasterio(path, masked=True)
    assert isinstance(opened, xr.DataArray)
    names = opened.attrs.get("long_name")
    names = [names] if isinstance(names, str) else names
    cube = opened.rename(band="bands")
    if cube.attrs.get("scale_factor") == 1 and cube.attrs.get("add_offset") == 0:
        del cube.attrs["scale_factor"], cube.attrs["add_offset"]
    if names and len(names) == cube.sizes["bands"] and all(names):
        cube = cube.assign_coords(bands=list(names))
        cube.attrs.pop("long_name")
    cube = cube.rename(path.stem)
    cube.set_close(opened.close)
    return cube


def _download_folder() -> Path:
    _downloads.append(tempfile.TemporaryDirectory(prefix="gdc-result-"))
    return Path(_downloads[-1].name)


def _is_of_format(asset: Any, known: _Format) -> bool:
    media_type = str(asset.metadata.get("type", "")).partition(";")[0].strip().lower()
    if "metadata" in asset.metadata.get("roles", ()):
        return False
    return media_type in known.media_types or (not media_type and asset.key.lower().endswith(known.suffixes))


def _open_geotiffs(paths: list[Path], metadata: list[dict[str, Any]]) -> xr.DataArray:
    cubes = [open_geotiff(path) for path in paths]
    if len(cubes) == 1:
        return cubes[0]
    import numpy as np
    import xarray as xr

    labels = [entry.get("datetime") or entry.get("start_datetime") for entry in metadata]
    if None in labels:
        return xr.concat(cubes, xr.DataArray([path.stem for path in paths], dims="file", name="file"))
    times = np.array([str(label).removesuffix("Z") for label in labels], dtype="datetime64[ns]")
    return xr.concat(cubes, xr.DataArray(times, dims="t", name="t")).sortby("t")


def _open_netcdf(paths: list[Path], metadata: list[dict[str, Any]]) -> xr.DataArray:
    import xarray as xr

    return _stacked(xr.open_dataset(paths[0], decode_coords="all"), paths[0].stem)


def _open_zarr(paths: list[Path], metadata: list[dict[str, Any]]) -> xr.DataArray:
    import xarray as xr
    from zarr.storage import ZipStore

    name = paths[0].name.removesuffix(".zarr.zip")
    store: Any = ZipStore(paths[0], mode="r")
    return _stacked(xr.open_dataset(store, engine="zarr"), name)


def _stacked(dataset: xr.Dataset, title: str) -> xr.DataArray:
    """Return the variables of a dataset as one cube."""
    grid_mappings = {variable.attrs.get("grid_mapping") for variable in dataset.data_vars.values()}
    names = [str(name) for name in dataset.data_vars if dataset[name].ndim > 1 and name not in grid_mappings]
    if len(names) == 1:
        return dataset[names[0]]
    return dataset[names].to_array("bands", name=title)


class _Format(NamedTuple):
    """A format whose files open as a cube, those of an asset together."""

    media_types: tuple[str, ...]
    suffixes: tuple[str, ...]
    open: Callable[[list[Path], list[dict[str, Any]]], xr.DataArray]


# The first one that a result holds is opened.
_FORMATS = (
    _Format(("image/tiff", "image/geotiff", "image/vnd.stac.geotiff"), (".tif", ".tiff"), _open_geotiffs),
    _Format(("application/netcdf", "application/x-netcdf", "application/x-hdf5"), (".nc",), _open_netcdf),
    _Format(("application/vnd.zarr+zip",), (".zarr.zip",), _open_zarr),
)


def default_url() -> str:
    """Return the address of the API that `connect` takes by itself.

    Raises
    ------
    GdcError
        ``ServerNotFound``.
    """
    return find_server().url


def is_default_url(root_url: str) -> bool:
    """Return whether an address is the one that `connect` takes by itself, without asking whether a server is there."""
    expected = expected_server()
    return expected is not None and root_url.rstrip("/") == expected.url.rstrip("/")


def seen_by_browser(address: str) -> str:
    """Return an address as the browser that shows this notebook finds it.

    An address of the Jupyter server of this kernel loses its host: the browser may reach that server by another name,
    through a proxy or a JupyterHub. Any other address stays as it is.
    """
    own = own_server()
    if own is None:
        return address
    server, asked = urlsplit(own.url), urlsplit(address)
    if asked.netloc != server.netloc or not asked.path.startswith(server.path):
        return address
    return address.removeprefix(f"{asked.scheme}://{asked.netloc}")
