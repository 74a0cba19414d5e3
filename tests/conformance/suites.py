"""How each suite is called, and what it says of each case: nothing where it passes, else what is wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server import TOKEN, USER, Server

HERE = Path(__file__).parent
REFERENCE = HERE.parents[2] / "shared" / "reference"
ENVIRONMENTS = HERE.parents[1] / ".venv-conformance"
#: What is wrong with each case, nothing where it passes.
Outcome = dict[str, str]
_AREA = {"type": "Polygon", "coordinates": [[[11, 46], [12, 46], [12, 47], [11, 47], [11, 46]]]}
#: Whether all that fits the document is accepted: boxes without data and graphs of unknown processes fit it as well.
_SAY_NOTHING = ("positive_data_acceptance",)
_CLASSES = ("core", "collections", "features", "item-search", "filter", "item-search#sort", "item-search#fields")


@dataclass(frozen=True)
class Suite:
    """A suite.

    Attributes
    ----------
    run : callable
        Takes the server and returns the outcome.
    server : tuple of str
        Options that the server needs for it.
    """

    run: Callable[[Server], Outcome]
    server: tuple[str, ...] = ()


def openeo(part: str, *options: str, server: Server) -> Outcome:
    """Run a part of the openEO test suite."""
    python = ENVIRONMENTS / "openeo" / "bin" / "python"
    where = "import openeo_test_suite, pathlib; print(pathlib.Path(openeo_test_suite.__file__).parent)"
    package = Path(subprocess.run([python, "-c", where], capture_output=True, text=True, check=True).stdout.strip())
    _lay_out(package.parents[1])
    name = f"openeo-{part.replace('/', '-')}"
    report = server.folder / f"{name}.xml"
    command = [python, "-m", "pytest", "--import-mode=importlib", "-p", "openeo_test_suite.lib.pytest_plugin"]
    command += ["-p", "login", "-p", "offline", "-p", "no:cacheprovider", "-q", "-vv", "--tb=short", "-W", "ignore"]
    command += ["-c", os.devnull, f"--junitxml={report}", f"--openeo-backend-url={server.url}", *options]
    said = _call([*command, package / "tests" / part], server, f"{name}.log")
    return _cases(report) if report.exists() else {"run": f"it did not end: {said[-300:]}"}


def _lay_out(root: Path) -> None:
    """Put the suite's data where a checkout of it has them, which is where it looks for them."""
    processes, described = root / "assets" / "processes", REFERENCE / "openeo-processes"
    links = {
        root / "assets/openeo-api/openapi.yaml": REFERENCE / "api" / "openeo-1.2.0.openapi.yaml",
        root / "assets/openeo-api/errors.json": REFERENCE / "api" / "openeo-errors.json",
        root / "src/openeo_test_suite/tests/general/payload_examples": HERE / "payloads",
        processes / "tests": described / "tests",
        processes / "assets": described / "tests" / "assets",
        processes / "proposals" / "assets": described / "tests" / "assets",
        **{processes / file.name: file for file in described.glob("*.json")},
        **{processes / "proposals" / file.name: file for file in described.glob("proposals/*.json")},
    }
    for link, target in links.items():
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink() or link.readlink() != target:
            link.unlink(missing_ok=True)
            link.symlink_to(target)


def _cases(report: Path) -> Outcome:
    outcome = {}
    for case in ElementTree.parse(report).iter("testcase"):
        fault = next((child for child in case if child.tag in ("failure", "error")), None)
        if not any(child.tag == "skipped" for child in case):
            outcome[str(case.get("name"))] = "" if fault is None else str(fault.get("message") or "it failed")
    return outcome


def contract(server: Server) -> Outcome:
    """Run openapi-spec-validator on the documents that the server serves of itself."""
    outcome = {}
    for name in ("json", "oas30"):
        document = server.folder / f"{name}.json"
        document.write_bytes(server.ask("GET", "/api", params={"f": name}).content)
        command = [ENVIRONMENTS / "openeo" / "bin" / "python", "-W", "ignore", "-m", "openapi_spec_validator", document]
        said = _call(command, server, f"contract-{name}.log")
        outcome[name] = "" if said.strip().endswith("OK") else said
    return outcome


def stac(server: Server) -> Outcome:
    """Run stac-api-validator; its errors are the cases that fail."""
    code = "import offline, stac_api_validator.__main__ as validator; validator.main()"
    command = [ENVIRONMENTS / "api" / "bin" / "python", "-W", "ignore", "-c", code, "--root-url", server.url]
    command += ["--collection", "S2_ALPS", "--geometry", json.dumps(_AREA)]
    command += ["--fields-nested-property", "properties.eo:cloud_cover"]
    for name in _CLASSES:
        command += ["--conformance", name]
    said = _call(command, server, "stac.log")
    outcome = dict.fromkeys(_CLASSES, "")
    found = re.search(r"^Errors:(.*)", said, re.MULTILINE | re.DOTALL)
    if found is None:
        return outcome | {"run": f"it did not end: {said[-300:]}"}
    errors = [line for line in found[1].splitlines() if line.startswith("- ")]
    return outcome | {error.removeprefix("- "): error for error in errors}


