"""Computing while the client waits."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tarfile
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import authenticated

from gdc_jupyter.errors import GdcError
from gdc_jupyter.jobs.model import Process
from gdc_server.api.base import ApiHandler
from gdc_server.api.bodies import SLOWEST_SECONDS

_TAR = "application/x-tar"
_CHUNK = 1 << 18


Send = Callable[[dict[str, Any], Path], Awaitable[None]]


class SynchronousHandler(ApiHandler):
    """A handler that computes while the client waits."""

    _work: asyncio.Task[dict[str, Any]] | None = None

    async def compute(self, process: Process, send: Send) -> None:
        """Compute a process, and send what comes of it; the work ends when the client goes.

        Parameters
        ----------
        process : dict or orjson.Fragment
            An openEO process.
        send : callable
            Gets the description of the result and the folder in whose ``results`` its files are.

        Raises
        ------
        GdcError
            What the engine says is wrong; ``RequestTimeout``.
        """
        queue = await self.services.queue()
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="gdc-result-"))
        seconds = self.services.limits.synchronous_timeout
        try:
            self._work = asyncio.create_task(queue.run_synchronously(process, folder, self.owner))
            described = await asyncio.wait_for(self._work, seconds)
            await send(described, folder)
        except TimeoutError:
            raise too_slow(seconds) from None
        except (asyncio.CancelledError, StreamClosedError):
            # The client has gone: there is nobody to answer.
            self._finished = True
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, True)

    def on_connection_close(self) -> None:
        """End the work of a client that has gone."""
        super().on_connection_close()
        if self._work is not None:
            self._work.cancel()

    async def send_result(self, described: dict[str, Any], folder: Path) -> None:
        """Send the file of a result, a tar archive of several, or its bare value as JSON."""
        number = f"r-{secrets.token_hex(10)}"
        self.set_header("OpenEO-Identifier", number)
        self.set_header("GDC-Identifier", number)
        await send_files(self, described, folder / "results")


class ResultHandler(SynchronousHandler):
    """Synchronous requests."""

    @authenticated
    async def post(self) -> None:
        """Compute a process and send its file, a tar archive of several, or its bare value as JSON."""
        await self.compute((await self.read_json("compute-result"))["process"], self.send_result)


def too_slow(seconds: float) -> GdcError:
    """Return the error of a synchronous request that takes too long."""
    return GdcError(
        "RequestTimeout",
        f"The work took longer than the {seconds:g} s that a synchronous request may. Use a batch job.",
    )


async def send_files(handler: ApiHandler, described: dict[str, Any], files: Path) -> None:
    """Send the file of a result, a tar archive of several, or its bare value as JSON.

    Parameters
    ----------
    handler : ApiHandler
    described : dict
        The description of the result.
    files : pathlib.Path
        The folder with its files.
    """
    if "value" in described:
        await handler.send_long(described["value"])
        return
    assets = list(described["assets"].values())
    if len(assets) == 1:
        await _send_file(handler, files / assets[0]["href"], assets[0]["type"])
        return
    with tempfile.TemporaryDirectory(prefix="gdc-archive-") as folder:
        archive = Path(folder) / "result.tar"
        await asyncio.to_thread(_pack, files, archive)
        await _send_file(handler, archive, _TAR)


async def _send_file(handler: ApiHandler, path: Path, media_type: str) -> None:
    handler.set_header("Content-Type", media_type)
    handler.set_header("Content-Length", str(path.stat().st_size))
    handler.set_attachment_header(path.name)
    try:
        with path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                handler.write(chunk)
                async with asyncio.timeout(SLOWEST_SECONDS):
                    await handler.flush()
        await handler.finish()
    except (StreamClosedError, TimeoutError):
        handler.break_off()


def _pack(files: Path, archive: Path) -> None:
    with tarfile.open(archive, "w") as tar:
        for path in sorted(files.rglob("*")):
            tar.add(path, arcname=path.relative_to(files).as_posix(), recursive=False)
