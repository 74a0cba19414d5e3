"""Files that a process graph loads: those in the user's folder, and what is fetched from an address for a run."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdc_jupyter.cube.input_formats import InputFormat
from gdc_jupyter.errors import GdcError

if TYPE_CHECKING:
    from gdc_jupyter.catalog.collection import Collection


class Scratch:
    """A folder for the files of one run; closing it removes them."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="gdc-")
        self._count = 0

    def file(self, name: str) -> Path:
        """Return a path in the folder that is not used yet and ends like a name."""
        self._count += 1
        folder = Path(self._folder.name, str(self._count))
        folder.mkdir()
        return folder / name

    def close(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()


def user_file(folder: Path | None, name: str) -> Path:
    """Return the file, or Zarr folder, of a name in the user's folder; links that lead out of it are not followed.

    Raises
    ------
    GdcError
        ``FileNotFound``, the same for what is outside and what does not exist.
    """
    if folder is None:
        raise GdcError("FileNotFound", "There is no folder of uploaded files here.")
    root = folder.resolve()
    try:
        path = (root / name.lstrip("/")).resolve()
        there = path.is_relative_to(root) and path != root and path.exists()
    except (OSError, ValueError, RuntimeError):
        there = False
    if not there:
        raise GdcError("FileNotFound", f"There is no file '{name}' among the uploaded files.")
    if path.is_dir():
        _require_inside(path, root, name)
    return path


def _require_inside(path: Path, root: Path, name: str) -> None:
    from gdc_jupyter.catalog.arrays import is_zarr

    if not is_zarr(str(path)):
        raise GdcError("FileNotFound", f"'{name}' is a folder; name the files in it.")
    if any(entry.is_symlink() and not entry.resolve().is_relative_to(root) for entry in path.rglob("*")):
        raise GdcError("FileNotFound", f"'{name}' holds links to files elsewhere.")


def raster_collection(
    places: Sequence[Path | str], format: InputFormat, hosts: tuple[str, ...] | None = None
) -> Collection:
    """Return the collection that files of a raster format are.

    Parameters
    ----------
    places : sequence of Path or str
        Files, or the URLs of GeoTIFFs.
    format : InputFormat
        GTiff, netCDF or Zarr.
    hosts : tuple of str, optional
        The hosts that may be asked for URLs.

    Raises
    ------
    GdcError
        ``FormatUnsuitable`` where a file is not of the format.
    """
    names = ", ".join(_name(place) for place in places[:3])
    try:
        return _read(places, format, names, hosts)
    except GdcError as error:
        if error.code in ("DataFileUnreadable", "DataFileUnsupported", "GridIrregular", "CRSInvalid"):
            raise GdcError("FormatUnsuitable", f"{names} cannot be loaded as {format.name}: {error.message}") from None
        raise


def _read(places: Sequence[Path | str], format: InputFormat, names: str, hosts: tuple[str, ...] | None) -> Collection:
    from gdc_jupyter.catalog.collection import About

    about = About(title=names, description=names)
    if format.name == "GTiff":
        from gdc_jupyter.catalog.geotiff import from_files

        return from_files(places, "files", about, hosts)
    from gdc_jupyter.catalog.array_files import from_netcdf
    from gdc_jupyter.catalog.arrays import is_zarr

    paths = [Path(place) for place in places]
    wrong = [path.name for path in paths if is_zarr(str(path)) != (format.name == "Zarr")]
    if wrong:
        raise GdcError("FormatUnsuitable", f"{wrong[0]} is not of the format {format.name}.")
    return from_netcdf(paths, "files", about)


def _name(place: Any) -> str:
    return str(place).partition("?")[0].rpartition("/")[2]
