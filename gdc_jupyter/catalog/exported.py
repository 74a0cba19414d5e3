"""Results that become collections of the catalogue: their files are copied into the data directory, and read there."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gdc_jupyter.catalog.collection import Collection
from gdc_jupyter.catalog.register import check_id, read_path
from gdc_jupyter.catalog.static_stac import DERIVED
from gdc_jupyter.cube.merge_patch import merge_patch
from gdc_jupyter.errors import GdcError

# The formats whose files are read as collections, with the ends of their names.
FORMATS = {"GTiff": (".tif", ".tiff"), "netCDF": (".nc",)}


def exported_folder(data: Path, collection_id: str) -> Path:
    """Return the folder of the files of an exported collection."""
    check_id(collection_id)
    return data / "exported" / re.sub(r"[/~]", lambda found: f"%{ord(found.group()):02x}", collection_id)


def check_format(folder: Path, format: str) -> None:
    """Refuse a format that cannot be exported, or not together with the files that a folder has already.

    Raises
    ------
    GdcError
        ``FormatUnsuitable``.
    """
    if format not in FORMATS:
        raise GdcError(
            "FormatUnsuitable", f"Results in {format} make no collection; save them as {' or '.join(FORMATS)}."
        )
    others = [path.name for path in folder.glob("*") if path.suffix.lower() not in FORMATS[format]]
    if others:
        raise GdcError("FormatUnsuitable", f"The collection holds files of another format than {format}: {others[0]}.")


def copy_files(folder: Path, files: Sequence[tuple[Path, str | None]]) -> list[Path]:
    """Copy files into a folder under names that tell their dates and are not used yet; return where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    copied = []
    for path, date in files:
        stem = path.stem if date is None else f"result_{re.sub(r'[-:]', '', date)[:15]}"
        target, number = folder / f"{stem}{path.suffix}", 1
        while target.exists():
            number += 1
            target = folder / f"{stem}-n{number}{path.suffix}"
        part = folder / f".{target.name}.part"
        shutil.copyfile(path, part)
        part.replace(target)
        copied.append(target)
    return copied


def read_exported(folder: Path, collection_id: str, changes: Sequence[dict[str, Any]]) -> Collection:
    """Return the collection of a folder's files, its metadata changed by JSON merge patches."""
    collection = read_path(folder, collection_id, collection_id)
    document: dict[str, Any] = {"description": f"Results of process graphs: {len(list(folder.iterdir()))} files."}
    for patch in changes:
        document = merge_patch(document, patch)
    about = replace(
        collection.about,
        title=str(document.get("title") or collection_id),
        description=str(document["description"] or collection_id) if "description" in document else collection_id,
        license=str(document.get("license") or "proprietary"),
        providers=tuple(document.get("providers") or ()),
        keywords=tuple(document.get("keywords") or ()),
    )
    extra = {name: value for name, value in document.items() if name not in DERIVED}
    return replace(collection, about=about, extra=merge_patch(collection.extra, extra))
