"""The main job without a browser: a server, a composite as a batch job through the API, a GeoTIFF and a picture."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

AREA = {"west": 11.345, "south": 46.495, "east": 11.372, "north": 46.512}
SUMMER = ["2022-06-01", "2022-09-01"]
# Cloud shadows, clouds of medium and high probability, and cirrus in the Sentinel-2 scene classification.
CLOUDY = (3, 8, 9, 10)
FOLDER = Path("demo-output")


def composite(connection: Any, area: dict[str, float] = AREA, dates: list[str] = SUMMER) -> Any:
    """Return the cloud-free median NDVI of the sample series, as a cube of the openeo client.

    Parameters
    ----------
    connection : openeo.Connection
    area : dict
        West, south, east and north in degrees.
    dates : list of str
        The first day, and the first day after the interval.
    """
    cube = connection.load_collection(
        "S2_ALPS", spatial_extent=area, temporal_extent=dates, bands=["B04", "B08", "SCL"]
    )
    classes = cube.band("SCL")
    clouds = classes == CLOUDY[0]
    for value in CLOUDY[1:]:
        clouds = clouds | (classes == value)
    clear = cube.filter_bands(["B04", "B08"]).mask(clouds)
    return clear.ndvi(nir="B08", red="B04").reduce_dimension(dimension="t", reducer="median")


def main() -> int:
    """Run the demo and say where its files are."""
    import openeo

    FOLDER.mkdir(exist_ok=True)
    token = secrets.token_urlsafe(16)
    with server(token, FOLDER / "server.log") as url:
        print(f"A server runs at {url}")
        connection = openeo.connect(url).authenticate_basic("demo", token)
        print("Collections:", ", ".join(connection.list_collection_ids()))
        cube = composite(connection)
        written = [
            _finished_job(cube.save_result("GTiff"), "Median NDVI, summer 2022", FOLDER / "ndvi-median.tif"),
            _finished_job(_picture(cube), "Median NDVI as a picture", FOLDER / "ndvi-median.png"),
        ]
    print("Done:", *(f"  {path}" for path in written), sep="\n")
    return 0


def _picture(cube: Any) -> Any:
    return cube.save_result("PNG", options={"min": 0, "max": 0.9, "colormap": "vegetation"})


def _finished_job(cube: Any, title: str, target: Path) -> Path:
    from tqdm import tqdm

    job = cube.create_job(title=title)
    job.start_job()
    with tqdm(total=100, desc=title, unit="%", bar_format="{l_bar}{bar}| {elapsed}") as bar:
        while True:
            state = job.describe()
            bar.update(float(state.get("progress", 0)) - bar.n)
            if state["status"] not in ("queued", "running", "created"):
                break
            time.sleep(0.1)
    if state["status"] != "finished":
        messages = "; ".join(entry["message"] for entry in job.logs() if entry["level"] == "error")
        raise SystemExit(f"The job ended as {state['status']}: {messages}")
    job.get_results().get_assets()[0].download(target)
    return target


def free_port() -> int:
    """Return a port of this computer that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def server(token: str, log: Path, environment: Mapping[str, str] = os.environ, *options: str) -> Iterator[str]:
    """Run ``jupyter gdc`` on a free port of this computer and yield the address of its API.

    Parameters
    ----------
    token : str
        The server's token.
    log : Path
        Where the server's messages go.
    environment : mapping
        The server's environment variables, beside its token.
    *options : str
        Further ones for the command line.

    Raises
    ------
    SystemExit
        Where the server does not answer within a minute, with the place of its messages.
    """
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "gdc_server",
        f"--ServerApp.port={port}",
        "--ServerApp.ip=127.0.0.1",
        "--no-browser",
        *options,
    ]
    with log.open("wb") as messages:
        process = subprocess.Popen(
            command,
            env={**environment, "JUPYTER_TOKEN": token},
            stdin=subprocess.DEVNULL,
            stdout=messages,
            stderr=messages,
        )
        try:
            url = f"http://127.0.0.1:{port}/gdc/"
            _wait_for(url, process, log)
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"The server did not start; see {log}.")


if __name__ == "__main__":
    sys.exit(main())
