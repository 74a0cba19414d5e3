"""Curves fitted to series, against scipy, and values predicted by them."""

import numpy as np
import pytest
import xarray as xr
from native_cubes import call, code, cube, ref, run
from scipy.optimize import curve_fit

from gdc_jupyter.graph import execute

RANDOM = np.random.default_rng(23)
YEAR = 31557600


def graph(formula):
    """A callback of nodes by id; ``p0`` and so on are the parameters."""
    nodes = {f"p{number}": call("array_element", data=ref("parameters"), index=number) for number in range(3)}
    used = {name: node for name, node in nodes.items() if name in str(formula)}
    return {"process_graph": {**used, **formula}}


def node(name):
    return {"from_node": name}


# p0 + p1 cos(2 pi x / year) + p2 sin(2 pi x / year)
HARMONIC = graph(
    {
        "angle": call("multiply", x=ref("x"), y=2 * np.pi / YEAR),
        "cos": call("cos", x=node("angle")),
        "sin": call("sin", x=node("angle")),
        "even": call("multiply", x=node("p1"), y=node("cos")),
        "odd": call("multiply", x=node("p2"), y=node("sin")),
        "sum": call("sum", True, data=[node("p0"), node("even"), node("odd")], ignore_nodata=False),
    }
)
# p0 exp(-p1 x) + p2
DECAY = graph(
    {
        "rate": call("multiply", x=node("p1"), y=ref("x")),
        "minus": call("multiply", x=node("rate"), y=-1),
        "exp": call("exp", p=node("minus")),
        "part": call("multiply", x=node("p0"), y=node("exp")),
        "sum": call("add", True, x=node("part"), y=node("p2")),
    }
)


def harmonic(x, a, b, c):
    return a + b * np.cos(2 * np.pi * x / YEAR) + c * np.sin(2 * np.pi * x / YEAR)


def decay(x, a, b, c):
    return a * np.exp(-b * x) + c


def seconds(times):
    return (times - np.datetime64("1970-01-01")) / np.timedelta64(1, "s")


def fitted(data, function, guess, **more):
    fit = {
        "process_graph": {"fit": call("fit_curve", True, data=ref("data"), parameters=guess, function=function, **more)}
    }
    return run("apply_dimension", data=data, dimension="t", target_dimension="params", process=fit)


def by_scipy(function, x, values, guess):
    pixels = values.reshape(len(values), -1)
    found = []
    for series in pixels.T:
        valid = np.isfinite(series)
        found.append(curve_fit(function, x[valid], series[valid], guess, ftol=1e-14, xtol=1e-14, gtol=1e-14)[0])
    return np.array(found).T.reshape(len(guess), *values.shape[1:])


def test_harmonics_of_dates_with_gaps():
    times = np.arange("2018-01-03", "2020-12-01", 13, dtype="datetime64[D]").astype("datetime64[ns]")
    truth = RANDOM.normal([5, 2, -1], 1, (4, 3, 3)).T
    values = np.stack([harmonic(x, *truth) for x in seconds(times)]) + RANDOM.normal(0, 0.3, (len(times), 3, 4))
    values[RANDOM.random(values.shape) < 0.3] = np.nan
    result = fitted(cube(values, "t y x", t=times), HARMONIC, [1, 1, 1])
    assert result.dims == ("params", "y", "x")
    assert result.params.values.tolist() == [0, 1, 2]
    np.testing.assert_allclose(result.values, by_scipy(harmonic, seconds(times), values, [1, 1, 1]), rtol=1e-6)


@pytest.mark.parametrize("dims", ["t y x", "x t y"])
def test_a_model_that_is_not_linear(dims):
    x = np.linspace(0, 4, 25)
    a, b, c = RANDOM.uniform([2, 0.5, -1], [5, 2, 1], (20, 3)).T.reshape(3, 4, 5)
    values = decay(x[:, None, None], a, b, c) + RANDOM.normal(0, 0.05, (25, 4, 5))
    data = cube(values, "t y x", t=x, kinds={"t": "other"}).transpose(*dims.split())
    result = fitted(data, DECAY, [1.0, 1.0, 0.0]).transpose("params", "y", "x")
    np.testing.assert_allclose(result.values, by_scipy(decay, x, values, [1, 1, 0]), rtol=1e-6, atol=1e-9)


