"""A part of a collection, or addresses of OUS or of data, as one lazy dataset."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.ous.parameters import Box, parse_query
from gdc_jupyter.opendap.remote.access import Access, access_to
from gdc_jupyter.opendap.remote.addresses import Asked, Wanted, ask, ask_address, box_of, is_ous, parsed

if TYPE_CHECKING:
    import xarray as xr
    from openeo.rest.connection import Connection

    from gdc_jupyter.opendap.remote.model import Remote


def open_dap(
    what: Asked | str | Sequence[str], connection: Connection | str | None = None, *, token: str | None = None
) -> xr.Dataset:
    """Open a part of a collection as one dataset that reads what is looked at.

    At first only coordinates are read. They tell, where they can be read, exactly which cells are in the box; the
    formula of the OPeNDAP URL service does elsewhere. Values are read as hyperslabs when they are needed, by several
    requests at a time, and are decoded by the CF conventions, so that missing ones are NaN.

    Parameters
    ----------
    what : Selection or str or sequence of str
        A `gdc.Selection`; an address of the OPeNDAP URL service (``https://host/opendap/ous/collection/…``); one
        address of data or several, as that service gives them, with or without a suffix and a constraint.
    connection : openeo.Connection or str, optional
        For a selection: which server has the collection, as a connection that `gdc.connect` has given or as an
        address. That of this notebook by default.
    token : str, optional
        For another server. It is sent as a header to that server alone, and never stands in an address.

    Returns
    -------
    xarray.Dataset
        All granules, along their dimension of time or, where each has one time, along a new one; what lies beside each
        other in space is put together. Longitudes go on from the western edge of a box, whatever those of the files
        begin with: beyond 180 where it reaches over the antimeridian. Where a granule lacks a variable its values are
        missing. ``.chunk()`` makes Dask arrays of it.

    Raises
    ------
    GdcError
        ``NoDataAvailable`` where nothing is in the box and interval; ``BandNotFound``; ``GridIrregular`` where the
        granules do not fit together; ``ServerNotFound``, ``TokenInvalid`` or ``DataNotReadable`` with what the server
        says.

    Examples
    --------
    >>> sst = open_dap(Selection("OSTIA_SST", (150, -5, 250, 5), "2007"))  # doctest: +SKIP
    >>> sst["sst"].mean(("latitude", "longitude")).plot()  # doctest: +SKIP
    """
    access, wanted, box, told = _wanted(what, connection, token)
    if not wanted:
        raise GdcError("NoDataAvailable", f"There is nothing to open: {told}.")
    from gdc_jupyter.opendap.remote.joined import in_parallel
    from gdc_jupyter.opendap.remote.joining import joined, within
    from gdc_jupyter.opendap.remote.parts import datasets, lacking

    def opened(each: Wanted) -> tuple[Remote, list[tuple[str, xr.Dataset]]]:
        remote = _open(access, access.reachable(each.address))
        name = unquote(each.address.rpartition("/")[2])
        return remote, [(name, part) for part in datasets(remote, each, box)]

    found = in_parallel(opened, wanted)
    parts = [part for _, each in found for part in each]
    nowhere = set.intersection(*(lacking(remote, each) for (remote, _), each in zip(found, wanted, strict=True)))
    if nowhere:
        there = ", ".join(found[0][0].variables)
        raise GdcError("BandNotFound", f"No granule has {', '.join(sorted(nowhere))}; the first one has {there}.")
    if not parts:
        raise GdcError("NoDataAvailable", f"None of {len(wanted)} granules has cells in the box {box}.")
    return within(joined(parts), what.datetime if isinstance(what, Asked) else None)


def dap_urls(
    asked: Asked, connection: Connection | str | None = None, token: str | None = None, **more: str
) -> dict[str, Any]:
    """Return what the OPeNDAP URL service answers to a selection; see `gdc_jupyter.Selection.dap_urls`."""
    answer = ask(access_to(connection, token), asked, **more)
    for warning in answer.get("warnings") or ():
        warnings.warn(str(warning), stacklevel=3)
    return answer


def _wanted(
    what: Asked | str | Sequence[str], connection: Connection | str | None, token: str | None
) -> tuple[Access, list[Wanted], Box | None, str]:
    """Return the way to the data, the granules, the box, and what was asked for in words."""
    if isinstance(what, str) and is_ous(what):
        access = access_to(what if connection is None else connection, token)
        answer = ask_address(access, access.reachable(what))
        return access, parsed(answer["items"]), box_of(what), "the OPeNDAP URL service lists no granules there"
    if not isinstance(what, Asked):
        addresses = [what] if isinstance(what, str) else list(what)
        if not addresses or not all(isinstance(each, str) for each in addresses):
            raise GdcError(
                "DataNotReadable", "Give a gdc.Selection, an address, or a list of addresses that is not empty."
            )
        wanted = parsed(addresses)
        return access_to(addresses[0] if connection is None else connection, token), wanted, None, ""
    access = access_to(connection, token)
    answer = ask(access, what)
    query = what.ous_query()
    box = parse_query(list(query.items()) or [("collection-id", "C1")], "C1").bounding_box
    asked = ", ".join(f"{name} {value}" for name, value in query.items())
    return access, parsed(answer["items"]), box, f"'{what.collection}' has no granules there ({asked or 'none at all'})"


def _open(access: Access, address: str) -> Remote:
    from gdc_jupyter.opendap.remote.dap2 import open_dap2
    from gdc_jupyter.opendap.remote.dap4 import open_dap4

    try:
        return open_dap4(access, address)
    except GdcError as error:
        if error.code != "DataNotReadable":
            raise
        try:
            # Older servers speak DAP2 alone.
            return open_dap2(access, address)
        except GdcError as second:
            raise (error if second.code == "DataNotReadable" else second) from None
