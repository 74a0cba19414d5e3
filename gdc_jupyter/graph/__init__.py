"""A process graph: parse, validate, plan, and run in blocks."""

from gdc_jupyter.cube.encode import Asset
from gdc_jupyter.graph.run import Result, execute, make_plan, run, validate

__all__ = ["Asset", "Result", "execute", "make_plan", "run", "validate"]
