"""What is asked of OUS: parameters in CMR's or in WCS's style, of a query string or of a JSON body."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gdc_jupyter.opendap.ous import messages

Box = tuple[float, float, float, float]
_CMR = {"granules", "exclude-granules", "variables", "bounding-box", "temporal", "service-id"}
_WCS = {"coverage", "rangesubset", "timeposition"}
_SHARED = {"collection-id", "format", "subset", "dap-version", "page-size", "page-num", "explain"}
_KNOWN = _CMR | _WCS | _SHARED
_NUMBER = r"\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*"
_AXIS = re.compile(rf"\s*(lat|lon)\({_NUMBER},{_NUMBER}\)\s*", re.IGNORECASE)
_FORMAT = re.compile(r"[A-Za-z0-9]+(?:[.\-_][A-Za-z0-9]+)*")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")
_MOST = 20_000


class ParametersInvalid(Exception):
    """Parameters that cannot be understood.

    Attributes
    ----------
    errors : list of str
        What is wrong, in the order in which it is told.
    """

    def __init__(self, *errors: str) -> None:
        super().__init__(*errors)
        self.errors = list(errors)


@dataclass(frozen=True)
class Parameters:
    """A request, in CMR's terms.

    Attributes
    ----------
    collection_id : str
    granules : tuple of str
        Concept ids; none for all.
    exclude_granules : bool
        Whether these granules are left out, rather than alone wanted.
    variables : tuple of str
        Concept ids; none for all of the collection.
    bounding_box : tuple of float, optional
        West, south, east, north in degrees; west is greater than east where it crosses the antimeridian.
    temporal : tuple of (str, str)
        Starts and ends, each of which may be empty.
    format : str
        The suffix of the addresses.
    dap_version : int, optional
        2 or 4.
    page_size, page_num : int, optional
    explain : bool
    unknown : tuple of str
        Names of parameters that mean nothing.
    """

    collection_id: str
    granules: tuple[str, ...] = ()
    exclude_granules: bool = False
    variables: tuple[str, ...] = ()
    bounding_box: Box | None = None
    temporal: tuple[tuple[str, str], ...] = ()
    format: str = "nc"
    dap_version: int | None = None
    page_size: int | None = None
    page_num: int | None = None
    explain: bool = False
    unknown: tuple[str, ...] = ()


def parse_query(pairs: Iterable[tuple[str, str]], collection_id: str) -> Parameters:
    """Return the parameters of a query string.

    Parameters
    ----------
    pairs : iterable of (str, str)
        Names and values as they come, repeated ones included.
    collection_id : str
        The id in the path.

    Raises
    ------
    ParametersInvalid
    """
    given: dict[str, list[Any]] = {}
    for name, value in pairs:
        given.setdefault(_key(name), []).append(value)
    return _parse(given, collection_id)


def parse_body(body: Any, collection_id: str | None = None) -> Parameters:
    """Return the parameters of a JSON body.

    Parameters
    ----------
    body : dict
        The same names as those of a query; values may be lists.
    collection_id : str, optional
        The id in the path; without it, the body has ``collection-id``.

    Raises
    ------
    ParametersInvalid
    """
    if not isinstance(body, Mapping):
        raise ParametersInvalid(messages.INVALID, "The body must be a JSON object.")
    given: dict[str, list[Any]] = {}
    for name, value in body.items():
        values = value if isinstance(value, list) else [value]
        given.setdefault(_key(str(name)), []).extend(values)
    return _parse(given, collection_id)


def _key(name: str) -> str:
    return name.strip().lower().replace("_", "-")


def _parse(given: dict[str, list[Any]], collection_id: str | None) -> Parameters:
    plain = _without_brackets(given)
    unknown = tuple(name for name in plain if name not in _KNOWN)
    if unknown and not (plain.keys() - {"collection-id"}) & _KNOWN:
        raise ParametersInvalid(messages.INVALID, f"Parameters: {{{_shown(plain, collection_id)}}}")
    if (cmr := sorted(plain.keys() & _CMR)) and (wcs := sorted(plain.keys() & _WCS)):
        raise ParametersInvalid(
            messages.INVALID,
            f"Parameters of two styles cannot be mixed: {', '.join(cmr)} (CMR) and {', '.join(wcs)} (WCS).",
        )
    coverage = _ids(plain, "coverage")
    collection = collection_id or _last(plain, "collection-id") or next((c for c in coverage if c[0] == "C"), None)
    if not collection:
        raise ParametersInvalid("The following required parameters are missing from the request: [:collection-id]")
    is_wcs = bool(plain.keys() & _WCS)
    return Parameters(
        collection,
        granules=tuple(c for c in coverage if c[0] == "G") if is_wcs else _ids(plain, "granules"),
        exclude_granules=not is_wcs and _is_true(plain.get("exclude-granules", [None])[-1]),
        variables=_ids(plain, "rangesubset" if is_wcs else "variables"),
        bounding_box=_box(plain),
        temporal=_temporal(plain.get("timeposition", []), True) if is_wcs else _temporal(plain.get("temporal", [])),
        format=_format(plain),
        dap_version=_dap_version(plain),
        page_size=_whole_number(plain, "page-size", 2000),
        page_num=_whole_number(plain, "page-num", 10**9),
        explain=_is_true(plain.get("explain", [None])[-1]),
        unknown=unknown,
    )


def _without_brackets(given: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return values by name, where ``x[]`` goes before ``x``."""
    plain = {name: values for name, values in given.items() if not name.endswith("[]")}
    for name, values in given.items():
        if name.endswith("[]") and any(value not in ("", None) for value in values):
            plain[name[:-2]] = values
    return plain


