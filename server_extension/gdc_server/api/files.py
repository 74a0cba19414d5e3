"""The files of users: list, download, upload, remove."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from tornado.web import HTTPError, StaticFileHandler, authenticated

from gdc_jupyter.catalog.user_folder import Upload, UserFolder
from gdc_jupyter.errors import GdcError
from gdc_server.api.base import ApiHandler
from gdc_server.api.downloads import DownloadHandler
from gdc_server.api.paging import page_links

#: Bytes that are written together.
_TOGETHER = 1 << 20


class FilesHandler(ApiHandler):
    """All files of a user."""

    @authenticated
    async def get(self) -> None:
        """List a page of them by path."""
        limit, cursor = self.limit(), self.get_query_argument("cursor", "", strip=False) or None
        folder = self.services.user_folder(self.owner)
        files, following = await asyncio.to_thread(folder.list, limit, cursor)
        links = page_links(self.links, "files", limit, cursor, following)
        listed = await asyncio.to_thread(lambda: [asdict(file) for file in files])
        await self.send_long({"files": listed, "links": links})


class UserFileHandler(DownloadHandler):
    """One file of a user."""

    _upload: Upload | None = None
    _given_up = False

    def initialize(self) -> None:  # type: ignore[override]
        """Have nothing to write yet."""
        super().initialize()
        self._waiting = bytearray()

    @property
    def folder(self) -> UserFolder:
        """Where the user's files are."""
        return self.services.user_folder(self.owner)

    async def admit(self) -> None:
        """Begin an upload, before its body is read."""
        await super().admit()
        if self.request.method == "PUT":
            length = self.request.headers.get("Content-Length", "")
            size = int(length) if length.isdecimal() and len(length) < 19 else None
            self._upload = await asyncio.to_thread(self.folder.upload, self.path_args[0], size)
            if self._given_up:
                self._give_up()

    def largest_body(self) -> int:
        """Return how many bytes an upload may have."""
        return (self.folder.largest or 1 << 62) if self.request.method == "PUT" else super().largest_body()

    def too_large(self) -> GdcError:
        """Return the refusal of a file with more."""
        return GdcError("FileSizeExceeded", f"A file may have {self.largest_body()} bytes, and this one has more.")

    async def take(self, chunk: bytes) -> None:
        """Write what comes."""
        self._waiting += chunk
        if len(self._waiting) >= _TOGETHER:
            await self._write()

    async def _write(self) -> None:
        waiting, self._waiting = self._waiting, bytearray()
        if self._upload is not None:
            await asyncio.to_thread(self._upload.write, waiting)

    @authenticated
    async def get(self, name: str) -> None:  # type: ignore[override]
        """Send it."""
        await self._serve(name, include_body=True)

    @authenticated
    async def head(self, name: str) -> None:  # type: ignore[override]
        """Tell its size."""
        await self._serve(name, include_body=False)

    async def _serve(self, name: str, include_body: bool) -> None:
        await asyncio.to_thread(self.folder.find, name)
        self.root = str(self.folder.folder.resolve())
        try:
            await StaticFileHandler.get(self, "/".join(filter(None, name.split("/"))), include_body=include_body)
        except HTTPError as error:
            if error.status_code not in (403, 404):
                raise
            raise GdcError("FileNotFound", f"There is no file '{name}'.") from None

    @authenticated
    async def put(self, name: str) -> None:
        """Put what came in its place."""
        await self._write()
        assert self._upload is not None
        self.send(asdict(await asyncio.to_thread(self._upload.commit)))

    @authenticated
    async def delete(self, name: str) -> None:
        """Remove it."""
        await asyncio.to_thread(self.folder.delete, name)
        self.set_status(204)

    def on_finish(self) -> None:
        """Leave nothing of what was not stored."""
        super().on_finish()
        self._give_up()

    def on_connection_close(self) -> None:
        """Leave nothing of what a client that has gone did not send in full."""
        super().on_connection_close()
        self._give_up()

    def _give_up(self) -> None:
        self._given_up = True
        if self._upload is not None:
            asyncio.get_running_loop().run_in_executor(None, self._upload.abort)