def schemathesis(examples: int, server: Server) -> Outcome:
    """Run schemathesis on the geodatacube API document; each operation and each kind of failure at it is a case."""
    config, report = server.folder / "schemathesis.toml", server.folder / "schemathesis.json"
    config.write_text(_config(real_ids(server)))
    document = REFERENCE / "api" / "gdc-1.0.0-beta.relaxed.openapi.json"
    command = [ENVIRONMENTS / "api" / "bin" / "st", "--config-file", config, "run", document, "--url", server.url]
    command += ["--max-examples", str(examples), "--seed", "4", "--report", "json", "--report-json-path", report]
    said = _call(command, server, "schemathesis.log")
    if not report.exists():
        return {"run": f"it did not end: {said[-300:]}"}
    told = json.loads(report.read_text())
    print(f"  {told['test_cases']['generated']} requests")
    outcome = _operations(document)
    if not told["complete"] or told["operations"]["tested"] != len(outcome):
        outcome["run"] = "it did not test all"
    for group in told["failures"] + told["errors"]:
        for operation in group.get("operations", ["run"]):
            outcome.pop(operation, None)
            outcome[f"{operation} {group.get('code', '')}".strip()] = group["title"]
    return outcome


def _operations(document: Path) -> Outcome:
    paths = json.loads(document.read_text("utf-8"))["paths"]
    methods = ("get", "post", "put", "patch", "delete")
    return {f"{method.upper()} {path}": "" for path, item in paths.items() for method in methods if method in item}


def _config(ids: dict[str, list[str]]) -> str:
    """Return what schemathesis has to know: how to log in, which ids there are, and which checks say nothing here."""
    lines = ["continue-on-failure = true", *(f"[checks.{name}]\nenabled = false" for name in _SAY_NOTHING)]
    lines += [f'[auth.openapi.Bearer]\nbearer = "basic//{TOKEN}"']
    lines += [f'[auth.openapi.Basic]\nusername = "{USER}"\npassword = "{TOKEN}"']
    lines += [f"[dictionaries.{name}]\nvalues = {json.dumps(values)}" for name, values in ids.items()]
    bound = (f'"path.{name}" = {{ dictionary = "{name}", probability = 0.8 }}' for name in ids)
    return "\n".join([*lines, "[parameters]", *bound, ""])


def real_ids(server: Server) -> dict[str, list[str]]:
    """Make jobs, services and processes, some for each request that removes one, and return the ids of all there is."""
    load = {"id": "S2_ALPS", "spatial_extent": None, "temporal_extent": ["2022-06-01", "2022-06-03"], "bands": ["B04"]}
    loaded = {"process_id": "load_collection", "arguments": load}
    saved = {"process_id": "save_result", "arguments": {"data": {"from_node": "a"}, "format": "GTiff"}, "result": True}
    graph = {"a": loaded, "b": saved}
    process = {"process_graph": graph}
    jobs = [_made(server, "jobs", {"process": process, "title": f"Job {n}"}) for n in range(12)]
    for job in jobs[:4]:
        server.ask("POST", f"/jobs/{job}/results")
    names = [f"stored_{n}" for n in range(8)]
    for name in names:
        server.ask("PUT", f"/process_graphs/{name}", json=process)
    shown = {"a": loaded | {"result": True}}
    services = [
        _made(server, "services", {"type": "XYZ", "process": {"process_graph": shown}, "enabled": True})
        for _ in range(8)
    ]
    items = server.ask("GET", "/collections/S2_ALPS/items", params={"limit": 5}).json()["features"]
    return {
        "collection_id": ["S2_ALPS"],
        "feature_id": [item["id"] for item in items],
        "job_id": jobs,
        "service_id": services,
        "process_graph_id": names,
        "processID": ["echo", "ndvi"],
    }


def _made(server: Server, kind: str, body: dict[str, object]) -> str:
    return server.ask("POST", f"/{kind}", json=body).headers["OpenEO-Identifier"]


def _call(command: list[str | Path], server: Server, log: str) -> str:
    environment = os.environ | {
        "PYTHONPATH": str(HERE / "plugins"),
        "CONFORMANCE_SCHEMAS": str(REFERENCE / "stac-schemas"),
        "OPENEO_AUTH_METHOD": "basic",
        "OPENEO_AUTH_BASIC_USERNAME": USER,
        "OPENEO_AUTH_BASIC_PASSWORD": TOKEN,
    }
    done = subprocess.run(
        command,
        cwd=server.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    (server.folder / log).write_text(done.stdout)
    return done.stdout


SUITES = {
    "general": Suite(lambda server: openeo("general", server=server)),
    "collections": Suite(lambda server: openeo("collections", server=server)),
    "workflows": Suite(lambda server: openeo("workflows", "--s2-collection=S2_ALPS", server=server)),
    "metadata": Suite(
        lambda server: openeo("processes/metadata", server=server),
        (f"--GdcApp.process_descriptions={REFERENCE / 'openeo-processes'}",),
    ),
    "processing": Suite(lambda server: openeo("processes/processing", "--runner=http", server=server)),
    "contract": Suite(contract),
    "stac": Suite(stac),
    "schemathesis": Suite(lambda server: schemathesis(40, server)),
}
