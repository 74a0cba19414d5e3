"""Where the toolkit keeps its data."""

from __future__ import annotations

import os
from pathlib import Path


def data_directory() -> Path:
    """Return the folder of the catalogue, the generated samples and the jobs.

    ``GDC_DATA_DIR`` where it is set, else ``gdc`` in Jupyter's data directory. A server passes its own
    choice on to its kernels through that variable.
    """
    configured = os.environ.get("GDC_DATA_DIR")
    if configured:
        return Path(configured).expanduser().absolute()
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()) / "gdc"
