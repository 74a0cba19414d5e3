"""Writing slabs of variables into a NetCDF file, block by block, with the library locked only while it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gdc_jupyter.cube.encode.staging import storing
from gdc_jupyter.cube.netcdf_lock import netcdf_lock
from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.dap.dataset import Read, Slab, count, size_of

Format = Literal["NETCDF4", "NETCDF3_64BIT_OFFSET"]
Stopped = Callable[[], bool]
#: Arrays of fewer bytes are not compressed.
_WORTH_COMPRESSING = 1 << 14


@dataclass(frozen=True)
class _Copy:
    """What is left to do when all variables are declared."""

    target: Any
    slab: Slab
    blocks: Callable[[], Iterator[Slab]]
    read: Read


class FileWriter:
    """A file that is being made: variables are declared first, and filled in the end.

    Parameters
    ----------
    dataset : netCDF4.Dataset
    compressed : bool
        Whether the format can compress, and have dimensions that grow.
    stopped : callable
        Tells whether nobody waits for the file any more.
    """

    def __init__(self, dataset: Any, compressed: bool, stopped: Stopped) -> None:
        self.dataset = dataset
        self._compressed, self._stopped = compressed, stopped
        self._cuts: dict[str, slice] = {}
        self._copies: list[_Copy] = []

    def group(self, path: str) -> Any:
        """Return a group, which is made if it is not there."""
        with netcdf_lock():
            return self.dataset.createGroup(path) if path.strip("/") else self.dataset

    def attributes(self, target: Any, attributes: Mapping[str, Any]) -> None:
        """Set attributes but for those that are the library's own."""
        with netcdf_lock():
            for name, value in attributes.items():
                if not name.startswith("_NC") and not (isinstance(value, list) and not value):
                    target.setncattr(name, value)

    def dimension(self, path: str, part: slice, unlimited: bool = False) -> str:
        """Return the name of a dimension that is cut so, which is made if it is not there.

        Where it was cut in another way before, it has another name.
        """
        name, number = path, 1
        while self._cuts.setdefault(name, part) != part:
            number += 1
            name = f"{path}_{number}"
        prefix, _, own = name.rpartition("/")
        group = self.group(prefix)
        with netcdf_lock():
            if own not in group.dimensions:
                group.createDimension(own, None if unlimited and self._compressed else count(part))
        return own

    def variable(
        self, group: Any, name: str, kind: Any, dimensions: list[str], slab: Slab, attributes: Mapping[str, Any]
    ) -> Any:
        """Return a new variable with its attributes."""
        options: dict[str, Any] = {}
        if kind is not str:
            fill = attributes.get("_FillValue")
            if isinstance(fill, np.generic | np.ndarray | float | int):
                options["fill_value"] = np.asarray(fill).reshape(-1)[0].astype(kind)
            if self._compressed and size_of(slab) * np.dtype(kind).itemsize >= _WORTH_COMPRESSING:
                options |= {"compression": "zlib", "complevel": 1}
        with netcdf_lock():
            made = group.createVariable(name, kind, dimensions, **options)
            made.set_auto_maskandscale(False)
            made.set_auto_chartostring(False)
        self.attributes(made, {key: value for key, value in attributes.items() if key != "_FillValue"})
        return made

    def fill_later(self, target: Any, slab: Slab, blocks: Callable[[], Iterator[Slab]], read: Read) -> None:
        """Have the slab of a variable written when all are declared."""
        self._copies.append(_Copy(target, slab, blocks, read))

    def fill(self) -> None:
        """Write all values.

        Raises
        ------
        GdcError
            ``DataFileUnreadable``.
        """
        for copy in self._copies:
            for block in copy.blocks():
                if self._stopped():
                    raise GdcError("Internal", "The request was given up.")
                values = copy.read(block)
                with netcdf_lock():
                    copy.target[_place(block, copy.slab)] = values if block else values[()]


def _place(block: Slab, slab: Slab) -> Any:
    """Return where a block of a slab is in what holds the slab alone."""
    starts = [(part.start - whole.start) // whole.step for part, whole in zip(block, slab, strict=True)]
    return tuple(slice(start, start + count(part)) for start, part in zip(starts, block, strict=True)) or ...


@contextmanager
def new_file(path: Path, format: Format, stopped: Stopped) -> Iterator[FileWriter]:
    """Give a writer of a new file, which is filled and closed in the end.

    Raises
    ------
    GdcError
        ``StorageFailure``.
    """
    import netCDF4

    with storing(path.name, path.parent):
        with netcdf_lock():
            dataset = netCDF4.Dataset(path, "w", format=format)
            dataset.set_fill_off()
        try:
            writer = FileWriter(dataset, format == "NETCDF4", stopped)
            yield writer
            writer.fill()
        finally:
            with netcdf_lock():
                dataset.close()
