"""The bar of the workbench that starts computations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import anywidget
import traitlets

from gdc_jupyter.widgets.recipes import Recipe
from gdc_jupyter.widgets.relay import BUNDLES


class RecipeBar(anywidget.AnyWidget):
    """A button for each recipe, two for the process graph, and a line that says what goes on.

    Its messages are ``{"kind": "compute", "name": recipe}``, ``{"kind": "show"}``, ``{"kind": "run"}`` and, to read
    again what could not be read, ``{"kind": "read"}``.

    Parameters
    ----------
    on_press : callable
        Called with kind and name of each message.
    """

    _esm = BUNDLES / "recipe_bar.js"
    _css = BUNDLES / "recipe_bar.css"

    collection = traitlets.Unicode("").tag(sync=True)
    recipes = traitlets.List(traitlets.Dict()).tag(sync=True)
    known = traitlets.Bool(True).tag(sync=True)
    status = traitlets.Unicode("").tag(sync=True)
    failed = traitlets.Bool(False).tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)
    ready = traitlets.Bool(False).tag(sync=True)

    def __init__(self, on_press: Callable[[str, str], None]) -> None:
        super().__init__()
        self._on_press = on_press
        self.on_msg(self._on_message)

    def offer(self, collection: str, recipes: Sequence[Recipe] | None) -> None:
        """Show the recipes of a collection; None where they are not known yet."""
        with self.hold_sync():
            self.collection, self.known = collection, recipes is not None
            self.recipes = [
                {"name": recipe.name, "title": recipe.title, "description": recipe.description}
                for recipe in recipes or ()
            ]

    def say(self, text: str, *, failed: bool = False, busy: bool = False) -> None:
        """Tell what goes on."""
        with self.hold_sync():
            self.status, self.failed, self.busy = text, failed, busy

    def _on_message(self, _: Any, content: dict[str, Any], __: Any) -> None:
        self._on_press(str(content.get("kind", "")), str(content.get("name", "")))
