"""Files sent as they are: whole, in ranges, or only if they changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path

from tornado.web import StaticFileHandler

from gdc_server.api.base import ApiHandler


class DownloadHandler(ApiHandler, StaticFileHandler):
    """Sends a file of the folder `root`, which each request sets, and which leaves proxies no copy."""

    media_type = "application/octet-stream"

    def initialize(self) -> None:  # type: ignore[override]
        """Leave the folder to the request."""
        StaticFileHandler.initialize(self, path="")

    def compute_etag(self) -> str | None:
        """Return a tag of time and size: a large file is not read for it."""
        status = self._stat()
        return f'"{status.st_mtime_ns:x}-{status.st_size:x}"'

    def get_content_type(self) -> str:
        """Return the media type, which does not go by the file's name."""
        return self.media_type

    def flush(self, include_footers: bool = False) -> Awaitable[None]:  # type: ignore[override]
        """Send what there is, and let others go on: a fast client would take a large file in one go."""
        sent = super().flush(include_footers)
        return sent if include_footers else _then_others(sent)

    def set_extra_headers(self, path: str) -> None:
        """Add the file's name, and that proxies may not keep it."""
        self.set_attachment_header(Path(path).name)
        self.set_header("Cache-Control", "private")


async def _then_others(sent: Awaitable[None]) -> None:
    await sent
    await asyncio.sleep(0)
