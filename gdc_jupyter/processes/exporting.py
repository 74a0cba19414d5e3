"""Processes on what is saved: changes of its metadata, and collections made of it."""

from __future__ import annotations

from typing import Annotated, Any

from gdc_jupyter.cube.merge_patch import merge_patch
from gdc_jupyter.processes.engine import Engine
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import Schema
from gdc_jupyter.processes.storage import Stac

PATTERN = r"^[A-Za-z0-9_\-\.~/]+$"
Identifier = Annotated[str, Schema({"type": "string", "subtype": "collection-id", "pattern": PATTERN})]
Target = Annotated[
    str,
    Schema(
        [
            {"type": "string", "pattern": PATTERN},
            {"type": "string", "subtype": "collection-id", "pattern": PATTERN},
        ]
    ),
]
Changes = Annotated[Any, Schema({"type": "object"})]


@process("export", "stac", plans=True)
def export_collection(data: Stac, collection: Target, *, engine: Engine) -> Identifier:
    """Make a collection of a result, or add the result to one.

    When the whole process has succeeded, the saved GeoTIFF or NetCDF files are copied beside the catalogue and become a
    collection of it, with their dates, bands and area; where that was made by this process before, they are added to
    it. Other collections are left as they are. What stac_modify has changed in the metadata of the result (title,
    description, licence and more) becomes metadata of the collection.

    Parameters
    ----------
    data
        What save_result, or stac_modify after it, has returned.
    collection
        The id of the collection.

    Returns
    -------
    id
        The id of the collection.

    Raises
    ------
    CollectionProtected
        There is a collection of that id that was not made in this way.
    FormatUnsuitable
        Files of that format cannot be a collection.
    StacInvalid
        The data are not saved.
    """
    engine.export(data, collection)
    return collection


@process("stac", plans=True)
def stac_modify(data: Stac, changes: Changes, *, engine: Engine) -> Stac:
    """Change the STAC metadata of a result.

    The changes are a JSON merge patch (RFC 7386): null removes a field, objects are merged, any other value replaces
    what was there. What the service itself says of a job's result stays: its id, type, version and links.

    Parameters
    ----------
    data
        What save_result has returned, or a STAC document.
    changes
        The fields that are changed.

    Returns
    -------
    stac
        The same with changed metadata.

    Raises
    ------
    StacInvalid
        The data are not saved.
    """
    if isinstance(data, dict):
        return merge_patch(data, changes)
    engine.modify(data, changes)
    return data
