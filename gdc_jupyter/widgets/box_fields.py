"""The number fields, buttons and message under the map of BBoxMap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

STATIC = Path(__file__).parent / "static"


class BoxFields(anywidget.AnyWidget):
    """Four labelled number fields and the buttons of a map.

    Its messages are ``{"action": "edit", "values": [west, south, east, north], "view": id, "number": n}`` with the
    texts that were typed, to be answered by ``{"action": "answer", "view": id, "number": n, "taken": bool}``, and
    ``{"action": name}`` for the buttons draw, clear, zoom and whole. ``{"action": "refresh"}`` writes ``values`` over
    whatever was typed.
    """

    _esm = STATIC / "box_fields.js"
    _css = STATIC / "box_fields.css"

    values: traitlets.List[str] = traitlets.List(traitlets.Unicode(), default_value=["", "", "", ""]).tag(sync=True)
    info = traitlets.Unicode("").tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    faulty: traitlets.List[int] = traitlets.List(traitlets.Int()).tag(sync=True)
    drawing = traitlets.Bool(False).tag(sync=True)
    collection = traitlets.Unicode("").tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
