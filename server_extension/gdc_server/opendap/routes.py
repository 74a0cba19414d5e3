"""Which path of OUS goes to which handler. The service is also reached by its later name, with the later defaults."""

from __future__ import annotations

from typing import Any

from tornado.web import RequestHandler

from gdc_server.opendap import admin, data, ous

Route = tuple[str, type[RequestHandler], dict[str, Any]]
_PATHS: list[tuple[str, type[RequestHandler]]] = [
    ("", admin.DocumentationHandler),
    ("docs", admin.DocumentationHandler),
    (r"robots\.txt", admin.RobotsHandler),
    ("ous/collection/(.+?)", ous.CollectionHandler),
    ("ous/streaming-collection/(.+?)", ous.StreamingHandler),
    ("ous/collections", ous.CollectionsHandler),
    ("health", admin.HealthHandler),
    ("ping", admin.PingHandler),
    ("cache/(auth|concept)", admin.CacheHandler),
    ("cache/(auth|concept)/(.+?)", admin.CacheHandler),
    ("testing/(401|403|404|405|500|503)", admin.TestingHandler),
]
_PREFIXES = ("opendap", "service-bridge")


def routes() -> list[Route]:
    """Return pattern, handler and arguments of each path, relative to the server's base URL."""
    made: list[Route] = []
    for prefix in _PREFIXES:
        for path, handler in _PATHS:
            pattern = f"/+{prefix}" + "".join(f"/+{part}" for part in path.split("/") if part)
            made.append((f"{pattern}/*", handler, {"prefix": prefix}))
    made += [(f"/+opendap/+data{path}/*", data.DataHandler, {}) for path in ("", "/+(.+?)")]
    made.append(("/+testing/+(401|403|404|405|500|503)/*", admin.TestingHandler, {}))
    made += [(f"/+{prefix}(/.*)", admin.UnknownPathHandler, {"prefix": prefix}) for prefix in _PREFIXES]
    return made
