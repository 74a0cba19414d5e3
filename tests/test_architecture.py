"""The rooms of the house import each other one way only, and importing the toolkit costs nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLKIT = ROOT / "gdc_jupyter"
SERVER = ROOT / "server_extension" / "gdc_server"

# What each room may import of the others; errors and settings are open to all.
MAY_IMPORT = {
    "server": set(),
    "selection": {"opendap"},
    "cube": set(),
    "catalog": {"cube", "samples"},
    "samples": {"catalog", "cube"},
    "udf": {"catalog"},
    "processes": {"cube", "catalog", "udf"},
    "graph": {"processes", "cube", "catalog"},
    "ogcapi": {"graph", "catalog"},
    "coverages": {"graph", "processes", "cube", "catalog"},
    "jobs": {"coverages", "exchange", "ogcapi", "opendap", "graph", "processes", "cube", "catalog", "udf"},
    "opendap": {"cube", "catalog", "server"},
    "client": {"selection", "server"},
    "exchange": set(),
    "widgets": {"client", "cube", "exchange", "selection", "server"},
}
OPEN_TO_ALL = {"answers", "client_errors", "errors", "garbage", "settings"}
HEAVY = {"numpy", "xarray", "rasterio", "openeo", "ipywidgets", "ipyleaflet", "anywidget", "pandas", "sqlalchemy"}


def imported_modules(path: Path, root: Path) -> set[str]:
    """The full names of all modules that a file imports, in functions too; a relative import made absolute."""
    package = path.relative_to(root).with_suffix("").parts[:-1]
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            names.add(module)
            names.update(f"{module}.{alias.name}" for alias in node.names)
    return names


def rooms_imported(path: Path) -> set[str]:
    modules = (name.split(".") for name in imported_modules(path, ROOT))
    rooms = {parts[1] for parts in modules if parts[0] == "gdc_jupyter" and len(parts) > 1}
    return rooms & MAY_IMPORT.keys()


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    files = [*TOOLKIT.glob(f"{room}.py"), *(TOOLKIT / room).rglob("*.py")]
    allowed = MAY_IMPORT[room] | {room} | OPEN_TO_ALL
    offences = {str(path.relative_to(ROOT)): rooms_imported(path) - allowed for path in files}
    assert {path: rooms for path, rooms in offences.items() if rooms} == {}


def test_the_toolkit_does_not_know_the_server() -> None:
    offenders = [
        str(path.relative_to(ROOT))
        for path in TOOLKIT.rglob("*.py")
        if any(name.split(".")[0] == "gdc_server" for name in imported_modules(path, ROOT))
    ]
    assert offenders == []


def test_handlers_hold_no_geospatial_code() -> None:
    geospatial = {"numpy", "xarray", "rasterio", "rioxarray", "zarr", "netCDF4", "pyproj", "shapely"}
    offences = {
        str(path.relative_to(ROOT)): found
        for path in SERVER.rglob("*.py")
        if (found := {name.split(".")[0] for name in imported_modules(path, SERVER.parent)} & geospatial)
    }
    assert offences == {}


@pytest.mark.parametrize("package", ["gdc_jupyter.processes", "gdc_jupyter.cube", "gdc_jupyter.catalog"])
def test_numbers_know_no_http(package: str) -> None:
    offences = {
        str(path.relative_to(ROOT)): found
        for path in ROOT.joinpath(*package.split(".")).rglob("*.py")
        if (found := {name.split(".")[0] for name in imported_modules(path, ROOT)} & {"tornado", "jupyter_server"})
    }
    assert offences == {}


def test_importing_the_toolkit_loads_nothing_heavy() -> None:
    code = "import sys, gdc_jupyter; print(' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert HEAVY & set(loaded.split()) == set()
