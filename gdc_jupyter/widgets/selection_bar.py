"""What stands under the fields of BBoxMap: places to go to, the size of the selection, and what it is copied as."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

STATIC = Path(__file__).parent / "static"


class SelectionBar(anywidget.AnyWidget):
    """A search field for places, the size of a selection, and a menu of what it can be copied as.

    Its messages are ``{"action": "place", "text": text}``, to be answered by ``{"action": "place", "found": name,
    "message": text}``, and, for copies whose text is empty, ``{"action": "copy", "kind": kind, "view": id}``, to be
    answered by the same with ``text`` and ``message``.
    """

    _esm = STATIC / "selection_bar.js"
    _css = STATIC / "selection_bar.css"

    places: traitlets.List[list[str]] = traitlets.List(traitlets.List()).tag(sync=True)
    collection = traitlets.Unicode("").tag(sync=True)
    size = traitlets.Unicode("").tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    copies: traitlets.List[dict[str, str]] = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
