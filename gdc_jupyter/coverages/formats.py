"""The formats of coverages, and how one is written in each."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from gdc_jupyter.catalog.collection import Band
from gdc_jupyter.coverages import described
from gdc_jupyter.coverages.axes import T
from gdc_jupyter.coverages.coverage import Coverage
from gdc_jupyter.coverages.media import BY_NAME, MULTIPART_BOUNDARY, Media
from gdc_jupyter.cube.cube import build
from gdc_jupyter.cube.encode import require_format
from gdc_jupyter.cube.encode.statistics import WITHOUT_STATISTICS
from gdc_jupyter.cube.grid import Grid
from gdc_jupyter.errors import GdcError

Chunks = Iterator[bytes | bytearray | memoryview]
_CHUNK = 1 << 18
#: Values of one answer in a format of text, which is several times as large as one of bytes.
MOST_TEXT_VALUES = 20_000_000
_MOST_PICTURE_PIXELS = 16_000_000


@dataclass(frozen=True)
class CoverageFormat:
    """A format.

    Attributes
    ----------
    media : Media
    most : int, optional
        The most values that it takes.
    write : callable
        From a coverage to the chunks of its bytes.
    """

    media: Media
    write: Callable[[Coverage], Chunks]
    most: int | None = None

    def fits(self, coverage: Coverage, most_bytes: int) -> bool:
        """Tell whether a coverage is not too large."""
        return self.size(coverage) <= most_bytes and (self.most is None or self.values(coverage) <= self.most)

    def size(self, coverage: Coverage) -> int:
        """Return the bytes of the numbers of a coverage."""
        return coverage.size * stored_type(coverage.bands).itemsize

    def values(self, coverage: Coverage) -> int:
        """Return the values that count: all of them, or the pixels of a picture."""
        return coverage.grid.width * coverage.grid.height if self.media.name == "png" else coverage.size


def stored_type(bands: tuple[Band, ...]) -> np.dtype[Any]:
    """Return the type of the numbers of a file: that of the bands, or one that holds all of theirs."""
    types = [np.dtype(band.data_type) for band in bands]
    same = len(set(types)) == 1 and len({str(band.nodata) for band in bands}) == 1
    return types[0] if same and types[0].itemsize < 8 else np.result_type(np.float32, *types)


def number_for_no_data(bands: tuple[Band, ...]) -> float:
    """Return the number that stands for no data in a file."""
    dtype = stored_type(bands)
    if dtype.kind == "f":
        return np.nan
    if bands[0].nodata is not None and np.isfinite(bands[0].nodata):
        return float(bands[0].nodata)
    return float(np.iinfo(dtype).max if dtype.kind == "u" else np.iinfo(dtype).min)


def stored(values: NDArray[Any], bands: tuple[Band, ...]) -> NDArray[Any]:
    """Return values as the numbers of a file."""
    dtype = stored_type(bands)
    if dtype.kind == "f":
        return values.astype(dtype, copy=False)
    missing = np.isnan(values)
    if missing.any():
        values = np.where(missing, number_for_no_data(bands), values)
    return values.astype(dtype)


def packing_options(bands: tuple[Band, ...]) -> dict[str, Any]:
    """Return how the writers of files store the numbers as they are."""
    dtype = stored_type(bands)
    options: dict[str, Any] = {"DATA_TYPE": dtype.name}
    return options if dtype.kind == "f" else options | {"NODATA": number_for_no_data(bands)}


def cube_of(coverage: Coverage, values: NDArray[Any], grid: Grid) -> Any:
    """Return the values of a window as a cube; axes that were sliced are left out, but for x and y."""
    labels: dict[str, Any] = {}
    taken: list[Any] = []
    if coverage.times is not None and T not in coverage.sliced:
        labels[T] = ("temporal", coverage.times)
        taken.append(slice(None))
    else:
        taken.append(0)
    labels["bands"] = ("bands", [band.name for band in coverage.bands])
    taken.append(slice(None))
    for name, of_axis in coverage.others:
        if name in coverage.sliced:
            taken.append(0)
        else:
            labels[name] = ("other", of_axis)
            taken.append(slice(None))
    units = {band.unit for band in coverage.bands}
    unit = units.pop() if len(units) == 1 else None
    return build(values[tuple(taken)], labels, grid, {"units": unit} if unit else {})


def _flat(coverage: Coverage, values: NDArray[Any], grid: Grid) -> Any:
    """Return the values of a window as a cube whose bands are all layers, named by time, labels and band."""
    names = layer_names(coverage)
    order = (0, *range(2, values.ndim - 2), 1, values.ndim - 2, values.ndim - 1)
    layers = values.transpose(order).reshape(len(names), *values.shape[-2:])
    return build(layers, {"bands": ("bands", names)}, grid)


def layer_names(coverage: Coverage) -> list[str]:
    """Return the names of all layers: times, then further labels, then bands; what there is one of is not told."""
    from gdc_jupyter.catalog.collection import format_time

    parts: list[list[str]] = []
    if coverage.times is not None:
        parts.append([format_time(time) for time in coverage.times])
    parts += [[f"{name}={label}" for label in labels.tolist()] for name, labels in coverage.others]
    parts.append([band.name for band in coverage.bands])
    names = [""]
    for position, each in enumerate(parts):
        last = position == len(parts) - 1
        names = [f"{name} {part}".strip() if len(each) > 1 or last else name for name in names for part in each]
    return names


def _file(name: str, options: dict[str, Any], flat: bool = False) -> Callable[[Coverage], Chunks]:
    """Return a function that writes a coverage by the writer of results, strip by strip, and gives the file."""

    def write(coverage: Coverage) -> Chunks:
        folder = Path(tempfile.mkdtemp(prefix="gdc-coverage-"))
        try:
            yield from _chunks(_written(coverage, name, options, flat, folder))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    return write


def _written(coverage: Coverage, name: str, options: dict[str, Any], flat: bool, folder: Path) -> Path:
    chosen = require_format(name)
    settled = chosen.settled(options | packing_options(coverage.bands))
    as_cube = _flat if flat else cube_of
    probe = as_cube(coverage, np.zeros((*coverage.shape[:-2], 1, 1), np.float32), coverage.grid.window(0, 0, 1, 1))
    problem = chosen.suits(probe, coverage.grid)
    if problem:
        raise GdcError("FormatUnsuitable", f"{chosen.name} cannot hold this coverage: {problem}.")
    writer = chosen.open(folder, "coverage", probe, coverage.grid, settled | WITHOUT_STATISTICS)
    for row, values in coverage.strips():
        window = coverage.grid.window(row, 0, values.shape[-2], coverage.grid.width)
        writer.write(as_cube(coverage, values, window), window)
    return writer.close()[0].path


def _chunks(path: Path) -> Chunks:
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _picture(coverage: Coverage) -> Chunks:
    """Give a picture of the last time: red, green and blue where there are these bands, else the first band."""
    if coverage.times is not None and len(coverage.times) > 1:
        coverage = coverage.at_time(len(coverage.times) - 1)
    source = coverage.source
    for name, labels in source.others:
        source = source.pick(name, [0]) if len(labels) > 1 else source
    names = {band.common_name: band.name for band in reversed(source.bands)}
    colors = [names[color] for color in ("red", "green", "blue") if color in names]
    if len(source.bands) != 3:
        source = source.select(bands=colors if len(colors) == 3 else [source.bands[0].name])
    one = replace(coverage, source=source, sliced=coverage.sliced | {T, *(name for name, _ in source.others)})
    folder = Path(tempfile.mkdtemp(prefix="gdc-coverage-"))
    try:
        yield from _chunks(_as_picture(one, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_picture(coverage: Coverage, folder: Path) -> Path:
    chosen = require_format("PNG")
    values = coverage.read(coverage.grid)
    cube = cube_of(coverage, values, coverage.grid)
    problem = chosen.suits(cube, coverage.grid)
    if problem:
        raise GdcError("FormatUnsuitable", f"PNG cannot hold this coverage: {problem}.")
    writer = chosen.open(folder, "coverage", cube, coverage.grid, chosen.settled({}))
    writer.write(cube, coverage.grid)
    return writer.close()[0].path


def _coverage_json(coverage: Coverage) -> Chunks:
    from gdc_jupyter.cube.encode.covjson import encode

    yield encode(cube_of(coverage, coverage.read(coverage.grid), coverage.grid), coverage.grid)


def _cis(coverage: Coverage) -> Chunks:
    """Give JSON by the Coverage Implementation Schema: values position by position, fields separated by commas."""
    yield _cis_head(coverage) + b'"rangeSet":{"type":"RangeSet","dataBlock":{"type":"'
    yield (b"VDataBlock" if len(coverage.bands) == 1 else b"CVDataBlock") + b'","values":['
    separator = b""
    for position in range(coverage.shape[0]):
        at_time = coverage.at_time(position)
        blocks = at_time.strips() if not coverage.others else iter([(0, at_time.read(at_time.grid))])
        for _, values in blocks:
            yield separator + _values(stored(values, coverage.bands), number_for_no_data(coverage.bands))
            separator = b","
    yield b"]}}}"


def _cis_head(coverage: Coverage) -> bytes:
    document = {
        "type": "CoverageByDomainAndRange",
        "id": coverage.collection.id,
        "envelope": described.envelope(coverage),
        "domainSet": described.domain_set(coverage),
        "rangeType": described.range_type(coverage.bands),
    }
    return orjson.dumps(document)[:-1] + b","


def _values(values: NDArray[Any], missing: float) -> bytes:
    """Return values, shape (1, bands, others, y, x), as the texts of an array, without its brackets."""
    fields = np.moveaxis(values[0], 0, -1).reshape(-1, values.shape[1])
    columns = [_texts(fields[:, index], missing) for index in range(fields.shape[1])]
    texts = columns[0] if len(columns) == 1 else [",".join(each) for each in zip(*columns, strict=True)]
    return orjson.dumps(texts)[1:-1]


def _texts(values: NDArray[Any], missing: float) -> list[str]:
    texts = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].decode().split(",")
    if values.dtype.kind == "f":
        return [text if text != "null" else "NaN" for text in texts]
    number = str(int(missing))
    return [text if text != number else "NaN" for text in texts]


def _multipart(coverage: Coverage) -> Chunks:
    """Give two parts: what the coverage is as JSON, and its values as a GeoTIFF that the first part refers to."""
    boundary = MULTIPART_BOUNDARY.encode()
    head = _cis_head(coverage) + b'"rangeSet":{"type":"RangeSetRef","fileReference":["cid:values"]}}'
    yield b"--" + boundary + b"\r\nContent-Type: application/json\r\nContent-ID: <coverage>\r\n\r\n" + head
    yield b"\r\n--" + boundary + b"\r\nContent-Type: image/tiff; application=geotiff\r\nContent-ID: <values>\r\n\r\n"
    yield from GEOTIFF.write(coverage)
    yield b"\r\n--" + boundary + b"--\r\n"


GEOTIFF = CoverageFormat(BY_NAME["geotiff"], _file("GTiff", {}, flat=True))
FORMATS = {
    each.media.name: each
    for each in (
        CoverageFormat(BY_NAME["json"], _cis, MOST_TEXT_VALUES),
        CoverageFormat(BY_NAME["png"], _picture, _MOST_PICTURE_PIXELS),
        GEOTIFF,
        CoverageFormat(BY_NAME["netcdf"], _file("netCDF", {"COMPRESS": "NONE"})),
        CoverageFormat(BY_NAME["covjson"], _coverage_json, MOST_TEXT_VALUES),
        CoverageFormat(BY_NAME["zarr"], _file("Zarr", {})),
        CoverageFormat(BY_NAME["multipart"], _multipart),
    )
}
