"""Results are plotted with no more pixels than a screen shows, and say so."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from gdc_jupyter.widgets.plots import MOST_PIXELS, plot_cube, thinned


def image(height, width):
    values = np.arange(float(height * width)).reshape(1, height, width)
    coords = {"bands": ["ndvi"], "y": np.arange(height, 0.0, -1), "x": np.arange(float(width))}
    return xr.DataArray(values, dims=("bands", "y", "x"), coords=coords, name="ndvi")


def test_a_large_image_is_thinned_evenly():
    small, step = thinned(image(20, 30))
    assert (dict(small.sizes), step) == ({"bands": 1, "y": 20, "x": 30}, 1)
    large, step = thinned(image(900, 1200))
    assert step == 3
    assert large.sizes["x"] * large.sizes["y"] <= MOST_PIXELS
    assert large.x.values[:3].tolist() == [0, 3, 6]


# Bokeh, which draws the plots, warns of what it will change in itself.
@pytest.mark.filterwarnings("ignore")
def test_the_title_tells_what_is_left_out():
    plot = plot_cube(image(900, 1200), title="Median NDVI")
    assert plot.opts.get().kwargs["title"] == "Median NDVI – 1 pixel of 3 in each direction of 1200 x 900"
    assert plot.dimension_values("x", expanded=False).size == 400
    assert plot_cube(image(20, 30), title="Small").opts.get().kwargs["title"] == "Small"


@pytest.mark.filterwarnings("ignore")
def test_a_series_is_a_line():
    series = xr.DataArray([1.0, 2.0], dims="t", coords={"t": np.array(["2022-05-01", "2022-06-01"], "datetime64[ns]")})
    assert plot_cube(series).dimension_values(1).tolist() == [1, 2]
