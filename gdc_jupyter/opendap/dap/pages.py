"""What there is on the DAP server: lists of collections and granules, and what is in a granule."""

from __future__ import annotations

import itertools
import math
from typing import Any
from xml.etree import ElementTree

from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.catalog.collection import Collection
from gdc_jupyter.opendap.dap.dap2 import View, view_of
from gdc_jupyter.opendap.dap.dap4 import type_of
from gdc_jupyter.opendap.dap.dataset import Dataset
from gdc_jupyter.opendap.dap.granules import collection_url, granule_ids, granule_url, has_granules

_ANSWERS = {
    "dds": "DAP2: structure",
    "das": "DAP2: attributes",
    "dods": "DAP2: values",
    "dmr.xml": "DAP4: structure and attributes",
    "dap": "DAP4: values",
    "nc4": "NetCDF-4 file",
    "nc": "Classic NetCDF file",
    "csv": "CSV",
    "ascii": "Text",
}
_CATALOG = "http://www.unidata.ucar.edu/namespaces/thredds/InvCatalog/v1.0"
_XLINK = "http://www.w3.org/1999/xlink"


def list_collections(catalog: Catalog, server: str) -> dict[str, Any]:
    """Return the collections that have granules.

    Parameters
    ----------
    catalog : Catalog
        As who asks may see it.
    server : str
        The address of the Jupyter server.
    """
    found = [
        {"id": each.id, "title": each.title, "url": collection_url(server, each.id)}
        for each in catalog.collections()
        if has_granules(each)
    ]
    return {"collections": found}


def list_granules(collection: Collection, server: str, first: int, most: int) -> dict[str, Any]:
    """Return some of the granules of a collection.

    Parameters
    ----------
    collection : Collection
    server : str
        The address of the Jupyter server.
    first : int
        How many to leave out.
    most : int
    """
    ids = list(itertools.islice(granule_ids(collection), first, first + most + 1))
    address = collection_url(server, collection.id)
    found = [{"id": each, "url": granule_url(server, collection.id, each)} for each in ids[:most]]
    links = [{"rel": "catalog", "href": f"{address}/catalog.xml", "type": "application/xml"}]
    if len(ids) > most:
        links.append({"rel": "next", "href": f"{address}?offset={first + most}&limit={most}"})
    return {"id": collection.id, "title": collection.title, "url": address, "granules": found, "links": links}


def describe(collection: Collection, granule_id: str, dataset: Dataset, server: str) -> dict[str, Any]:
    """Return what is in a granule, and where its answers are."""
    address = granule_url(server, collection.id, granule_id)
    view = view_of(dataset)
    names = {field.path: field.name for field in view.fields.values()}
    variables = [
        {
            "name": names.get(path),
            "path": path,
            "type": type_of(variable.dtype),
            "dimensions": [
                {"name": name.rpartition("/")[2], "size": size}
                for name, size in zip(variable.dimensions, variable.shape, strict=True)
            ],
            "title": str(variable.attributes.get("long_name") or variable.attributes.get("standard_name") or ""),
            "units": str(variable.attributes.get("units") or ""),
            "bytes": math.prod(variable.shape) * variable.dtype.itemsize,
            "constraint": _constraint(view, names.get(path)),
        }
        for path, variable in dataset.variables().items()
    ]
    links = [{"suffix": suffix, "title": title, "href": f"{address}.{suffix}"} for suffix, title in _ANSWERS.items()]
    told = {"id": granule_id, "collection": collection.id, "url": address, "variables": variables, "links": links}
    return told | {"attributes": {name: str(value) for name, value in dataset.root.attributes.items()}}


def _constraint(view: View, name: str | None) -> str | None:
    """Return a constraint that wants all of a variable, to be changed."""
    if name is None:
        return None
    return name + "".join(f"[0:1:{max(size - 1, 0)}]" for size in view.fields[name].shape)


def catalog_xml(title: str, base: str, collections: list[dict[str, str]], granules: list[dict[str, str]]) -> bytes:
    """Return a list as an inventory catalogue of THREDDS, for the clients that know those.

    Parameters
    ----------
    title : str
    base : str
        The path of the DAP server.
    collections, granules : list of dict
        Each with ``id`` and ``url``.
    """
    ElementTree.register_namespace("", _CATALOG)
    ElementTree.register_namespace("xlink", _XLINK)
    root = ElementTree.Element(f"{{{_CATALOG}}}catalog", {"name": title, "version": "1.0.1"})
    told = {"name": "dap", "serviceType": "OPENDAP", "base": base}
    ElementTree.SubElement(root, f"{{{_CATALOG}}}service", told)
    for each in collections:
        link = {f"{{{_XLINK}}}href": f"{each['url']}/catalog.xml", f"{{{_XLINK}}}title": each["id"], "name": each["id"]}
        ElementTree.SubElement(root, f"{{{_CATALOG}}}catalogRef", link)
    for each in granules:
        place = each["url"].partition(base)[2]
        dataset = {"name": each["id"], "ID": place, "urlPath": place, "serviceName": "dap"}
        ElementTree.SubElement(root, f"{{{_CATALOG}}}dataset", dataset)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