def _shown(plain: dict[str, list[Any]], collection_id: str | None) -> str:
    every = {"collection-id": [collection_id]} | plain if collection_id else plain
    return ", ".join(f':{name} "{",".join(map(str, values))[:200]}"' for name, values in list(every.items())[:20])


def _ids(plain: dict[str, list[Any]], name: str) -> tuple[str, ...]:
    found = [part.strip() for value in plain.get(name, []) if value is not None for part in str(value).split(",")]
    found = list(dict.fromkeys(part for part in found if part))
    if len(found) > _MOST:
        raise ParametersInvalid(messages.INVALID, f"The parameter '{name}' has more than {_MOST} values.")
    return tuple(found)


def _last(plain: dict[str, list[Any]], name: str) -> str:
    values = [value for value in plain.get(name, []) if value not in (None, "")]
    return str(values[-1]) if values else ""


def _is_true(value: Any) -> bool:
    return value is True or (value == 1 and not isinstance(value, bool)) or str(value).lower() in ("true", "t", "1")


def _format(plain: dict[str, list[Any]]) -> str:
    text = _last(plain, "format") or "nc"
    if not _FORMAT.fullmatch(text) or len(text) > 40:
        raise ParametersInvalid(
            messages.INVALID, f"The parameter 'format' must be a suffix such as nc, nc4, dods or ascii, not {text!r}."
        )
    return text


def _dap_version(plain: dict[str, list[Any]]) -> int | None:
    text = _last(plain, "dap-version")
    if text and text not in ("2", "4"):
        raise ParametersInvalid(f"Parameter dap-version can only be either 2 or 4, but was {text}.")
    return int(text) if text else None


def _whole_number(plain: dict[str, list[Any]], name: str, most: int) -> int | None:
    text = _last(plain, name)
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", text) or not 1 <= int(text) <= most:
        raise ParametersInvalid(
            messages.INVALID, f"The parameter '{name}' must be a whole number from 1 to {most}, not {text!r}."
        )
    return int(text)


def _box(plain: dict[str, list[Any]]) -> Box | None:
    given = [value for value in plain.get("bounding-box", []) if value not in (None, "")]
    if given:
        return _checked(_numbers(given))
    parts = [value for value in plain.get("subset", []) if value not in (None, "")]
    return _checked(_from_subset(parts)) if parts else None


def _numbers(given: Sequence[Any]) -> Box:
    texts = [part for value in given for part in str(value).split(",")]
    try:
        west, south, east, north = (float(text) for text in texts)
    except ValueError:
        raise ParametersInvalid(
            messages.INVALID,
            f"The parameter 'bounding-box' must be west,south,east,north in degrees, not {','.join(texts)[:200]!r}.",
        ) from None
    return west, south, east, north


def _from_subset(parts: Sequence[Any]) -> Box:
    axes = {"lat": (-90.0, 90.0), "lon": (-180.0, 180.0)}
    for part in parts:
        rest = str(part)
        while rest.strip(" ,"):
            found = _AXIS.match(rest.lstrip(" ,"))
            if found is None:
                raise ParametersInvalid(
                    messages.INVALID,
                    f"The parameter 'subset' must be lat(south,north) or lon(west,east), not {str(part)[:200]!r}.",
                )
            axes[found[1].lower()] = (float(found[2]), float(found[3]))
            rest = rest.lstrip(" ,")[found.end() :]
    return axes["lon"][0], axes["lat"][0], axes["lon"][1], axes["lat"][1]


def _checked(box: Box) -> Box:
    if not all(math.isfinite(edge) for edge in box):
        raise ParametersInvalid(messages.INVALID, "The edges of the box must be numbers.")
    west, south, east, north = box
    errors = []
    if south < -90 or north > 90:
        errors.append(messages.LATITUDE)
    if west < -180 or east > 180:
        errors.append(messages.LONGITUDE)
    limits = {"West": (west, 180.0), "South": (south, 90.0), "East": (east, 180.0), "North": (north, 90.0)}
    for name, (edge, most) in limits.items():
        if abs(edge) > most:
            errors.append(f"{name} must be within [-{most}] and [{most}] but was [{edge}].")
    if not errors and south > north:
        errors = [
            messages.INVALID,
            f"The bounding box north value [{north}] was less than the south value [{south}].",
        ]
    elif errors and errors[0] not in (messages.LATITUDE, messages.LONGITUDE):
        errors.insert(0, messages.LATITUDE if abs(south) > 90 or abs(north) > 90 else messages.LONGITUDE)
    if errors:
        raise BoxInvalid(*errors)
    return box


class BoxInvalid(ParametersInvalid):
    """A box outside of the Earth; metadata sources have their say about it as well."""


def _temporal(values: Sequence[Any], instants: bool = False) -> tuple[tuple[str, str], ...]:
    intervals = []
    for value in values:
        if value in (None, ""):
            continue
        start, comma, end = (part.strip() for part in str(value).partition(","))
        # CMR allows two more fields, for days of the year.
        end = end.partition(",")[0].strip()
        for which, text in (("start", start), ("end", end)):
            if text and not _TIME.fullmatch(text):
                raise ParametersInvalid(
                    messages.INVALID, f"temporal {which} datetime is invalid: [{text[:100]}] is not a valid datetime."
                )
        if not (start or end) or (start and end and start > end):
            raise ParametersInvalid(messages.INVALID, f"The parameter 'temporal' must be start,end, not {value!r}.")
        intervals.append((start, start if instants and not comma else end))
    return tuple(intervals)
