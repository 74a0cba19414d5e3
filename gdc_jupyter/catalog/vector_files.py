"""Files of features (GeoJSON, GeoPackage, GeoParquet) as vector cubes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdc_jupyter.cube.input_formats import InputFormat
from gdc_jupyter.errors import GdcError

if TYPE_CHECKING:
    import xarray as xr

# How a GeoPackage starts, and where it tells which kind of SQLite file it is.
_SQLITE, _KINDS = b"SQLite format 3\0", (b"GPKG", b"GP10", b"GP11")


def read_vectors(paths: Sequence[Path], format: InputFormat) -> xr.DataArray:
    """Return the features of files as one vector cube, in the CRS of the first.

    Raises
    ------
    GdcError
        ``FormatUnsuitable`` where a file is not of the format.
    """
    import pandas as pd  # type: ignore[import-untyped]

    from gdc_jupyter.cube.vector import from_frame

    frames = []
    for path in paths:
        try:
            frames.append(_READERS[format.name](path))
        except Exception as error:  # whatever the readers raise for what is no such file
            reason = " ".join(str(error).split())[:300]
            raise GdcError("FormatUnsuitable", f"{path.name} cannot be loaded as {format.name}: {reason}") from None
    first = frames[0]
    if len(frames) > 1:
        others = [frame if frame.crs == first.crs or first.crs is None else frame.to_crs(first.crs) for frame in frames]
        first = pd.concat(others, ignore_index=True)
    return from_frame(first)


def _geojson(path: Path) -> Any:
    from gdc_jupyter.cube.geojson import from_geojson
    from gdc_jupyter.cube.vector import to_frame

    document = json.loads(path.read_bytes())
    features = document.get("features") or [document] if isinstance(document, dict) else []
    names = {name: None for feature in features for name in feature.get("properties") or {}}
    return to_frame(from_geojson(document, list(names)))


def _geopackage(path: Path) -> Any:
    import geopandas  # type: ignore[import-untyped]

    with path.open("rb") as file:
        head = file.read(72)
    if not head.startswith(_SQLITE) or head[68:72] not in _KINDS:
        raise GdcError("FormatUnsuitable", "it is no GeoPackage")
    return geopandas.read_file(path)


def _parquet(path: Path) -> Any:
    import geopandas

    return geopandas.read_parquet(path)


_READERS: dict[str, Callable[[Path], Any]] = {"GeoJSON": _geojson, "GPKG": _geopackage, "Parquet": _parquet}
