"""hvPlot in a notebook without a network: scripts and styles come from the installed packages."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray as xr

#: Pixels of a plot: more than a screen shows make it slow.
MOST_PIXELS = 250_000


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


def plot_cube(cube: xr.DataArray, title: str = "", **options: Any) -> Any:
    """Return an interactive hvPlot plot of a cube.

    Parameters
    ----------
    cube : xarray.DataArray
        With dimensions x and y it is an image, with a slider for each other dimension; without, a line.
    title : str
        The title. A large image is thinned to the pixels that a screen shows; the title then says so.
    **options
        Options of hvPlot, such as ``cmap="viridis"``.

    Returns
    -------
    holoviews object

    Examples
    --------
    >>> plot_cube(jobs.open_result(job))  # doctest: +SKIP
    """
    plot_offline()
    thin, step = thinned(cube)
    note = f"1 pixel of {step} in each direction of {cube.sizes['x']} x {cube.sizes['y']}" if step > 1 else ""
    named = thin.rename(str(cube.name or "value"))
    shared = {"title": " – ".join(filter(None, (title, note)))} | options
    if "x" not in cube.dims or "y" not in cube.dims:
        return named.hvplot(**shared)
    image = {"x": "x", "y": "y", "cmap": "viridis", "data_aspect": 1, "frame_width": 500}
    return named.squeeze(drop=True).hvplot.image(**(image | shared))


def thinned(cube: xr.DataArray, most: int = MOST_PIXELS) -> tuple[xr.DataArray, int]:
    """Return a cube with so many pixels of x and y at the most, and the step from one to the next."""
    if "x" not in cube.dims or "y" not in cube.dims:
        return cube, 1
    step = 1
    while -(-cube.sizes["x"] // step) * -(-cube.sizes["y"] // step) > most:
        step += 1
    return cube.isel(x=slice(None, None, step), y=slice(None, None, step)), step


def _display(plot: Any) -> Any:
    import panel

    pane: Any = panel.panel(plot)
    return pane._repr_mimebundle_()
