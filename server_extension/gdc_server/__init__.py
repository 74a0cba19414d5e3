"""The HTTP face of gdc_jupyter: the geodatacube API as a Jupyter server extension."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from gdc_server.app import GdcApp

    return [{"module": "gdc_server", "app": GdcApp}]
