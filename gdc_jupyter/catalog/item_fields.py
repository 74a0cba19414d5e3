"""The fields of items that a client wants, as the STAC API's extension `fields` means them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: What an item always has, so that clients can read it.
_KEPT = ("type", "stac_version", "id", "collection")
DEFAULT = (
    *(*_KEPT, "geometry", "bbox", "links", "assets"),
    *("properties.datetime", "properties.start_datetime", "properties.end_datetime"),
)


@dataclass(frozen=True)
class Fields:
    """Which fields are given. The longest name that fits counts, and to include counts more than to exclude.

    Attributes
    ----------
    include : tuple of str
        Nothing else is given, where there are any.
    exclude : tuple of str
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def of(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return an item with these fields."""
        if not (self.include or self.exclude):
            return item
        rules = dict.fromkeys(self.exclude, False) | dict.fromkeys(self.include, True)
        rules |= {name: True for name in _KEPT if name == "id" or self.include}
        return _chosen(item, rules, "", not self.include)


def _chosen(source: Mapping[str, Any], rules: Mapping[str, bool], path: str, otherwise: bool) -> dict[str, Any]:
    made = {}
    for name, value in source.items():
        full = path + name
        wanted = rules.get(full, otherwise)
        inner = isinstance(value, dict) and any(rule.startswith(f"{full}.") for rule in rules)
        if inner:
            value = _chosen(value, rules, f"{full}.", wanted)
        if wanted or (inner and value):
            made[name] = value
    return made
