"""Dimensions added, flattened, unflattened and trimmed."""

import numpy as np
import pytest
from native_cubes import code, cube, one, ref, run

from gdc_jupyter.cube.cube import spatial_dimensions
from gdc_jupyter.graph import execute

VALUES = np.arange(24.0).reshape(2, 3, 2, 2)


def test_an_empty_cube_gets_dimensions():
    graph = {
        "empty": {"process_id": "create_data_cube", "arguments": {}},
        "east": {
            "process_id": "add_dimension",
            "arguments": {"data": {"from_node": "empty"}, "name": "east", "label": 5, "type": "spatial"},
        },
        "north": {
            "process_id": "add_dimension",
            "arguments": {"data": {"from_node": "east"}, "name": "north", "label": 7, "type": "spatial"},
            "result": True,
        },
    }
    result = execute(graph)
    assert result.shape == (1, 1)
    assert np.isnan(result.values).all()
    assert spatial_dimensions(result) == ("north", "east")


def test_the_example_of_the_specification():
    data = cube([[1, 2], [3, 4]], "A B", A=[2020, 2021], B=["B1", "B2"])
    flat = run("flatten_dimensions", data=data, dimensions=["A", "B"], target_dimension="X")
    assert flat.dims == ("X",)
    assert flat.X.values.tolist() == ["2020~B1", "2020~B2", "2021~B1", "2021~B2"]
    assert flat.values.tolist() == [1, 2, 3, 4]
    split = run("unflatten_dimension", data=flat, dimension="X", target_dimensions=["A", "B"])
    assert split.A.values.tolist() == ["2020", "2021"]
    assert split.B.values.tolist() == ["B1", "B2"]
    assert split.values.tolist() == [[1, 2], [3, 4]]


def test_order_and_place_of_flattened_dimensions():
    data = cube(VALUES, "t bands y x")
    flat = run("flatten_dimensions", data=data, dimensions=["bands", "t"], target_dimension="bt", label_separator="/")
    assert flat.dims == ("bt", "y", "x")
    assert flat.bt.values.tolist()[:3] == [
        "B0/2022-01-01T00:00:00Z",
        "B0/2022-02-01T00:00:00Z",
        "B1/2022-01-01T00:00:00Z",
    ]
    np.testing.assert_array_equal(flat.values, VALUES.transpose(1, 0, 2, 3).reshape(6, 2, 2))
    assert flat.attrs["crs"] == "EPSG:32632"


def test_combinations_that_are_not_there_are_nodata():
    data = cube([1, 2, 3], "X", X=["a~1", "b~2", "a~2"])
    split = run("unflatten_dimension", data=data, dimension="X", target_dimensions=["A", "B"])
    np.testing.assert_array_equal(split.values, [[1, 3], [np.nan, 2]])


def test_refusals():
    data = cube(VALUES, "t bands y x")
    flatten = {"data": data, "target_dimension": "z"}
    assert code("flatten_dimensions", **flatten, dimensions=["t", "q"]) == "DimensionNotAvailable"
    assert code("flatten_dimensions", data=data, dimensions=["t"], target_dimension="bands") == "TargetDimensionExists"
    split = {"data": data, "target_dimensions": ["A", "B"]}
    assert code("unflatten_dimension", **split, dimension="q") == "DimensionNotAvailable"
    assert code("unflatten_dimension", **split, dimension="bands") == "ProcessParameterInvalid"
    taken = {"data": data, "dimension": "bands", "target_dimensions": ["t", "B"]}
    assert code("unflatten_dimension", **taken) == "TargetDimensionExists"


def test_trim():
    values = np.full((5, 3, 6), np.nan)
    values[1, 0, 2] = values[3, 0, 4] = 1
    values[1, 2, 2] = 2
    data = cube(values, "bands t x", t=np.array(["2020-01-01", "2020-01-02", "2020-01-09"], "datetime64[ns]"))
    result = run("trim_cube", data=data)
    assert result.bands.values.tolist() == ["B1", "B3"]
    assert (result.t.values == data.t.values[[0, 2]]).all()
    assert result.x.values.tolist() == data.x.values[2:5].tolist()
    np.testing.assert_array_equal(result.values, values[np.ix_([1, 3], [0, 2], [2, 3, 4])])


def test_trim_keeps_the_spacing_of_dates():
    dates = (np.datetime64("2020-01-01") + np.arange(5)).astype("datetime64[ns]")
    data = cube([np.nan, 1, np.nan, 2, np.nan], "t", t=dates)
    np.testing.assert_array_equal(run("trim_cube", data=data).values, [1, np.nan, 2])


@pytest.mark.parametrize(
    ("process", "labels"),
    [
        (one("sort", data=ref("data")), None),
        (one("quantiles", data=ref("data"), probabilities=[0.5]), [0]),
        (one("array_filter", data=ref("data"), condition=one("gt", x=ref("index"), y=0)), [0, 1]),
    ],
)
def test_labels_of_apply_dimension(process, labels):
    data = cube(VALUES, "t bands y x")
    result = run("apply_dimension", data=data, dimension="bands", process=process)
    assert result.bands.values.tolist() == (["B0", "B1", "B2"] if labels is None else labels)


def test_target_dimension_of_apply_dimension():
    data = cube(VALUES, "t bands y x")
    process = one("extrema", data=ref("data"))
    new = run("apply_dimension", data=data, dimension="bands", target_dimension="ends", process=process)
    assert new.sizes == {"ends": 2, "t": 2, "y": 2, "x": 2}
    np.testing.assert_array_equal(new.sel(ends=1).transpose("t", "y", "x").values, VALUES.max(axis=1))
    single = cube(VALUES[:1], "t bands y x")
    filled = run("apply_dimension", data=single, dimension="bands", target_dimension="t", process=process)
    assert filled.sizes == {"t": 2, "y": 2, "x": 2}
    assert filled.t.values.tolist() == [0, 1]
    np.testing.assert_array_equal(filled.values[0], VALUES[0].min(axis=0))
    assert (
        code("apply_dimension", data=data, dimension="bands", target_dimension="x", process=process)
        == "ProcessParameterInvalid"
    )


def test_a_target_dimension_with_several_labels_takes_them_together():
    data = cube(VALUES, "t bands y x")
    process = one("extrema", data=ref("data"))
    result = run("apply_dimension", data=data, dimension="bands", target_dimension="t", process=process)
    assert result.sizes == {"t": 2, "y": 2, "x": 2}
    assert result.t.values.tolist() == [0, 1]
    np.testing.assert_array_equal(result.values[0], VALUES.min(axis=(0, 1)))
    np.testing.assert_array_equal(result.values[1], VALUES.max(axis=(0, 1)))
    in_order = one("array_element", data=ref("data"), index=1)
    result = run("apply_dimension", data=data, dimension="bands", target_dimension="t", process=in_order)
    np.testing.assert_array_equal(result.values[0], VALUES[1, 0])


def test_renaming_needs_enumerated_labels():
    data = cube(VALUES, "t bands y x")
    assert code("rename_labels", data=data, dimension="bands", target=["a", "b", "c"]) == "LabelsNotEnumerated"
    plain = data.assign_coords(bands=[0, 1, 2])
    renamed = run("rename_labels", data=plain, dimension="bands", target=["a", "b", "c"])
    assert renamed.bands.values.tolist() == ["a", "b", "c"]


def test_bands_that_are_not_there():
    data = cube(VALUES, "t bands y x")
    assert run("filter_bands", data=data, bands=["B2", "none", "B0"]).bands.values.tolist() == ["B2", "B0"]
    assert run("filter_bands", data=data, bands=["none"]).sizes["bands"] == 0
