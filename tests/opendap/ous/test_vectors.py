"""The published behaviour of OUS, in this process: its own examples, from the reference where it is there."""

import asyncio
import json
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from gdc_jupyter.opendap.ous import cmr_records, messages
from gdc_jupyter.opendap.ous.addresses import OusError, addresses, box_error
from gdc_jupyter.opendap.ous.cmr_file import CmrFile
from gdc_jupyter.opendap.ous.constraints import Hyperslab, expression, hyperslab
from gdc_jupyter.opendap.ous.indices import decremented, index_range
from gdc_jupyter.opendap.ous.metadata import Dimension, Variable
from gdc_jupyter.opendap.ous.parameters import BoxInvalid, ParametersInvalid, parse_body, parse_query
from gdc_jupyter.opendap.ous.versions import accepted

PATH = Path(__file__).parents[4] / "shared" / "reference" / "opendap" / "vectors.json"
pytestmark = pytest.mark.skipif(not PATH.exists(), reason="the reference is not here")
VECTORS = json.loads(PATH.read_text()) if PATH.exists() else {}


def vectors(name, of_interest=lambda vector: True):
    found = enumerate(VECTORS.get(name, []))
    return [pytest.param(vector, id=f"{name}-{index}") for index, vector in found if of_interest(vector)]


def shifted(function, size, degrees):
    """Compute what the original's functions of these names do, by index ranges of one coordinate."""
    axis = (-180.0, 180.0) if function.startswith("lon") else (-90.0, 90.0)
    first, last = index_range((degrees, degrees), size, axis, function.endswith("reversed"))
    if function.endswith("reversed"):
        return last if "-lo-" in function else first
    return first if "-lo-" in function else last


@pytest.mark.parametrize("vector", vectors("index_math"))
def test_index_arithmetic(vector):
    if vector["fn"] == "offset-index":
        size, whole, cells = vector["args"]
        if whole % 180 == 0:
            assert decremented(size, whole, cells) == vector["expected"]
        return
    assert shifted(vector["fn"], *vector["args"]) == vector["expected"]


def variable_of(vector):
    types = {"Latitude": "LATITUDE_DIMENSION", "Longitude": "LONGITUDE_DIMENSION"}
    dimensions = [
        Dimension(name, size, types.get(role))
        for (name, size), role in zip(vector["dims"], vector["roles"], strict=True)
    ]
    return Variable("V1", vector["name"], tuple(dimensions), (90, -90) if vector.get("lat_reversed") else None)


def slab_of(vector):
    box = vector.get("bbox")
    return hyperslab(variable_of(vector), tuple(box) if box else None)


@pytest.mark.parametrize("vector", vectors("format_bounds"))
def test_hyperslabs(vector):
    text = expression([slab_of(vector)], 2)
    assert text.removeprefix("?").split(",")[0] == vector["expected"]


@pytest.mark.parametrize("vector", vectors("query_string"))
def test_constraint_expressions(vector):
    assert expression([slab_of(each) for each in vector["vars"]], vector["dap"]) == vector["expected"]


@pytest.mark.parametrize("vector", vectors("validation"))
def test_boxes_outside_of_the_earth(vector):
    low, high = vector["args"][0]
    latitude = vector["fn"].endswith("latitude")
    box = f"0,{low},1,{high}" if latitude else f"{low},0,{high},1"
    wrong = "errors" in vector["expected"] if isinstance(vector.get("expected"), dict) else None
    wrong = vector.get("expected_truthy") is False if wrong is None else wrong
    if not wrong:
        assert parse_query([("bounding-box", box)], "C1").bounding_box
        return
    with pytest.raises(BoxInvalid) as told:
        parse_query([("bounding-box", box)], "C1")
    assert told.value.errors[0] == (messages.LATITUDE if latitude else messages.LONGITUDE)


@pytest.mark.parametrize("vector", vectors("accept_header"))
def test_accept_headers(vector):
    found = accepted(vector["accept"] or "")
    expected = vector["expected"]
    match vector["fn"]:
        case "accept-api-version":
            assert found.version == expected
        case "accept-media-type":
            assert found.media_type.partition(";")[0] == expected
        case "accept-format":
            assert found.format == expected
        case "default-accept":
            assert f"application/vnd.{found.vendor}.{found.version}+{found.format}" == expected


