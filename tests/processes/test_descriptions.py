"""Processes are described from their code, in the project's own words, with the interface that openEO specifies."""

import json
from pathlib import Path

import pytest

from gdc_jupyter.errors import GdcError
from gdc_jupyter.processes import PROCESSES, descriptions
from gdc_jupyter.processes.wording import differences, reworded

SPECIFICATIONS = Path(__file__).parents[3] / "shared" / "reference" / "openeo-processes"
needs_specifications = pytest.mark.skipif(not SPECIFICATIONS.is_dir(), reason="the openEO specifications are not here")


def specified(process_id):
    """The specification of a process, or its proposal."""
    path = SPECIFICATIONS / f"{process_id}.json"
    path = path if path.is_file() else SPECIFICATIONS / "proposals" / path.name
    return json.loads(path.read_text(encoding="utf-8"))


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
    assert differences(description, specification) == []
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


@needs_specifications
def test_the_words_of_a_folder_replace_ours():
    worded = {each["id"]: each for each in reworded(descriptions(), SPECIFICATIONS)}
    assert list(worded) == sorted(PROCESSES)
    for name, found in worded.items():
        assert found["description"] == specified(name)["description"]
        assert found["categories"] == PROCESSES[name].describe()["categories"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda each: each["parameters"].reverse(), "add has the parameters x, y, and not y, x"),
        (lambda each: each["parameters"][0].update(optional=True), "whether 'x' of add is optional"),
        (lambda each: each["parameters"][1].update(default=1), "the default of 'y' of add"),
        (lambda each: each["parameters"][1].update(schema={"type": "string"}), "the schema of 'y' of add"),
        (lambda each: each["returns"].update(schema={}), "the schema of what add returns"),
    ],
)
def test_another_interface_is_refused(change, told, tmp_path):
    description = json.loads(json.dumps(PROCESSES["add"].describe()))
    change(description)
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "add.json").write_text(json.dumps(description))
    with pytest.raises(GdcError, match="differ from what the code does") as error:
        reworded(descriptions(), tmp_path)
    assert told in error.value.message


def test_other_files_are_left_aside(tmp_path):
    (tmp_path / "add.json").write_text('{"id": "add", "tests": []}')
    (tmp_path / "nothing.json").write_text("{")
    assert reworded(descriptions(), tmp_path) == descriptions()
    (tmp_path / "subtract.json").write_text("{")
    with pytest.raises(GdcError, match=r"subtract\.json cannot be read"):
        reworded(descriptions(), tmp_path)
    for wrong, told in (
        ({"parameters": 5}, "'parameters' in subtract.json"),
        ({"parameters": [5]}, "'parameters' in subtract.json"),
        ({"parameters": [{"name": "x"}]}, "no name or no schema"),
        ({"parameters": [], "summary": 5}, "'summary' in subtract.json"),
        ({"parameters": [], "exceptions": {"X": "y"}}, "'exceptions' in subtract.json"),
        ({"parameters": [], "exceptions": "x"}, "'exceptions' in subtract.json"),
    ):
        (tmp_path / "subtract.json").write_text(json.dumps({"id": "subtract"} | wrong))
        with pytest.raises(GdcError, match=told):
            reworded(descriptions(), tmp_path)
    with pytest.raises(GdcError, match="is not there"):
        reworded(descriptions(), tmp_path / "none")
