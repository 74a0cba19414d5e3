"""The legend of a map: its layers with their colours, which can be hidden, faded, looked at as a whole and removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

STATIC = Path(__file__).parent / "static"


class LayerList(anywidget.AnyWidget):
    """A list of layers.

    Its messages are ``{"action": name, "id": number}`` with the names zoom, remove and again (compute for the view),
    and visible and opacity with a ``value``; and ``{"action": "compare", "left": number, "right": number}``, without
    numbers to end that. A row is what ``MapLayer.row`` returns.
    """

    _esm = STATIC / "layer_list.js"
    _css = STATIC / "layer_list.css"

    rows: traitlets.List[dict[str, Any]] = traitlets.List(traitlets.Dict()).tag(sync=True)

    compared: traitlets.List[int] = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
