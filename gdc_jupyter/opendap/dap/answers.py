"""Which answers a granule has: what the suffix of its address asks for, and the bytes of that."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.dap import dap2_data, dap4_data
from gdc_jupyter.opendap.dap.classic_files import write_classic
from gdc_jupyter.opendap.dap.dap2 import dds, not_exact, view_of
from gdc_jupyter.opendap.dap.dap2_attributes import das
from gdc_jupyter.opendap.dap.dap2_constraint import constrained
from gdc_jupyter.opendap.dap.dap4 import Wanted, dmr, everything
from gdc_jupyter.opendap.dap.dap4_constraint import constrained as dap4_constrained
from gdc_jupyter.opendap.dap.dap4_constraint import parameters
from gdc_jupyter.opendap.dap.dataset import Dataset, Piece
from gdc_jupyter.opendap.dap.netcdf4_files import size, wanted_of, write_netcdf4
from gdc_jupyter.opendap.dap.text_files import dap2_text, dap4_text

DAP2, DAP4 = "2.0", "4.0"
_PLAIN = "text/plain; charset=utf-8"
_CSV = "text/csv; charset=utf-8"
_BINARY = "application/octet-stream"
_NETCDF = "application/x-netcdf"
_PIECE = 1 << 20


@dataclass(frozen=True)
class DapAnswer:
    """An answer.

    Attributes
    ----------
    media_type : str
    description : str
        What DAP calls it.
    chunks : iterable of bytes
        Made as they are sent.
    length : int, optional
        The bytes in all, where they are known.
    headers : dict
    """

    media_type: str
    description: str
    chunks: Iterable[Piece]
    length: int | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """What is asked of a dataset.

    Attributes
    ----------
    dataset : Dataset
    query : str
        The query of the address, percent-encoded.
    most : int
        The most bytes of values that may be sent; 0 for no limit.
    most_file : int
        The same where a file or text has to be made of them.
    only_headers : bool
        Whether the bytes will not be sent.
    stopped : callable
        Tells whether nobody waits for the answer any more.
    """

    dataset: Dataset
    query: str
    most: int = 0
    most_file: int = 0
    only_headers: bool = False
    stopped: Callable[[], bool] = lambda: False

    def wanted(self) -> Wanted:
        """Return what is wanted, told in the one way or the other."""
        if "dap4." in self.query:
            return dap4_constrained(self.dataset, parameters(self.query).get("dap4.ce", ""))
        if not self.query:
            return everything(self.dataset)
        view = view_of(self.dataset)
        return wanted_of(view, constrained(view, self.query))


def _limited(size: int, most: int) -> None:
    if most and size > most:
        raise GdcError(
            "DapAnswerTooLarge",
            f"The answer would have {size / 1e6:,.1f} MB, and the most is {most / 1e6:,.1f} MB: ask for a part by a "
            "constraint expression.",
        )


@dataclass(frozen=True)
class Kind:
    """What a suffix stands for.

    Attributes
    ----------
    version : str
        The version of DAP, whose form errors have.
    answer : callable
    makes_file : bool
        Whether the answer is made as a whole before it is sent, which takes long where it is large.
    """

    version: str
    answer: Callable[[Request], DapAnswer]
    makes_file: bool = False


def _dds(request: Request) -> DapAnswer:
    text = dds(request.dataset.name, constrained(view_of(request.dataset), request.query)).encode()
    return DapAnswer(_PLAIN, "dods-dds", [text], len(text))


def _das(request: Request) -> DapAnswer:
    text = das(view_of(request.dataset)).encode()
    return DapAnswer(_PLAIN, "dods-das", [text], len(text))


def _dods(request: Request) -> DapAnswer:
    view = view_of(request.dataset)
    declared = constrained(view, request.query)
    _limited(size(wanted_of(view, declared)), request.most)
    length = dap2_data.length(request.dataset.name, declared)
    dap2_data.check(declared)
    return DapAnswer(_BINARY, "dods-data", gathered(dap2_data.dods(request.dataset.name, declared)), length)


def _ascii(media_type: str, request: Request) -> DapAnswer:
    view = view_of(request.dataset)
    declared = constrained(view, request.query)
    _limited(size(wanted_of(view, declared)), request.most_file)
    return DapAnswer(media_type, "dods-ascii", gathered(dap2_text(request.dataset.name, declared)))


def _dmr(media_type: str, request: Request) -> DapAnswer:
    expression = parameters(request.query).get("dap4.ce", "")
    text = dmr(dap4_constrained(request.dataset, expression)).encode()
    return DapAnswer(media_type, "dap4-dmr", [text], len(text))


def _dap(request: Request) -> DapAnswer:
    given = parameters(request.query)
    # The netCDF library does not say what it wants, and is put out by checksums that it has not asked for.
    checksums = given.get("dap4.checksum", "").lower() in ("true", "1")
    wanted = dap4_constrained(request.dataset, given.get("dap4.ce", ""))
    _limited(size(wanted), request.most)
    length = dap4_data.length(wanted, checksums)
    chunks = dap4_data.dap(wanted, checksums, length is not None)
    return DapAnswer("application/vnd.opendap.dap4.data", "dap4-data", chunks, length)


def _csv(request: Request) -> DapAnswer:
    wanted = dap4_constrained(request.dataset, parameters(request.query).get("dap4.ce", ""))
    _limited(size(wanted), request.most_file)
    return DapAnswer(_CSV, "dap4-csv", gathered(dap4_text(wanted)), None, _named(request, "csv"))


def _nc4(request: Request) -> DapAnswer:
    wanted = request.wanted()
    _limited(size(wanted), request.most_file)
    return _file(request, "nc4", lambda path: write_netcdf4(wanted, path, request.stopped))


def _nc(request: Request) -> DapAnswer:
    view = view_of(request.dataset)
    declared = constrained(view, request.query)
    if view.left_out and not request.query:
        raise not_exact(", ".join(sorted(view.left_out)))
    _limited(size(wanted_of(view, declared)), request.most_file)
    return _file(request, "nc", lambda path: write_classic(view, declared, path, request.stopped))


def _file(request: Request, suffix: str, write: Callable[[Path], None]) -> DapAnswer:
    """Return a file, which is made first; its name is gone by then, so that it is too when it was sent."""
    if request.only_headers:
        return DapAnswer(_NETCDF, "netcdf", (), None, _named(request, suffix))
    with tempfile.TemporaryDirectory(prefix="gdc-dap-") as folder:
        path = Path(folder) / f"file.{suffix}"
        write(path)
        file = path.open("rb")
    length = os.fstat(file.fileno()).st_size
    return DapAnswer(_NETCDF, "netcdf", _pieces(file), length, _named(request, suffix))


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece


def _named(request: Request, suffix: str) -> dict[str, str]:
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", request.dataset.name)
    return {"Content-Disposition": f'attachment; filename="{name}.{suffix}"'}


#: What is asked for by which suffix of the address of a granule.
KINDS = {
    "dds": Kind(DAP2, _dds),
    "das": Kind(DAP2, _das),
    "dods": Kind(DAP2, _dods),
    "dmr": Kind(DAP4, partial(_dmr, "application/vnd.opendap.dap4.dataset-metadata+xml")),
    "dmr.xml": Kind(DAP4, partial(_dmr, "text/xml; charset=utf-8")),
    "dap": Kind(DAP4, _dap),
    "ascii": Kind(DAP2, partial(_ascii, _PLAIN)),
    "asc": Kind(DAP2, partial(_ascii, _PLAIN)),
    "csv": Kind(DAP2, partial(_ascii, _CSV)),
    "dap.csv": Kind(DAP4, _csv),
    "nc": Kind(DAP2, _nc, makes_file=True),
    "nc4": Kind(DAP2, _nc4, makes_file=True),
    "dap.nc4": Kind(DAP4, _nc4, makes_file=True),
}
_TOGETHER = 1 << 16


def split_suffix(path: str) -> tuple[str, str]:
    """Return a path without the suffix that says what is asked for, and that suffix, empty where there is none."""
    for suffix in sorted(KINDS, key=len, reverse=True):
        if path.endswith(f".{suffix}"):
            return path.removesuffix(f".{suffix}"), suffix
    return path, ""


def gathered(chunks: Iterable[Piece]) -> Iterator[Piece]:
    """Yield the same bytes in fewer pieces, where many are small."""
    waiting: list[Piece] = []
    size = 0
    for chunk in chunks:
        large = len(chunk) >= _TOGETHER
        if waiting and (large or size >= _TOGETHER):
            yield b"".join(waiting)
            waiting, size = [], 0
        if large:
            yield chunk
        else:
            waiting.append(chunk)
            size += len(chunk)
    if waiting:
        yield b"".join(waiting)
