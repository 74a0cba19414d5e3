"""From the links of a granule to its OPeNDAP address."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gdc_jupyter.opendap.ous import messages
from gdc_jupyter.opendap.ous.metadata import Collection, Granule, Service

DATA = "http://esipfed.org/ns/fedsearch/1.1/data#"
TAG = "cmr.earthdata.nasa.ous.datafile.replace"
_POOL = re.compile(r"(.*)(/datapool/DEV01)(.*)")
_MOST_PATTERN = 500


class NoAddress(Exception):
    """A granule has no OPeNDAP address.

    Attributes
    ----------
    reason : str
        The message of OUS.
    naming : bool
        Whether the granules are named beside it.
    """

    def __init__(self, reason: str, naming: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.naming = naming


def address(granule: Granule, collection: Collection, services: Sequence[Service], later: bool) -> str:
    """Return the address of a granule without suffix and constraint.

    The first of these that applies: the pattern of an OPeNDAP service, the tag of the collection, a link that is called
    OPeNDAP, a data link below ``/opendap``, the data pool that is known.

    Parameters
    ----------
    granule : Granule
    collection : Collection
    services : sequence of Service
    later : bool
        Whether messages are those of the later versions.

    Raises
    ------
    NoAddress
    """
    own = [link for link in granule.links if not link.get("inherited") and link.get("href")]
    data = next((str(link["href"]) for link in own if link.get("rel") == DATA), None)
    opendap = next((str(link["href"]) for link in own if _is_opendap(link)), None)
    found = _by_pattern(data, services) or _by_tag(data, collection) or _without_html(opendap)
    if found is None and data is not None and "/opendap" in data:
        found = data
    if found is None and data is not None and (pool := _POOL.fullmatch(data)):
        found = f"{pool[1]}/opendap/DEV01/user{pool[3]}"
    if found is not None:
        return re.sub(r"(?<!http:)(?<!https:)/+", "/", found)
    if data is None:
        raise NoAddress(messages.NO_URL if later else messages.NO_DATA_URL)
    if later:
        raise NoAddress(messages.NO_OPENDAP_URL, naming=False)
    raise NoAddress(messages.NO_PATTERN_MATCH.format(_POOL.pattern, data), naming=False)


def _is_opendap(link: Mapping[str, Any]) -> bool:
    told = (link.get("title"), link.get("Subtype"), link.get("Description"))
    return any("opendap" in str(text).lower() for text in told if text)


def _without_html(href: str | None) -> str | None:
    return href.removesuffix(".html") if href else None


def _by_pattern(href: str | None, services: Sequence[Service]) -> str | None:
    for service in services:
        if href and service.type.lower() == "opendap" and service.match and service.substitution:
            found = _matched(f"({service.match})(.*)", href)
            if found:
                return service.substitution + found[found.re.groups]
    return None


def _by_tag(href: str | None, collection: Collection) -> str | None:
    tag = collection.tags.get(TAG) or {}
    told = tag.get("data", tag) if isinstance(tag, Mapping) else {}
    if not href or not isinstance(told, Mapping) or not told.get("match"):
        return None
    found = _matched(f"(.*)({told['match']})(.*)", href)
    return found[1] + str(told.get("replace", "")) + found[found.re.groups] if found else None


def _matched(pattern: str, text: str) -> re.Match[str] | None:
    if len(pattern) > _MOST_PATTERN or len(text) > 10 * _MOST_PATTERN:
        return None
    try:
        return re.fullmatch(pattern, text)
    except re.error:
        return None
