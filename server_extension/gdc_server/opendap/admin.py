"""The service itself: documentation, health, caches, and answers to try clients with."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import HTTPError

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.ous.caches import Cache
from gdc_server.opendap.base import OusHandler

_NAMES = ("auth", "concept")


class _PageHandler(OusHandler):
    @property
    def content_security_policy(self) -> str:
        """The policy of a page that has its own style, and nothing else."""
        return "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"

    def page(self) -> None:
        """Send the documentation."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(_documentation().replace("{root}", f"{self.links.server}/opendap"))


class DocumentationHandler(_PageHandler):
    """The page that says what there is."""

    @allow_unauthenticated
    def get(self) -> None:
        """Send it."""
        self.page()

    @allow_unauthenticated
    def head(self) -> None:
        """Say that it is there."""
        self.page()


class RobotsHandler(OusHandler):
    """What crawlers may do is told at the root of the server."""

    @allow_unauthenticated
    def get(self) -> None:
        """Send them there."""
        self.redirect(f"{self.base_url}robots.txt", permanent=True)


class HealthHandler(OusHandler):
    """Whether the service is well."""

    @allow_unauthenticated
    def get(self) -> None:
        """Tell."""
        parts = ("config", "httpd") if self.prefix == "service-bridge" else ("config", "httpd", "logging")
        self.send({part: {"ok?": True} for part in parts})


class PingHandler(OusHandler):
    """Whether somebody is there."""

    @allow_unauthenticated
    def get(self) -> None:
        """Answer."""
        self.require_administrator()
        self.send({"result": "pong"})

    @allow_unauthenticated
    def post(self) -> None:
        """Answer."""
        self.get()


class CacheHandler(OusHandler):
    """A cache, or one value of it; came with version 2."""

    @allow_unauthenticated
    def get(self, name: str, key: str = "") -> None:
        """Show what is kept."""
        kept = self._cache(name)
        self.send(kept.get(key) if key else kept.everything())

    @allow_unauthenticated
    def delete(self, name: str, key: str = "") -> None:
        """Forget it."""
        kept = self._cache(name)
        if key:
            kept.remove(key)
            self.send(None)
        else:
            kept.clear()
            self.send(kept.everything())

    def _cache(self, name: str) -> Cache:
        self.require_administrator()
        if not self.accepted.at_least("v2"):
            raise GdcError("NotFound", f"There are no caches in version {self.accepted.version}.")
        return self.ous.auth if name == "auth" else self.ous.concepts


class TestingHandler(OusHandler):
    """Answers of a status, to try clients with."""

    @allow_unauthenticated
    def get(self, status: str) -> None:
        """Answer with it."""
        raise HTTPError(int(status))

    def _told(self, status: int, exc_info: Any) -> tuple[int, list[str]]:
        error = exc_info[1] if exc_info else None
        if isinstance(error, HTTPError):
            return error.status_code, [f"HTTP Error status code: {error.status_code}."]
        return super()._told(status, exc_info)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log nothing: it was asked for."""


class UnknownPathHandler(_PageHandler):
    """Answers what is not there."""

    @allow_unauthenticated
    def get(self, *_: str) -> None:
        """Say that it is not there, on a page that says what is."""
        self.set_status(404)
        self.page()

    @allow_unauthenticated
    def head(self, *_: str) -> None:
        """Say that it is not there."""
        self.get()

    @allow_unauthenticated
    def post(self, *_: str) -> None:
        """Say that it is not there."""
        self.get()

    @allow_unauthenticated
    def put(self, *_: str) -> None:
        """Say that it is not there."""
        self.get()

    @allow_unauthenticated
    def delete(self, *_: str) -> None:
        """Say that it is not there."""
        self.get()


@cache
def _documentation() -> str:
    return Path(__file__).with_name("documentation.html").read_text(encoding="utf-8")
