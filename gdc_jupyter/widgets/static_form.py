"""The form of a widget for places without widgets: a web page, a viewer of notebooks, a terminal."""

from __future__ import annotations

from typing import Any


class StaticForm:
    """Adds what ``_repr_html_`` and ``repr`` give to what a notebook stores of a widget."""

    def _repr_html_(self) -> str:
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)  # type: ignore[misc]
        content = bundle[0] if isinstance(bundle, tuple) else bundle
        if content is not None:
            content["text/plain"] = repr(self)
            content["text/html"] = self._repr_html_()
        return bundle
