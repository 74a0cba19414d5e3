"""Where the toolkit keeps its data, and what process graphs may do beyond computing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Permissions:
    """What a process graph may do beyond reading collections and computing.

    Parameters
    ----------
    udf : bool
        Whether code of the user runs.
    udf_seconds : float
        The time, of the clock and of the processor, that such code may take for one block.
    udf_memory : int
        The bytes that such code may use.
    scratch : Path, optional
        Where the working directories of such code are made; the system's folder for temporary files by default.
    hosts : tuple of str
        The hosts that may be asked over the network, as shell patterns (``*.example.org``); none by default. A
        private address has to be named exactly.
    files : Path, optional
        The folder of the user's files.
    """

    udf: bool = True
    udf_seconds: float = 60.0
    udf_memory: int = 4 << 30
    hosts: tuple[str, ...] = ()
    files: Path | None = None
    scratch: Path | None = None


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
