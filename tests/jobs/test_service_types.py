"""What can be configured of services, and what is refused."""

import pytest

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs.service_types import TYPES, check_configuration, require_type, zooms

RIGHT = {
    "bands": [["B04"], ["B04", "B03", "B02"]],
    "datetime": ["2022-06-30", "2022-06-30T12:00:00Z", "2022-06-30T12:00:00.5+02:00"],
    "colormap": ["viridis", ["#000000", "ffffff"]],
    "range": [[0, 1], [-1.5, 2e3], [[0, 1]], [[0, 1], [2, 3], [4, 5]]],
    "resampling": ["near", "average"],
    "transparent": [True, False],
    "tile_size": [256, 512],
    "minzoom": [0, 24],
    "maxzoom": [0, 24],
    "format": ["png"],
    "expires": ["2022-06-30", "2022-06-30T12:00:00.123456789+02:00"],
}
WRONG = {
    "bands": ["B04", [], ["a", "b"], ["a", "b", "c", "d"], [1], {}],
    "datetime": ["yesterday", "2022-13-01", "2022-06-30T25:00:00Z", "2022-W01", 2022, ["2022-06-30"]],
    "colormap": [
        *("rainbow", "", 1, ["#000000"], ["#000000", "red"], ["#00000g", "#ffffff"], [["#000000"]] * 2),
        ["#000000"] * 257,
    ],
    "range": [
        *(1, "0,1", [1], [1, 1], [2, 1], [0, "1"], [0, float("nan")], [0, float("inf")], [0, 1e300], [True, 2]),
        *([[0, 1], [0, 1]], [[0, 1], 2, 3], {}, []),
    ],
    "resampling": ["lanczos", "", 1, ["near"]],
    "transparent": ["yes", 1, 0],
    "tile_size": [255, "256", 256.5, True, 1 << 20],
    "minzoom": [-1, 25, 1.5, "3", True],
    "maxzoom": [-1, 25, 1.5, "3", False],
    "format": ["jpeg", "PNG", 1],
    "expires": ["soon", 3600, "2022-06-31"],
}


def test_all_parameters_are_described_and_tried():
    for entry in TYPES.values():
        assert set(entry["configuration"]) == set(RIGHT) == set(WRONG)
        assert all(each["description"] for each in entry["configuration"].values())


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in RIGHT.items() for value in values])
def test_what_is_right(name, value):
    check_configuration({name: value})
    check_configuration({name: None})


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_what_is_wrong(name, value):
    with pytest.raises(GdcError, match=f"service parameter '{name}' is invalid: it must be") as told:
        check_configuration({name: value})
    assert told.value.code == "ServiceConfigInvalid"
    assert len(told.value.message) < 400


def test_what_does_not_go_together():
    for configuration, reason in (
        ({"minzoom": 5, "maxzoom": 4}, "must be at least 'minzoom', which is 5"),
        ({"bands": ["a"], "range": [[0, 1], [0, 1], [0, 1]]}, "3 pairs, and there are 1 bands"),
    ):
        with pytest.raises(GdcError, match=reason):
            check_configuration(configuration)
    check_configuration({"bands": ["a", "b", "c"], "range": [0, 1]})


def test_an_unknown_parameter_and_an_unknown_type():
    with pytest.raises(GdcError, match="'color' is not supported; there are bands, datetime") as told:
        check_configuration({"color": "red"})
    assert told.value.code == "ServiceConfigUnsupported"
    with pytest.raises(GdcError, match="'WMS' is not supported; there are XYZ, WMTS") as told:
        require_type("WMS")
    assert told.value.code == "ServiceUnsupported"
    assert (require_type("xyz"), require_type("Wmts")) == ("XYZ", "WMTS")


def test_zooms():
    assert zooms("XYZ", {}, 14) == (0, 22)
    assert zooms("WMTS", {}, 14) == (0, 14)
    assert zooms("WMTS", {"tile_size": 512}, 14) == (0, 13)
    assert zooms("WMTS", {"minzoom": 16}, 14) == (16, 16)
    assert zooms("XYZ", {"minzoom": 2, "maxzoom": 0 + 5}, 14) == (2, 5)
