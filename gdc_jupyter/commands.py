"""The commands of the terminal: run a process graph, and add, list and remove collections."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdc_jupyter.errors import GdcError, InvalidProcessGraph

if TYPE_CHECKING:
    from gdc_jupyter.cube.encode import Format

OUTPUTS = "a .tif, .nc, .zarr, .png, .jpg, .covjson, .json, .geojson, .parquet or .csv file"


def main(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code: 0, 1 where it was refused, 2 where it was not understood."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except InvalidProcessGraph as error:
        print("The process graph is refused:", *(f"  {fault}" for fault in error.faults), sep="\n", file=sys.stderr)
    except GdcError as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
    except KeyboardInterrupt:
        print("Cancelled.", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jupyter gdc", description="A data-cube service in Jupyter.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run a process graph without a server")
    run.add_argument("graph", type=Path, metavar="GRAPH.json", help="a process graph, or a process with one")
    run.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.tif", help=OUTPUTS)
    run.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=JSON", help="a parameter's value")
    run.set_defaults(command=_run)
    explain = commands.add_parser("explain", help="tell what a process graph would read, compute and take")
    explain.add_argument("graph", type=Path, metavar="GRAPH.json", help="a process graph, or a process with one")
    explain.add_argument(
        "-p", "--parameter", action="append", default=[], metavar="NAME=JSON", help="a parameter's value"
    )
    explain.add_argument("--json", action="store_true", help="as JSON")
    explain.set_defaults(command=_explain)
    add = commands.add_parser("add", help="make a collection of a file or folder")
    add.add_argument(
        "path",
        help="a NetCDF, Zarr (.zarr, .zarr.zip) or GeoTIFF file, a folder of them, a GeoJSON, GeoPackage or GeoParquet "
        "file, a STAC collection or catalogue, or its address",
    )
    add.add_argument("--id", help="the collection's id; from the name by default")
    add.add_argument("--title", help="the collection's title")
    add.add_argument(
        "--host", action="append", default=[], help="for an address: a further host that may be asked, as a pattern"
    )
    add.add_argument("--owner", metavar="USER", help="the user who alone sees it; everybody does by default")
    add.set_defaults(command=_add)
    share = commands.add_parser("share", help="let everybody see a private collection, or its owner alone again")
    share.add_argument("id", help="the collection's id")
    share.add_argument("--undo", action="store_true", help="make it private again")
    share.set_defaults(command=_share)
    commands.add_parser("list", help="list the collections").set_defaults(command=_list)
    remove = commands.add_parser("remove", help="forget a collection; its files stay")
    remove.add_argument("id", help="the collection's id")
    remove.set_defaults(command=_remove)
    return parser


def _run(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from gdc_jupyter.catalog.catalog import Catalog
    from gdc_jupyter.cube.encode import format_of_file
    from gdc_jupyter.graph import run

    process = _read_process(options.graph)
    parameters = dict(_parameter(text) for text in options.parameter)
    target: Path = options.output
    chosen = format_of_file(target.name)
    if not target.parent.is_dir():
        raise GdcError("FilePathInvalid", f"There is no folder {target.parent}.")
    if target.is_dir() and not _is_store(target):
        raise GdcError("FilePathInvalid", f"{target} is a folder.")
    with (
        tempfile.TemporaryDirectory(prefix=".gdc-", dir=target.parent) as folder,
        tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}<{remaining}", disable=None) as bar,
    ):
        result = run(
            _saved_as(process, chosen.name),
            Catalog(),
            Path(folder),
            parameters=parameters,
            progress=lambda percent: _advance(bar, percent),
            default_formats=[chosen.name],
        )
        written = [_deliver(asset.path, chosen, target, len(result.assets)) for asset in result.assets]
        if not result.assets and chosen.name != "JSON":
            message = f"{chosen.name} cannot hold this result: it is no data cube; the output's name must end in .json."
            raise GdcError("FormatUnsuitable", message)
        if not result.assets:
            target.write_text(json.dumps(result.value), encoding="utf-8")
            written = [target]
    for path in written:
        print(path)
    return 0


def _explain(options: argparse.Namespace) -> int:
    from gdc_jupyter.catalog.catalog import Catalog
    from gdc_jupyter.graph.explain import explain

    parameters = dict(_parameter(text) for text in options.parameter)
    found = explain(_read_process(options.graph), Catalog(), parameters)
    print(json.dumps(found.as_json(), indent=1) if options.json else found.as_text())
    return 0


def _advance(bar: Any, percent: float) -> None:
    bar.update(percent - bar.n)


def _read_process(path: Path) -> dict[str, Any]:
    try:
        process = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GdcError("FileNotFound", f"{path} cannot be read: {error.strerror}.") from None
    except RecursionError:
        raise GdcError("ProcessInvalid", f"{path} is nested too deeply.") from None
    except ValueError as error:
        raise GdcError("ProcessInvalid", f"{path} is no JSON: {error}.") from None
    if not isinstance(process, dict):
        raise GdcError("ProcessInvalid", f"{path} holds no process graph; an object is needed.")
    inner = process.get("process")
    if isinstance(inner, dict):
        process = inner
    return process if "process_graph" in process else {"process_graph": process}


def _parameter(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator:
        raise GdcError("ProcessParameterInvalid", f"'{text}' is not of the form NAME=JSON.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _saved_as(process: dict[str, Any], chosen: str) -> dict[str, Any]:
    """Return the process with its save_result nodes in the format that the output's name asks for."""
    graph = process["process_graph"]
    if not isinstance(graph, dict):
        return process
    nodes = dict(graph)
    for key, node in graph.items():
        if isinstance(node, dict) and node.get("process_id") == "save_result":
            arguments = node.get("arguments") or {}
            same = str(arguments.get("format", "")).lower() == chosen.lower()
            kept = {**arguments, "format": chosen, "options": arguments.get("options", {}) if same else {}}
            nodes[key] = {**node, "arguments": kept}
    return {**process, "process_graph": nodes}


