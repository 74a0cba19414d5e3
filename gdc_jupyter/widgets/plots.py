"""hvPlot in a notebook without a network: scripts and styles come from the installed packages."""

from __future__ import annotations

import os
from typing import Any


def plot_offline() -> None:
    """Load hvPlot for xarray so that its plots ask no content delivery network for their scripts and styles.

    Call it once, before the first plot. The scripts are then part of the notebook's output.

    Examples
    --------
    >>> plot_offline()  # doctest: +SKIP
    >>> cube.hvplot.image(x="x", y="y")  # doctest: +SKIP
    """
    os.environ["PANEL_INLINE"] = "true"
    import holoviews
    from holoviews.core.dimension import LabelledData

    holoviews.extension.inline = True
    import hvplot.xarray  # noqa: F401

    # HoloViews' own way to display a plot leaves the addresses of style sheets in it; Panel's puts the styles in.
    holoviews.Store.set_display_hook("html+js", LabelledData, _display)


def _display(plot: Any) -> Any:
    import panel

    pane: Any = panel.panel(plot)
    return pane._repr_mimebundle_()
