"""A data-cube service inside Jupyter: openEO, STAC, coverages and OPeNDAP, with widgets that work with them."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "BBoxMap": "gdc_jupyter.widgets.bbox_map",
    "CollectionBrowser": "gdc_jupyter.widgets.collection_browser",
    "GdcError": "gdc_jupyter.errors",
    "GraphBuilder": "gdc_jupyter.widgets.graph_builder",
    "JobTracker": "gdc_jupyter.widgets.job_tracker",
    "Selection": "gdc_jupyter.selection",
    "Workbench": "gdc_jupyter.widgets.workbench",
    "connect": "gdc_jupyter.client",
    "execute": "gdc_jupyter.graph.run",
    "open_collection": "gdc_jupyter.catalog.lazy",
    "open_dap": "gdc_jupyter.opendap.remote.opening",
    "open_result": "gdc_jupyter.client",
    "plot_cube": "gdc_jupyter.widgets.plots",
    "plot_offline": "gdc_jupyter.widgets.plots",
}
__all__ = [
    "BBoxMap",
    "CollectionBrowser",
    "GdcError",
    "GraphBuilder",
    "JobTracker",
    "Selection",
    "Workbench",
    "connect",
    "execute",
    "open_collection",
    "open_dap",
    "open_result",
    "plot_cube",
    "plot_offline",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its home at its first use, so that importing the package costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'gdc_jupyter' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