def _deliver(path: Path, chosen: Format, target: Path, count: int) -> Path:
    """Move a file to where it is wanted; of several, the name of each tells its labels."""
    extension = next(end for end in _ends(target, chosen) if target.name.lower().endswith(end))
    final = target
    if count > 1:
        labels = path.name.removesuffix(f".{chosen.extension}").removeprefix("result")
        final = target.with_name(f"{target.name[: -len(extension)]}{labels}{target.name[-len(extension) :]}")
    if chosen.name == "Zarr" and extension == ".zarr":
        return _unpack(path, final)
    shutil.move(path, final)
    return final


def _ends(target: Path, chosen: Format) -> list[str]:
    return [f".{chosen.extension}", target.suffix.lower()]


def _is_store(path: Path) -> bool:
    return path.suffix.lower() == ".zarr" and ((path / ".zgroup").exists() or (path / "zarr.json").exists())


def _unpack(path: Path, target: Path) -> Path:
    """Unpack a store to a folder; one of an earlier run is replaced when the new one is there."""
    folder = path.with_suffix("")
    shutil.unpack_archive(path, folder, "zip")
    if target.exists():
        shutil.move(target, path.with_name("earlier"))
    shutil.move(folder, target)
    return target


def _add(options: argparse.Namespace) -> int:
    from gdc_jupyter.catalog.catalog import Catalog

    for collection in Catalog().add_all(options.path, options.id, options.title, options.host, options.owner):
        print(f"{collection.id}: {collection.title}")
    return 0


def _list(options: argparse.Namespace) -> int:
    from gdc_jupyter.catalog.catalog import Catalog

    catalog = Catalog()
    collections, owners = catalog.collections(), catalog.owners()
    width = max((len(collection.id) for collection in collections), default=0)
    for collection in collections:
        owner, shared = owners.get(collection.id, ("", False))
        print(f"{collection.id:{width}}  {collection.title}{f' (of {owner})' if owner and not shared else ''}")
    return 0


def _share(options: argparse.Namespace) -> int:
    from gdc_jupyter.catalog.catalog import Catalog

    Catalog().share(options.id, not options.undo)
    print(f"{options.id}: {'its owner alone sees it' if options.undo else 'everybody sees it'}.")
    return 0


def _remove(options: argparse.Namespace) -> int:
    from gdc_jupyter.catalog.catalog import Catalog

    Catalog().remove(options.id)
    print(f"Removed {options.id}; its files are where they were.")
    return 0
