"""Addresses: asked of OUS, and taken apart into granules and what is wanted of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import requests

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.ous.parameters import Box, ParametersInvalid, parse_query
from gdc_jupyter.opendap.remote.access import Access, shown

_OUS = re.compile(r"/ous/(?:streaming-)?collection/([^/?]+)/?$")
_SUFFIX = re.compile(
    r"\.(?:dap\.nc4|dap\.csv|dap\.xml|dmr\.xml|nc|nc4|ascii|asc|csv|html|dods|dds|das|dap|dmr)$", re.IGNORECASE
)
_TERM = re.compile(r"/?([^\[\];,]+)((?:\[[^\]]*\])*)")
_RANGE = re.compile(r"\[(\d+)(?::(\d+))?(?::(\d+))?\]")
_MISSING = re.compile(r"The variables (.+) were not found\.")
_ACCEPT = "application/vnd.cmr-opendap.v2.1+json"


@runtime_checkable
class Asked(Protocol):
    """A part of a collection, such as `gdc_jupyter.Selection`."""

    @property
    def collection(self) -> str:
        """The id of the collection."""

    @property
    def datetime(self) -> tuple[str | None, str | None] | None:
        """The start and, outside of the interval, the end."""

    def ous_query(self) -> dict[str, str]:
        """Return the query of OUS."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """A granule, and what is wanted of it.

    Parameters
    ----------
    address : str
        Without suffix and constraint.
    slabs : tuple of dict
        For each part, the index ranges of variables by their names; none where all of it is wanted.
    """

    address: str
    slabs: tuple[Mapping[str, tuple[slice, ...]], ...] = ()


def ask(access: Access, asked: Asked, **more: str) -> dict[str, Any]:
    """Return what OUS answers to who asks for a part of a collection.

    Parameters
    ----------
    access : Access
    asked : Asked
    **more : str
        Further parameters of OUS, with underscores.

    Raises
    ------
    GdcError
        ``BandNotFound``; ``DataNotReadable`` with what OUS says; ``ServerNotFound``; ``TokenInvalid``.
    """
    query = asked.ous_query() | {name.replace("_", "-"): value for name, value in more.items()}
    address = f"{access.root}/opendap/ous/collection/{quote(asked.collection, safe='')}"
    answer = ask_address(access, f"{address}?{urlencode(query)}")
    for warning in answer.get("warnings") or ():
        if missing := _MISSING.fullmatch(str(warning)):
            raise GdcError("BandNotFound", f"'{asked.collection}' has no variable {missing[1]}.")
    return answer


def ask_address(access: Access, address: str) -> dict[str, Any]:
    """Return what OUS answers at an address."""
    answer = access.get(address.replace("/ous/streaming-collection/", "/ous/collection/"), _ACCEPT)
    try:
        body = answer.json()
        if isinstance(body.get("items"), list):
            return dict(body)
    except (requests.JSONDecodeError, AttributeError):
        pass
    raise GdcError("DataNotReadable", f"{shown(address)} does not answer as an OPeNDAP URL service does.")


def is_ous(address: str) -> bool:
    """Tell whether an address is one of OUS, which lists addresses of data."""
    return _OUS.search(urlsplit(address).path) is not None


def box_of(address: str) -> Box | None:
    """Return the box that an address of OUS asks for."""
    parts = urlsplit(address)
    try:
        return parse_query(parse_qsl(parts.query), "C1").bounding_box
    except ParametersInvalid:
        return None


def parsed(addresses: Sequence[str]) -> list[Wanted]:
    """Return the granules of addresses of data, in their order; what is wanted of the same granule together."""
    found: dict[str, list[Mapping[str, tuple[slice, ...]]]] = {}
    for address in addresses:
        parts = urlsplit(address.partition("#")[0])
        if parts.scheme not in ("http", "https"):
            raise GdcError(
                "DataNotReadable", f"'{shown(address)[:200]}' is no address of data: it must begin with http."
            )
        base = urlunsplit((parts.scheme, parts.netloc, _SUFFIX.sub("", parts.path), "", ""))
        slabs = _slabs(parts.query)
        found.setdefault(base, []).extend([slabs] if slabs else [])
    return [Wanted(base, tuple(slabs)) for base, slabs in found.items()]


def _slabs(query: str) -> dict[str, tuple[slice, ...]]:
    """Return the index ranges in the constraint of an address."""
    terms = unquote(query).removeprefix("dap4.ce=").partition("&")[0]
    return {name.strip(): tuple(map(_slice, _RANGE.findall(slabs))) for name, slabs in _TERM.findall(terms)}


def _slice(texts: tuple[str, str, str]) -> slice:
    first, *rest = [int(text) for text in texts if text]
    step = rest[0] if len(rest) == 2 else 1
    return slice(first, (rest[-1] if rest else first) + 1, step)