@pytest.mark.parametrize("vector", vectors("indexranges_lat_reversed_later"))
def test_the_first_row_may_be_the_northernmost(vector):
    umm = vector["args"][1]["form"][1]["umm"]
    record = {"umm": {"Name": "x", "Dimensions": [{"Name": "lat", "Size": 180}, {"Name": "lon", "Size": 360}]} | umm}
    slab = hyperslab(cmr_records.variable(record), (-180.0, 60.0, 180.0, 90.0))
    assert (slab.ranges[0][0] == 0) == vector["expected"]["lat-reversed?"]


def is_parsing(vector):
    return vector.get("fn") == "parse"


@pytest.mark.parametrize("vector", vectors("query_parse_later", is_parsing) + vectors("params_parse", is_parsing))
def test_parameters_are_parsed(vector):
    expected = vector["expected"]
    if isinstance(expected, dict) and "errors" in expected:
        with pytest.raises(ParametersInvalid) as told:
            parse_body(vector["args"][0])
        if "blurg" in str(expected) and "collection-id" in vector["args"][0]:
            assert told.value.errors == expected["errors"]
        return
    if isinstance(expected, dict) and "form" in expected:
        expected = expected["form"][1]
    found = parse_body({"collection-id": "C1"} | vector["args"][0])
    assert list(found.granules) == expected["granules"]
    assert list(found.variables) == expected["variables"]
    assert found.exclude_granules == expected["exclude-granules"]
    assert (found.bounding_box, list(found.temporal)) == (None, [])


@pytest.fixture(scope="module")
def catalogues(tmp_path_factory):
    folder = tmp_path_factory.mktemp("catalogues")
    made = {}
    for name in ("reconstructed_catalogue_1_1_0", "reconstructed_catalogue_later"):
        (folder / name).write_text(json.dumps(VECTORS[name]))
        made[name] = CmrFile(folder / name)
    return made


async def answer(catalogue, request, asked):
    parts = urlsplit(request["path"])
    collection_id = parts.path.rsplit("/", 1)[1]
    try:
        if request["method"] == "POST":
            parameters = parse_body(request["json_body"], collection_id)
        else:
            parameters = parse_query(parse_qsl(parts.query, keep_blank_values=True), collection_id)
        after = request["headers"].get("CMR-Search-After", "")
        found = await addresses(catalogue, parameters, asked, after=after)
        return 200, {"items": [item.url async for item in found.items]}, found
    except BoxInvalid as error:
        told = box_error(error, asked)
        return told.status, {"errors": told.errors}, None
    except ParametersInvalid as error:
        return messages.status_of(error.errors), {"errors": error.errors}, None
    except OusError as error:
        return error.status, {"errors": error.errors}, None


def is_ous(vector):
    return "/ous/collection/" in vector["request"]["path"] and vector["request"]["headers"]


@pytest.mark.parametrize("vector", vectors("http_1_1_0", is_ous) + vectors("http_later_versions", is_ous))
def test_requests_give_the_published_addresses(vector, catalogues):
    request, expect = vector["request"], vector["expect"]
    later = request["path"].startswith("/service-bridge")
    asked = accepted(request["headers"].get("Accept", ""), *(("cmr-service-bridge", "v3") if later else ()))
    catalogue = catalogues["reconstructed_catalogue_later" if later else "reconstructed_catalogue_1_1_0"]
    status, body, found = asyncio.run(answer(catalogue, request, asked))
    assert status == expect["status"]
    if expect.get("items") is not None:
        assert body["items"] == expect["items"]
    elif "body" in expect:
        assert body == expect["body"]
    headers = expect.get("headers") or {}
    if "Cmr-Media-Type" in headers:
        assert asked.media_type == headers["Cmr-Media-Type"]
    if "Cmr-Search-After" in headers:
        assert found.granules.after == headers["Cmr-Search-After"]
        assert str(found.granules.hits) == headers["Cmr-Hits"]


@pytest.mark.parametrize("forms", VECTORS and list(VECTORS["seed_accepted_forms"].values())[1])
def test_forms_that_mean_the_same(forms):
    parsed = [parse_query(parse_qsl(form, keep_blank_values=True), "C1") for form in forms]
    assert all(each == parsed[0] for each in parsed)
    if forms[0] != "format=nc":
        assert parsed[0] != parse_query([], "C1")


def test_a_slab_has_its_size():
    variable = Variable("V", "v", (Dimension("lat", 180), Dimension("lon", 360)), item_size=4)
    assert Hyperslab(variable, ((0, 1), (5, 7))).size == 2 * 3 * 4
    assert re.fullmatch(
        r"\?v\[0:1:1\]\[5:1:7\],lat\[0:1:1\],lon\[5:1:7\]", expression([Hyperslab(variable, ((0, 1), (5, 7)))], 2)
    )
