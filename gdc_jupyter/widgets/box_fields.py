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
    texts that were typed, and ``{"action": name}`` for the buttons draw, clear, zoom, view and whole.
    ``{"action": "refresh"}`` writes ``values`` over whatever was typed. ``answer`` is ``{"view": id, "number": n,
    "taken": bool}`` of the last edit; it is to be set together with ``values``, as a message of its own would overtake
    them. ``offers`` are what may have been meant by what was refused, each with ``words`` and ``values``. ``draw`` is
    the model of the drawing control: what is drawn while the kernel does not answer is told.
    """

    _esm = STATIC / "box_fields.js"
    _css = STATIC / "box_fields.css"

    values: traitlets.List[str] = traitlets.List(traitlets.Unicode(), default_value=["", "", "", ""]).tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)
    info = traitlets.Unicode("").tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    faulty: traitlets.List[int] = traitlets.List(traitlets.Int()).tag(sync=True)
    drawing = traitlets.Bool(False).tag(sync=True)
    offers: traitlets.List[dict[str, Any]] = traitlets.List(traitlets.Dict()).tag(sync=True)
    draw = traitlets.Unicode("").tag(sync=True)
    collection = traitlets.Unicode("").tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
