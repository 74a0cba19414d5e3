"""Which answers a granule has: what the suffix of its address asks for, and the bytes of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap import dap2_data, dap4_data
from gdc_jupyter.opendap.dap2 import dds, view_of
from gdc_jupyter.opendap.dap2_attributes import das
from gdc_jupyter.opendap.dap2_constraint import constrained
from gdc_jupyter.opendap.dap4 import dmr
from gdc_jupyter.opendap.dap4_constraint import constrained as dap4_constrained
from gdc_jupyter.opendap.dap4_constraint import parameters
from gdc_jupyter.opendap.dataset import Dataset

DAP2, DAP4 = "2.0", "4.0"
_PLAIN = "text/plain; charset=utf-8"
_BINARY = "application/octet-stream"


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
    chunks: Iterable[bytes]
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
    """

    dataset: Dataset
    query: str
    most: int = 0

    def limit(self, size: int | None) -> int | None:
        """Return a size that is not too large.

        Raises
        ------
        GdcError
            ``DapAnswerTooLarge``.
        """
        if self.most and size is not None and size > self.most:
            raise GdcError(
                "DapAnswerTooLarge",
                f"The answer would have {size / 1e6:,.1f} MB, and the most is {self.most / 1e6:,.1f} MB: ask for a "
                "part by a constraint expression.",
            )
        return size


@dataclass(frozen=True)
class Kind:
    """What a suffix stands for.

    Attributes
    ----------
    version : str
        The version of DAP, whose form errors have.
    answer : callable
    """

    version: str
    answer: Callable[[Request], DapAnswer]


def _dds(request: Request) -> DapAnswer:
    text = dds(request.dataset.name, constrained(view_of(request.dataset), request.query)).encode()
    return DapAnswer(_PLAIN, "dods-dds", [text], len(text))


def _das(request: Request) -> DapAnswer:
    text = das(view_of(request.dataset)).encode()
    return DapAnswer(_PLAIN, "dods-das", [text], len(text))


def _dods(request: Request) -> DapAnswer:
    name, declared = request.dataset.name, constrained(view_of(request.dataset), request.query)
    length = request.limit(dap2_data.length(name, declared))
    dap2_data.check(declared)
    return DapAnswer(_BINARY, "dods-data", gathered(dap2_data.dods(name, declared)), length)


def _dmr(media_type: str, request: Request) -> DapAnswer:
    expression = parameters(request.query).get("dap4.ce", "")
    text = dmr(dap4_constrained(request.dataset, expression)).encode()
    return DapAnswer(media_type, "dap4-dmr", [text], len(text))


def _dap(request: Request) -> DapAnswer:
    given = parameters(request.query)
    # The netCDF library does not say what it wants, and is put out by checksums that it has not asked for.
    checksums = given.get("dap4.checksum", "").lower() in ("true", "1")
    wanted = dap4_constrained(request.dataset, given.get("dap4.ce", ""))
    length = request.limit(dap4_data.length(wanted, checksums))
    chunks = dap4_data.dap(wanted, checksums, length is not None)
    return DapAnswer("application/vnd.opendap.dap4.data", "dap4-data", chunks, length)


#: What is asked for by which suffix of the address of a granule.
KINDS = {
    "dds": Kind(DAP2, _dds),
    "das": Kind(DAP2, _das),
    "dods": Kind(DAP2, _dods),
    "dmr": Kind(DAP4, partial(_dmr, "application/vnd.opendap.dap4.dataset-metadata+xml")),
    "dmr.xml": Kind(DAP4, partial(_dmr, "text/xml; charset=utf-8")),
    "dap": Kind(DAP4, _dap),
}
_TOGETHER = 1 << 16


def split_suffix(path: str) -> tuple[str, str]:
    """Return a path without the suffix that says what is asked for, and that suffix, empty where there is none."""
    for suffix in sorted(KINDS, key=len, reverse=True):
        if path.endswith(f".{suffix}"):
            return path.removesuffix(f".{suffix}"), suffix
    return path, ""


def gathered(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in fewer pieces, where many are small."""
    waiting: list[bytes] = []
    size = 0
    for chunk in chunks:
        if len(chunk) >= _TOGETHER and not waiting:
            yield chunk
            continue
        waiting.append(chunk)
        size += len(chunk)
        if size >= _TOGETHER:
            yield b"".join(waiting) if len(chunk) < _TOGETHER else b"".join(waiting[:-1])
            if len(chunk) >= _TOGETHER:
                yield chunk
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
