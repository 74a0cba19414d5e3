"""A selection as text to copy: Python for openeo, pystac-client, xarray and OPeNDAP, and addresses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from gdc_jupyter.client import default_url, is_default_url
from gdc_jupyter.errors import GdcError
from gdc_jupyter.selection import BBox, Selection, spatial_extent

#: What a selection can be copied as, with the words for it.
KINDS: dict[str, str] = {
    "openeo": "openEO (Python)",
    "stac": "STAC search (pystac-client)",
    "xarray": "xarray",
    "dap": "OPeNDAP (Python)",
    "coverage": "Coverage address",
    "dap_urls": "OPeNDAP addresses",
}
_WIDTH = 88


def snippet(selection: Selection, kind: str, root_url: str | None = None) -> str:
    """Return a selection as code that can be run, or as an address.

    Parameters
    ----------
    selection : Selection
    kind : str
        ``"openeo"``, ``"stac"``, ``"xarray"`` or ``"dap"`` for Python; ``"coverage"`` for the address of a coverage;
        ``"dap_urls"`` for addresses of data with their constraints, one a line, for which the server is asked.
    root_url : str, optional
        The address of the API that has the collection. Code for the server of this notebook, which is the default,
        finds it by itself, and so goes on to work where that has another address.

    Returns
    -------
    str

    Raises
    ------
    GdcError
        ``SnippetUnknown`` for another kind; ``ServerNotFound`` where an address is wanted and no server is here; what
        `Selection.dap_urls` raises.

    Examples
    --------
    >>> print(snippet(Selection("S2_ALPS", datetime="2022-06", bands=("B04",)), "openeo", "https://example.org"))
    import openeo
    <BLANKLINE>
    con = openeo.connect("https://example.org")
    cube = con.load_collection(
        "S2_ALPS",
        temporal_extent=["2022-06-01", "2022-07-01"],
        bands=["B04"],
    )
    """
    if kind not in _MAKERS:
        raise GdcError("SnippetUnknown", f"A selection is copied as one of {', '.join(KINDS)}, and not as {kind!r}.")
    return _MAKERS[kind](selection, None if root_url is None or is_default_url(root_url) else root_url)


def kinds_for(capabilities: Mapping[str, Any]) -> dict[str, str]:
    """Return those of `KINDS` that can be asked of a server, by what its landing page tells."""
    told = capabilities.get("conformsTo")
    classes = [str(each) for each in told] if isinstance(told, list) else []
    has = {
        "openeo": "api_version" in capabilities,
        "xarray": "api_version" in capabilities,
        "stac": any("/item-search" in each for each in classes),
        "coverage": any("/ogcapi-coverages" in each for each in classes),
        # Only servers of this kind list addresses by the names of openEO's collections.
        "dap": "gdc_version" in capabilities,
        "dap_urls": "gdc_version" in capabilities,
    }
    return {kind: words for kind, words in KINDS.items() if has[kind]}


def box_text(bbox: BBox, kind: str) -> str:
    """Return a box alone, as ``bbox`` (four numbers), ``spatial_extent`` (of openEO) or ``geojson``."""
    if kind == "bbox":
        return ", ".join(map(repr, bbox))
    if kind == "spatial_extent":
        return _literal(spatial_extent(bbox))
    west, south, east, north = bbox
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return json.dumps({"type": "Polygon", "coordinates": [ring]})


def selection_code(selection: Selection) -> str:
    """Return the Python expression of a selection, ``gdc`` being the name of the package."""
    arguments: dict[str, Any] = {"bbox": selection.bbox, "datetime": selection.datetime, "bands": selection.bands}
    if selection.bbox is not None and selection.crs != "EPSG:4326":
        arguments["crs"] = selection.crs
    return _call("gdc.Selection", [selection.collection], arguments)


def _openeo(selection: Selection, root_url: str | None) -> str:
    arguments = selection.openeo()
    load = _call("con.load_collection", [arguments.pop("collection_id")], arguments)
    if root_url is None:
        return f"import gdc_jupyter as gdc\n\ncon = gdc.connect()\ncube = {load}"
    return f"import openeo\n\ncon = openeo.connect({_literal(root_url)})\ncube = {load}"


def _stac(selection: Selection, root_url: str | None) -> str:
    own = root_url is None
    imports = (
        "import gdc_jupyter as gdc\nfrom pystac_client import Client" if own else "from pystac_client import Client"
    )
    address = "gdc.connect().root_url" if own else _literal(root_url)
    search = _call("catalog.search", [], selection.stac_search())
    return f"{imports}\n\ncatalog = Client.open({address})\nsearch = {search}\nitems = list(search.items())"


def _xarray(selection: Selection, root_url: str | None) -> str:
    if root_url is not None:
        # Another server's data come as a file, which each openEO back-end can make.
        loaded = _openeo(selection, root_url).replace("import openeo\n", "import openeo\nimport xarray as xr\n", 1)
        opened = 'data = xr.open_dataset("cube.nc", decode_coords="all")'
        return f'{loaded}\ncube.download("cube.nc", format="NetCDF")\n{opened}'
    arguments = selection.openeo()
    extent = arguments.get("spatial_extent")
    bbox: BBox | Mapping[str, Any] | None = extent if extent is not None and "crs" in extent else selection.bbox
    parts: dict[str, Any] = {"bbox": bbox, "datetime": selection.datetime, "bands": arguments.get("bands")}
    return f"import gdc_jupyter as gdc\n\ndata = {_call('gdc.open_collection', [selection.collection], parts)}"


def _dap(selection: Selection, root_url: str | None) -> str:
    server = "" if root_url is None else f", {_literal(root_url)}"
    return (
        f"import gdc_jupyter as gdc\n\nselection = {selection_code(selection)}\ndata = gdc.open_dap(selection{server})"
    )


def _coverage(selection: Selection, root_url: str | None) -> str:
    root = (root_url or default_url()).rstrip("/")
    address = f"{root}/collections/{quote(selection.collection, safe='')}/coverage"
    query = urlencode(selection.coverage_query(), safe=",:/", quote_via=quote)
    return f"{address}?{query}" if query else address


def _dap_urls(selection: Selection, root_url: str | None) -> str:
    return "\n".join(selection.dap_urls(root_url))


_MAKERS: dict[str, Callable[[Selection, str | None], str]] = {
    "openeo": _openeo,
    "stac": _stac,
    "xarray": _xarray,
    "dap": _dap,
    "coverage": _coverage,
    "dap_urls": _dap_urls,
}


def _call(function: str, positional: list[Any], named: Mapping[str, Any]) -> str:
    """Return a call as code, on several lines where it is long; arguments that are None are left out."""
    parts = [_literal(value) for value in positional]
    parts += [f"{name}={_literal(value)}" for name, value in named.items() if value is not None]
    line = f"{function}({', '.join(parts)})"
    if len(parts) < 3 and len(line) < _WIDTH:
        return line
    return f"{function}(\n" + "".join(f"    {part},\n" for part in parts) + ")"


def _literal(value: Any) -> str:
    """Return a value as Python, strings in double quotes as formatters have them."""
    if isinstance(value, str):
        text = repr(value)
        return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in text else text
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, tuple):
        return f"({', '.join(map(_literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return repr(value)
