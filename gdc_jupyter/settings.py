"""Where the toolkit keeps its data, and what process graphs may do beyond computing."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FOLDER_NAME = re.compile(r"[A-Za-z0-9_-][\w.-]{0,99}", re.ASCII)


@dataclass(frozen=True)
class Limits:
    """How large a process graph may be, and what it may cost; what is more is refused before anything is read.

    Parameters
    ----------
    nodes : int
        Nodes, those of callbacks included.
    read_bytes : int, optional
        What is read in all, as decoded numbers in memory.
    result_bytes : int, optional
        What is saved in all, before compression.
    memory_bytes : int
        The largest cube that may have to be in memory as a whole.
    """

    nodes: int = 5000
    read_bytes: int | None = 200 * 10**9
    result_bytes: int | None = 100 * 10**9
    memory_bytes: int = 4 << 30


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
    ogcapi : str, optional
        The address of the OGC API - Processes service whose processes run_ogcapi knows by their ids.
    limits : Limits
        How large it may be, and what it may cost.
    processes : mapping
        The user's own processes by id, each with ``process_graph`` and ``parameters``.
    """

    udf: bool = True
    udf_seconds: float = 60.0
    udf_memory: int = 4 << 30
    hosts: tuple[str, ...] = ()
    files: Path | None = None
    limits: Limits = Limits()
    scratch: Path | None = None
    ogcapi: str | None = None
    processes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False, compare=False)


@dataclass(frozen=True)
class MapSettings:
    """How maps look at first, as the site or the user configures it for the kernels.

    Parameters
    ----------
    tiles : str, optional
        The URL template of a tile server, ``https://tiles.example.org/{z}/{x}/{y}.png``; without one nothing is
        fetched from a network.
    attribution : str
        Whose tiles they are, as plain text.
    home : str, optional
        What maps show at first: west, south, east and north, or the name of a place.
    """

    tiles: str | None = None
    attribution: str = ""
    home: str | None = None


def map_settings() -> MapSettings:
    """Return the settings in ``GDC_MAP_TILES``, ``GDC_MAP_ATTRIBUTION`` and ``GDC_MAP_HOME``.

    A server passes its own configuration (``GdcApp.map_tiles``, …) on to its kernels through these variables.
    """
    return MapSettings(
        os.environ.get("GDC_MAP_TILES") or None,
        os.environ.get("GDC_MAP_ATTRIBUTION", ""),
        os.environ.get("GDC_MAP_HOME") or None,
    )


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


def files_folder(data: Path, owner: str) -> Path:
    """Return the folder of a user's files, which need not exist.

    Parameters
    ----------
    data : Path
        The data directory.
    owner : str
        The id of the user; what makes no name of a folder is replaced by a digest.
    """
    name = owner if _FOLDER_NAME.fullmatch(owner) else "~" + hashlib.sha256(owner.encode()).hexdigest()[:32]
    return data / "files" / name