def test_a_list_and_labels_that_are_numbers():
    x = np.array([1.0, 2, 4, 8, 9])
    series = xr.DataArray(decay(x, 3, 0.5, 1), dims=["x"], coords={"x": x})
    found = run("fit_curve", data=series, parameters=[1, 1, 1], function=DECAY)
    np.testing.assert_allclose(found, [3, 0.5, 1], rtol=1e-8)
    listed = run("fit_curve", data=decay(np.arange(8), 3, 0.5, 1).tolist(), parameters=[1, 1, 1], function=DECAY)
    np.testing.assert_allclose(listed, [3, 0.5, 1], rtol=1e-8)


def test_too_few_values_and_gaps_that_count():
    values = np.tile(decay(np.arange(6.0), 3, 0.5, 1)[:, None], (1, 3))
    values[:4, 1] = np.nan
    values[2, 2] = np.nan
    data = cube(values, "t x", t=np.arange(6.0), kinds={"t": "other"})
    result = fitted(data, DECAY, [1, 1, 1]).values
    np.testing.assert_allclose(result[:, [0, 2]], [[3, 3], [0.5, 0.5], [1, 1]], rtol=1e-7)
    assert np.isnan(result[:, 1]).all()
    strict = fitted(data, DECAY, [1, 1, 1], ignore_nodata=False).values
    assert np.isnan(strict[:, 1:]).all()
    np.testing.assert_allclose(strict[:, 0], [3, 0.5, 1], rtol=1e-7)


def test_prediction():
    times = np.arange("2018-01-01", "2020-01-01", 20, dtype="datetime64[D]").astype("datetime64[ns]")
    truth = RANDOM.normal([5, 2, -1], 1, (2, 2, 3)).transpose(2, 0, 1)
    values = np.stack([harmonic(x, *truth) for x in seconds(times)])
    fit = {"process_graph": {"fit": call("fit_curve", True, data=ref("data"), parameters=[1, 1, 1], function=HARMONIC)}}
    wanted = ["2020-06-01", "2020-12-01T12:00:00Z"]
    nodes = {
        "fit": call("apply_dimension", data=ref("cube"), dimension="t", target_dimension="params", process=fit),
        "new": call("predict_curve", True, parameters=node("fit"), function=HARMONIC, dimension="t", labels=wanted),
    }
    result = execute(nodes, {"cube": cube(values, "t y x", t=times)})
    assert result.dims == ("t", "y", "x")
    expected = np.array(["2020-06-01", "2020-12-01T12"], "datetime64[ns]")
    assert (result.t.values == expected).all()
    np.testing.assert_allclose(result.values, [harmonic(x, *truth) for x in seconds(expected)], rtol=1e-8)


def test_prediction_along_the_dimension_of_the_parameters():
    parameters = cube(np.array([3.0, 0.5, 1])[:, None], "t x", t=[0, 1, 2])
    result = run("predict_curve", parameters=parameters, function=DECAY, dimension="t", labels=[0, 2.5])
    assert result.t.values.tolist() == [0, 2.5]
    np.testing.assert_allclose(result.values[:, 0], decay(np.array([0, 2.5]), 3, 0.5, 1))


def test_refusals():
    parameters = cube(np.zeros((3, 2)), "p q")
    arguments = {"parameters": parameters, "function": DECAY}
    assert code("predict_curve", **arguments, dimension="p") == "ProcessParameterInvalid"
    assert code("predict_curve", **arguments, dimension="t", labels=[1]) == "DimensionNotAvailable"
    assert code("predict_curve", **arguments, dimension="p", labels=[1, "2020-01-01"]) == "ProcessParameterInvalid"
