"""The process that runs a process of an OGC API elsewhere."""

from __future__ import annotations

from typing import Annotated, Any

from gdc_jupyter.processes.engine import Deferred, Engine
from gdc_jupyter.processes.registry import process
from gdc_jupyter.processes.schemas import Schema

Value = Annotated[Any, Schema({"description": "A value of any data type."})]
AnyValue = Annotated[Any, Schema({"description": "Any data type."})]
ProcessId = Annotated[str, Schema({"type": "string"})]
Context = Annotated[Any, Schema({"type": "object"})]


@process("cubes", "import", "udf", plans=True, acts=True)
def run_ogcapi(data: Value, id: ProcessId, context: Context = {}, *, engine: Engine) -> AnyValue:  # noqa: B006
    """Run a process of a service with OGC API - Processes.

    The data are sent by value: numbers, texts, lists and objects as JSON, cubes as nested arrays with their labels. An
    object whose fields are inputs of the process becomes these inputs; anything else becomes the first input that
    ``context`` does not give. The process runs at once where the service offers that, else it is asked for its status
    until it has ended. In a validation nothing is run. Only hosts that this service permits are asked.

    Parameters
    ----------
    data
        What is given to the process.
    id
        The address of the process, or its id where this service names the one that it belongs to.
    context
        More inputs, by their names.

    Returns
    -------
    result
        What the process returns: JSON as it is, a GeoTIFF or NetCDF file as a cube.

    Raises
    ------
    InvalidOgcApiProcess
        There is no such process.
    OgcApiProcessFailed
        The process has failed, or taken too long.
    UrlNotPermitted
        The service may not be asked.
    """
    from gdc_jupyter.catalog.ogc_processes import describe, execute, inputs_of, process_url
    from gdc_jupyter.catalog.user_files import raster_collection
    from gdc_jupyter.cube.input_formats import require_input_format

    address = process_url(id, engine.permissions)
    description = describe(address, engine.permissions)
    if not engine.effects:
        raise Deferred
    inputs = inputs_of(description, engine.as_json(data), context or {})
    value, path = execute(address, description, inputs, engine.permissions, lambda: engine.keep(_scratch))
    if path is None:
        return value
    format = require_input_format("GTiff" if path.suffix == ".tif" else "netCDF")
    return engine.load(raster_collection([path], format))


def _scratch(engine: Engine) -> Any:
    from gdc_jupyter.catalog.user_files import Scratch

    return Scratch()
