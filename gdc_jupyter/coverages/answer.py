"""The answers of a warm worker about coverages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gdc_jupyter.answers import Context, Streamed
from gdc_jupyter.coverages import described
from gdc_jupyter.coverages.coverage import Coverage, resized, resolve
from gdc_jupyter.coverages.formats import FORMATS, CoverageFormat
from gdc_jupyter.coverages.request import parse_request
from gdc_jupyter.errors import GdcError

#: Parameters of the domain set: what says nothing about values.
_DOMAIN = ("subset", "bbox", "datetime", "crs", "bbox-crs", "subset-crs", "scale-factor", "scale-axes", "scale-size")
#: Values of the answer to a request that asks for no part of a coverage that is too large to be sent whole.
_GLANCE = 500_000


def coverage(
    context: Context, collection: str, query: Mapping[str, Sequence[str]], format: str, viewer: str | None, most: int
) -> Streamed:
    """Answer with a coverage.

    Parameters
    ----------
    context : Context
    collection : str
    query : mapping of str to sequence of str
        The parameters.
    format : str
        A short name of `FORMATS`.
    viewer : str, optional
        Who asks.
    most : int
        The bytes of numbers that one answer may have.

    Raises
    ------
    GdcError
        ``CoverageTooLarge``, and what `parse_request` and `resolve` raise.
    """
    chosen, request = FORMATS[format], parse_request(query)
    found = resolve(context.catalog(viewer).get(collection), request)
    headers = {}
    if not chosen.fits(found, most):
        if not request.whole:
            raise too_large(found, chosen, most)
        found, factor = glance(found, chosen, most)
        headers["Scale-Factor"] = f"{factor:.6g}"
    headers |= {
        "Content-Crs": f"<{described.crs_uri(found.grid.crs)}>",
        "Content-Bbox": described.header_box(found),
        "Content-Disposition": f'inline; filename="{_file_name(collection)}.{chosen.media.extension}"',
    }
    return Streamed({"media_type": chosen.media.type, "headers": headers}, chosen.write(found))


def domain(context: Context, collection: str, query: Mapping[str, Sequence[str]], viewer: str | None) -> Streamed:
    """Answer with the domain set of a coverage."""
    request = parse_request(query, _DOMAIN)
    return Streamed(described.domain_set(resolve(context.catalog(viewer).get(collection), request)))


def fields(context: Context, collection: str, query: Mapping[str, Sequence[str]], viewer: str | None) -> Streamed:
    """Answer with the range type of a coverage."""
    request = parse_request(query, ("properties",))
    found = context.catalog(viewer).get(collection)
    bands = found.bands if request.properties is None else resolve(found, request).bands
    return Streamed(described.range_type(bands))


def too_large(found: Coverage, chosen: CoverageFormat, most: int) -> GdcError:
    """Return the error of a coverage that is too large for a format."""
    size = chosen.size(found)
    limit = (
        f"{most / 1e6:,.0f} MB"
        if size > most or chosen.most is None
        else f"{chosen.most:,} values in {chosen.media.name}"
    )
    parts = " x ".join(map(str, found.shape))
    return GdcError(
        "CoverageTooLarge",
        f"The coverage would have {chosen.values(found):,} values ({parts}; {size / 1e6:,.1f} MB), and the most is "
        f"{limit}. Ask for a part by 'bbox', 'subset', 'datetime' or 'properties', for fewer values by "
        "'scale-factor', or for another format by 'f'.",
    )


def glance(found: Coverage, chosen: CoverageFormat, most: int) -> tuple[Coverage, float]:
    """Return the whole of a coverage with larger pixels, so that it can be sent, and how many times as large.

    Raises
    ------
    GdcError
        ``CoverageTooLarge`` where there are too many times and bands for that.
    """
    layers = found.size // (found.grid.width * found.grid.height)
    allowed = min(_GLANCE, most // 8)
    per_layer = allowed / (1 if chosen.media.name == "png" else layers)
    factor = max((found.grid.width * found.grid.height / max(per_layer, 1.0)) ** 0.5, 1.0)
    width, height = (max(int(size / factor), 1) for size in (found.grid.width, found.grid.height))
    smaller = replace(found, grid=resized(found.grid, width, height))
    if not chosen.fits(smaller, most):
        raise too_large(found, chosen, most)
    return smaller, factor


def _file_name(collection: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "_-." else "_" for letter in collection)
