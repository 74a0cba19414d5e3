"""Pages of lists: a limit, and a cursor that says where the next page starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from gdc_server.api.links import Links, link

#: Elements of a page for people, where they ask for no number.
ON_A_PAGE = 100
_T = TypeVar("_T")


def page_of(elements: Sequence[_T], limit: int | None, cursor: int | None) -> tuple[Sequence[_T], int | None]:
    """Return the elements from ``cursor`` on, at most ``limit``, and the cursor of the next page."""
    start = cursor or 0
    if limit is None or start + limit >= len(elements):
        return elements[start:], None
    return elements[start : start + limit], start + limit


def page_links(
    links: Links,
    path: str,
    limit: int | None,
    cursor: int | str | None,
    following: int | str | None,
    **query: str,
) -> list[dict[str, str]]:
    """Return the links to the page itself, the first and the next one, which ask for the same as ``query``."""
    made = [link("self", links.url(path, limit=limit, cursor=cursor or None, **query))]
    if cursor:
        made.append(link("first", links.url(path, limit=limit, **query)))
    if following:
        made.append(link("next", links.url(path, limit=limit, cursor=following, **query)))
    return made
