"""The outermost graph as statements: methods of cubes where the client has them, functions for all else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gdc_jupyter.exchange.blocks import Block, Callbacks, Way
from gdc_jupyter.exchange.client_calls import (
    ATOM,
    CUBE_ARGUMENT,
    CUBE_METHODS,
    GEOMETRIC,
    RENAMED,
    WITHOUT_NAME,
    Term,
    as_object,
    call,
    call_by_process,
    can_be_named,
    parameters_of,
    process_function,
)
from gdc_jupyter.exchange.graph_parts import callbacks_of, is_callback, lone_process, node_of, references
from gdc_jupyter.exchange.names import name_of_node

# Stands before the name of a property, in the name of its callback.
_PROPERTIES = "properties/"


class OfflineConnection:
    """What the code asks of its connection, without one."""

    @staticmethod
    def load_collection(collection_id: Any, **named: Any) -> Any:
        """Load a collection of which nothing is known."""
        from openeo.rest.datacube import DataCube

        return DataCube.load_collection(collection_id, None, **named)

    @staticmethod
    def datacube_from_process(process_id: str, namespace: str | None = None, **arguments: Any) -> Any:
        """Begin with any process."""
        from openeo.internal.graph_building import PGNode
        from openeo.rest.datacube import DataCube

        return DataCube(PGNode(process_id, namespace=namespace, arguments=arguments), connection=None)


class CubeBlock(Block):
    """The nodes of the outermost graph, which may be cubes."""

    def may_stay(self, node_id: str, term: Term) -> bool:
        """Return whether an expression may stand where it is used: cubes, ends and the result have names."""
        named = not self.uses[node_id] or bool(self.graph[node_id].get("result"))
        return not named and _is_built(term.value) and super().may_stay(node_id, term)

    def wanted_name(self, node_id: str, node: Mapping[str, Any]) -> str:
        """Return what the result of a node may be called."""
        process = str(node["process_id"])
        collection = (node.get("arguments") or {}).get("id") if process == "load_collection" else None
        otherwise = collection if isinstance(collection, str) else lone_process(node) or process
        return name_of_node(node_id, otherwise, process)

    def ways(self, node: Mapping[str, Any]) -> Iterator[Way]:
        """Yield ways to make a node that may be right, the one that reads best first."""
        process, arguments = str(node["process_id"]), node.get("arguments") or {}
        if node.get("namespace") is None:
            if process == "load_collection" and "id" in arguments:
                yield self._loading(arguments)
            cube = CUBE_ARGUMENT.get(process, "data")
            if process in CUBE_METHODS and self._is_cube(arguments.get(cube)):
                yield Way(
                    lambda callbacks: self._method(process, cube, self.arguments(arguments, callbacks)),
                    callbacks_of(node),
                )
            if self._is_for_functions(process, arguments):
                yield from super().ways(node)
        yield Way(lambda callbacks: self.by_process(node, callbacks), callbacks_of(node), takes_functions=False)

    def by_process(self, node: Mapping[str, Any], callbacks: Callbacks) -> Term:
        """Return a call that names the process: of a cube that is an argument, or of the connection."""
        raw = node.get("arguments") or {}
        made = self.process_of(node, self.arguments(raw, callbacks))
        cube = next((name for name in raw if self._is_cube(raw[name])), None)
        if cube is not None:
            term = self.value(raw[cube], cube)
            return call_by_process(f"{term.beside(ATOM)}.process", term.value.process, *made)
        if can_be_named(raw):
            function = OfflineConnection.datacube_from_process
            return call_by_process("connection.datacube_from_process", function, *made)
        return super().by_process(node, callbacks)

    def _is_cube(self, argument: Any) -> bool:
        from openeo import DataCube, VectorCube

        node = node_of(argument)
        return node is not None and isinstance(self.terms[node].value, DataCube | VectorCube)

    def _is_for_functions(self, process: str, arguments: Mapping[str, Any]) -> bool:
        """Return whether a node is no cube: it follows from none, and is nothing that is loaded."""
        before = [self.terms[name].value for name in references(dict(arguments))]
        if before:
            return all(map(_is_built, before))
        return process_function(process) is not None and not process.startswith(("load_", "create_"))

    def _loading(self, arguments: Mapping[str, Any]) -> Way:
        """Return how a collection is loaded. What its metadata tells would change names of bands and dimensions."""
        properties = arguments.get("properties")
        filters = properties if isinstance(properties, Mapping) and all(map(is_callback, properties.values())) else {}

        def make(callbacks: Callbacks) -> Term:
            from openeo import DataCube

            given = self.arguments(
                {name: value for name, value in arguments.items() if not filters or name != "properties"}, {}
            )
            if filters:
                given["properties"] = as_object({name: callbacks[f"{_PROPERTIES}{name}"] for name in filters})
            positional, named = self._arranged("load_collection", given, DataCube.load_collection)
            named["fetch_metadata"] = self.literal(False)
            return call("connection.load_collection", OfflineConnection.load_collection, positional, named)

        return Way(make, {f"{_PROPERTIES}{name}": value["process_graph"] for name, value in filters.items()})

    def _method(self, process: str, cube_argument: str, arguments: dict[str, Term]) -> Term:
        cube = arguments.pop(cube_argument)
        method = getattr(type(cube.value), process)
        extent = arguments.get("extent")
        if process == "filter_bbox" and extent is not None and isinstance(extent.value, dict):
            arguments = {side: self.literal(value) for side, value in extent.value.items()}
        positional, named = self._arranged(process, arguments, method)
        return call(f"{cube.beside(ATOM)}.{process}", getattr(cube.value, process), positional, named)

    def _arranged(self, process: str, arguments: dict[str, Term], function: Any) -> tuple[list[Term], dict[str, Term]]:
        """Return arguments without and with names, as the client has them.

        Raises
        ------
        LookupError
            The client has no such argument, or would take its value for something else.
        """
        for name, term in arguments.items():
            if name in GEOMETRIC and _is_misunderstood(process, term.value):
                raise LookupError(name)
        if process == "save_result" and not isinstance(arguments["format"].value, str):
            # With a connection, formats are looked up by name.
            raise LookupError("format")
        first = WITHOUT_NAME.get(process)
        given = {RENAMED.get((process, name), name): term for name, term in arguments.items() if name != first}
        known = parameters_of(function)
        if not given.keys() <= set(known):
            raise LookupError(process)
        named = {name: given[name] for name in known if name in given}
        return [arguments[first]] if first in arguments else [], named


def _is_misunderstood(process: str, value: Any) -> bool:
    """Return whether the client would read a file or an address, or warn of a parameter that is no object."""
    from openeo.api.process import Parameter, schema_supports

    if process == "filter_temporal":
        return False
    return isinstance(value, str) or (isinstance(value, Parameter) and not schema_supports(value.schema, "object"))


def _is_built(value: Any) -> bool:
    from openeo.processes import ProcessBuilder

    return isinstance(value, ProcessBuilder)
