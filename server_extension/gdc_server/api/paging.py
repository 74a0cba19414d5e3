"""Pages of lists: a limit, and a cursor that says where the next page starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from gdc_server.api.links import Links

_T = TypeVar("_T")


def page_of(elements: Sequence[_T], limit: int | None, cursor: int | None) -> tuple[Sequence[_T], int | None]:
    """Return the elements from ``cursor`` on, at most ``limit``, and the cursor of the next page."""
    start = cursor or 0
    if limit is None or start + limit >= len(elements):
        return elements[start:], None
    return elements[start : start + limit], start + limit


def page_links(
    links: Links, path: str, limit: int | None, cursor: int | str | None, following: int | str | None
) -> list[dict[str, str]]:
    """Return the links to the page itself, the first and the next one."""
    made = [links.link("self", path, limit=limit, cursor=cursor or None)]
    if cursor:
        made.append(links.link("first", path, limit=limit))
    if following:
        made.append(links.link("next", path, limit=limit, cursor=following))
    return made
