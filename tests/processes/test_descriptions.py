"""Processes are described from their code, in the project's own words, with the interface that openEO specifies."""

import json
from pathlib import Path

import pytest

from gdc_jupyter.processes import PROCESSES, descriptions

SPECIFICATIONS = Path(__file__).parents[3] / "shared" / "reference" / "openeo-processes"
needs_specifications = pytest.mark.skipif(not SPECIFICATIONS.is_dir(), reason="the openEO specifications are not here")


def specified(process_id):
    """The specification of a process, or its proposal."""
    path = SPECIFICATIONS / f"{process_id}.json"
    path = path if path.is_file() else SPECIFICATIONS / "proposals" / path.name
    return json.loads(path.read_text(encoding="utf-8"))


def plain(value):
    """Return a schema without titles and descriptions."""
    if isinstance(value, dict):
        return {
            key: plain(member)
            for key, member in value.items()
            if not (key in ("title", "description") and isinstance(member, str))
        }
    return [plain(member) for member in value] if isinstance(value, list) else value


def interface(parameters):
    return [
        (each["name"], each.get("optional", False), each.get("default"), plain(each["schema"])) for each in parameters
    ]


@pytest.mark.parametrize("process_id", sorted(PROCESSES))
def test_everything_is_described(process_id):
    description = PROCESSES[process_id].describe()
    assert description["summary"]
    assert not description["summary"].endswith(".")
    assert description["returns"]["description"]
    for parameter in description["parameters"]:
        assert parameter["description"], parameter["name"]
        assert ("default" in parameter) == parameter.get("optional", False)
    for code, exception in description.get("exceptions", {}).items():
        assert exception["message"], code
    json.dumps(description)


@needs_specifications
@pytest.mark.parametrize("process_id", sorted(PROCESSES))
def test_interface_is_the_specified_one(process_id):
    specification = specified(process_id)
    description = PROCESSES[process_id].describe()
    assert interface(description["parameters"]) == interface(specification["parameters"])
    assert plain(description["returns"]["schema"]) == plain(specification["returns"]["schema"])
    assert description["categories"] == specification["categories"]


@needs_specifications
@pytest.mark.parametrize("process_id", sorted(PROCESSES))
def test_words_are_our_own(process_id):
    specification = specified(process_id)
    ours, theirs = PROCESSES[process_id].describe(), specification
    assert ours["description"] != theirs["description"]
    sentence = max(ours["description"].split(". "), key=len)
    assert len(sentence) < 60 or sentence not in theirs["description"]


def test_list_is_sorted_and_complete():
    names = [description["id"] for description in descriptions()]
    assert names == sorted(PROCESSES)
    assert {"load_collection", "save_result", "ndvi", "mask", "aggregate_temporal_period", "if", "and"} <= set(names)
