"""What is wanted of a dataset as a NetCDF-4 file: groups, types and attributes as they are."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from gdc_jupyter.opendap.dap.dap2 import Declared, View, parts_of
from gdc_jupyter.opendap.dap.dap4 import Wanted
from gdc_jupyter.opendap.dap.dataset import Group, Slab, Variable, size_of
from gdc_jupyter.opendap.dap.file_writer import FileWriter, Stopped, new_file


def wanted_of(view: View, declared: Iterable[Declared]) -> Wanted:
    """Return what a constraint of DAP2 wants, in terms of DAP4; of what is wanted twice, the first."""
    slabs: dict[str, Slab] = {}
    for part in parts_of(declared):
        rest = tuple(slice(0, size, 1) for size in part.field.variable.shape[len(part.slab) :])
        slabs.setdefault(part.field.path, (*part.slab, *rest))
    ordered = {path: slabs[path] for path in view.dataset.variables() if path in slabs}
    return Wanted(view.dataset, ordered, whole=False)


def size(wanted: Wanted) -> int:
    """Return how many bytes the values have before compression."""
    variables = wanted.dataset.variables()
    return sum(size_of(slab) * variables[path].dtype.itemsize for path, slab in wanted.slabs.items())


def write_netcdf4(wanted: Wanted, path: Path, stopped: Stopped) -> None:
    """Write it.

    Parameters
    ----------
    wanted : Wanted
    path : Path
    stopped : callable
        Tells whether nobody waits for the file any more.

    Raises
    ------
    GdcError
        ``DataFileUnreadable``, ``StorageFailure``.
    """
    with new_file(path, "NETCDF4", stopped) as writer:
        for prefix, group in wanted.dataset.groups():
            if prefix == "/" or any(each.startswith(prefix) for each in wanted.slabs):
                _declare(writer, wanted, prefix, group)


def _declare(writer: FileWriter, wanted: Wanted, prefix: str, group: Group) -> None:
    made = writer.group(prefix)
    writer.attributes(made, group.attributes)
    unlimited = {name for name, each in wanted.dataset.dimensions().items() if each.unlimited}
    for variable in group.variables:
        slab = wanted.slabs.get(prefix + variable.name)
        if slab is None:
            continue
        pairs = zip(variable.dimensions, slab, strict=True)
        names = [writer.dimension(name, part, name in unlimited) for name, part in pairs]
        kind = str if variable.is_text else variable.dtype
        target = writer.variable(made, variable.name, kind, names, slab, variable.attributes)
        writer.fill_later(target, slab, partial(Variable.blocks, variable, slab), variable.read)
