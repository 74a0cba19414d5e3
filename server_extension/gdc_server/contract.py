"""The contract: the OpenAPI document that is served, and that request bodies are checked against."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from gdc_jupyter.errors import GdcError
from gdc_jupyter.garbage import uncollected

#: The files of the folder `openapi`, in the order in which their paths are listed.
_SECTIONS = (
    "capabilities",
    "account",
    "collections",
    "contents",
    "items",
    "coverages",
    "processes",
    "user_processes",
    "files",
    "jobs",
    "services",
)
#: Where bodies have a process.
_PROCESS_AT = {
    **dict.fromkeys(("validate", "store-custom-process", "write-python-code"), "$"),
    **dict.fromkeys(("compute-result", "create-job", "update-job", "create-service", "update-service"), "$.process"),
}
_LONG = 1 << 16
_METHODS = ("get", "put", "post", "patch", "delete")
_MOST_LEVELS, _SHOWN_LEVELS = 250, 40


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document without the server's address."""
    made = _section("base")
    made["paths"] = {}
    for name in _SECTIONS:
        section = _section(name)
        made["paths"] |= section["paths"]
        for kind, components in section.get("components", {}).items():
            made["components"].setdefault(kind, {}).update(components)
    return made


def _section(name: str) -> dict[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (Path(__file__).parent / "openapi" / f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, loader)
    return loaded


def endpoints() -> list[dict[str, Any]]:
    """Return path and methods of everything that is there, as the landing page lists them."""
    paths = document()["paths"]
    return [
        {"path": path, "methods": [method.upper() for method in _METHODS if method in operations]}
        for path, operations in paths.items()
        if path != "/"
    ]


def get_ready() -> None:
    """Load what the first check needs."""
    with suppress(GdcError):
        check({}, "compute-result")


def read(text: bytes, operation: str) -> dict[str, Any]:
    """Return a request body, checked.

    Parameters
    ----------
    text : bytes
        The body as it came.
    operation : str
        The operation's id.

    Raises
    ------
    GdcError
        ``RequestInvalid``, and what `check` raises.
    """
    try:
        body = _loaded(text)
    except orjson.JSONDecodeError as error:
        found = f"not JSON: {error}" if text.strip() else "empty"
        raise GdcError("RequestInvalid", f"The body must be a JSON object; it is {found}.") from None
    try:
        # What cannot be written again, for it is nested too deeply, must not get in.
        orjson.dumps(body)
    except orjson.JSONEncodeError:
        raise too_deep(body) from None
    check(body, operation)
    checked: dict[str, Any] = body
    if "process" in checked:
        # Null is as good as nothing here, and answers have none.
        checked["process"] = {name: value for name, value in checked["process"].items() if value is not None}
    return checked


def _loaded(text: bytes) -> Any:
    """Return JSON as Python values, without looking for garbage among them, which takes four times as long."""
    with uncollected() if len(text) > _LONG else nullcontext():
        return orjson.loads(text)


def check(body: Any, operation: str) -> None:
    """Check a request body.

    Parameters
    ----------
    body : Any
        The body as Python values.
    operation : str
        The operation's id.

    Raises
    ------
    GdcError
        ``ProcessGraphMissing``, ``ProcessGraphInvalid`` or ``RequestInvalid``, naming the place and what is expected.
    """
    from jsonschema.exceptions import best_match

    error = best_match(_validator(operation).iter_errors(body))
    if error is not None:
        raise _as_gdc_error(error)
    place = _PROCESS_AT.get(operation)
    process = body if place == "$" else body.get("process")
    if place is not None and process is not None:
        for arguments, at in _arguments(process, place):
            _check_values(arguments, at)


def _as_gdc_error(error: Any, at: str = "$") -> GdcError:
    place = at + error.json_path.removeprefix("$")
    if "process_graph" in error.message and error.validator == "required":
        code = "ProcessGraphMissing"
    elif ".process_graph" in place:
        code = "ProcessGraphInvalid"
    else:
        code = "RequestInvalid"
    return GdcError(code, f"{_what(place)} {_fault(error)}")


def _arguments(process: dict[str, Any], place: str) -> Iterator[tuple[dict[str, Any], str]]:
    for name, node in process["process_graph"].items():
        yield node["arguments"], f"{place}.process_graph.{name}.arguments"
    for index, example in enumerate(process.get("examples") or []):
        yield example["arguments"], f"{place}.examples[{index}].arguments"


def _check_values(arguments: dict[str, Any], place: str) -> None:
    """Check what arguments refer to: by hand, for a schema takes seconds where an argument is a long list."""
    from jsonschema.exceptions import best_match

    waiting: list[tuple[Any, str]] = [(value, f"{place}.{name}") for name, value in arguments.items()]
    while waiting:
        value, at = waiting.pop()
        if isinstance(value, list):
            waiting += [(each, at) for each in value if isinstance(each, dict | list)]
        if not isinstance(value, dict):
            continue
        reference = next((name for name in ("from_node", "from_parameter") if name in value), None)
        if reference is not None:
            if len(value) > 1 or not isinstance(value[reference], str):
                message = f"must have '{reference}' with a name, and nothing beside it."
                raise GdcError("ProcessGraphInvalid", f"{_what(at)} {message}")
        elif "process_graph" in value:
            error = best_match(_process_validator().iter_errors(value))
            if error is not None:
                raise _as_gdc_error(error, at)
            for nested, inside in _arguments(value, at):
                _check_values(nested, inside)
        else:
            waiting += [(each, f"{at}.{name}") for name, each in value.items()]


def too_deep(body: Any) -> GdcError:
    """Return the error for a body that is nested more deeply than JSON can be written, with the nodes on the way."""
    waiting: list[tuple[Any, tuple[str, ...], bool]] = [(body, (), False)]
    deepest: tuple[str, ...] = ()
    while waiting:
        value, path, is_graph = waiting.pop()
        deepest = max(deepest, path, key=len)
        if isinstance(value, list):
            waiting += [(member, path, False) for member in value]
        elif isinstance(value, dict):
            for name, member in value.items():
                waiting.append((member, (*path, name) if is_graph else path, name == "process_graph"))
    message = f"The body is nested too deeply; {_MOST_LEVELS} levels are possible."
    place = "/".join(name[:40] for name in deepest[:_SHOWN_LEVELS]) + "/…" * (len(deepest) > _SHOWN_LEVELS)
    return GdcError("RequestInvalid", f"{place}: {message}" if place else message)


@cache
def _process_validator() -> Any:
    return _made({"$ref": "#/components/schemas/Process"})


def _made(schema: dict[str, Any]) -> Any:
    from jsonschema import Draft202012Validator, FormatChecker

    whole = {"allOf": [schema], "components": document()["components"]}
    return Draft202012Validator(whole, format_checker=FormatChecker(["regex"]))


@cache
def _validator(operation: str) -> Any:
    found = document()
    for operations in found["paths"].values():
        for method in _METHODS:
            if operations.get(method, {}).get("operationId") == operation:
                schema = operations[method]["requestBody"]["content"]["application/json"]["schema"]
                return _made(schema)
    raise LookupError(operation)


def _what(place: str) -> str:
    return "The body" if place == "$" else f"At {place} of the body, the value"


def _fault(error: Any) -> str:
    shown = repr(error.instance)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    match error.validator:
        case "type":
            expected = error.validator_value
            names = expected if isinstance(expected, list) else [expected]
            kind = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
            found = kind.get(type(error.instance), "a number")
            return f"must be of type {' or '.join(names)}, not {found}."
        case "required":
            missing = [name for name in error.validator_value if name not in error.instance]
            return f"lacks {', '.join(repr(name) for name in missing)}."
        case "enum":
            return f"must be one of {', '.join(map(str, error.validator_value))}, not {shown}."
        case _:
            return f"is not right: {error.message[:200]}."
