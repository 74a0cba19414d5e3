"""The one place that makes URLs."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote, urlencode

from tornado.httputil import HTTPServerRequest

JSON = "application/json"
GEOJSON = "application/geo+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.1"
CONFORMANCE = "http://www.opengis.net/def/rel/ogc/1.0/conformance"


class Links:
    """Absolute addresses as the client of one request sees the server.

    Parameters
    ----------
    request : tornado.httputil.HTTPServerRequest
        The request; its protocol is already that of the outermost proxy where proxies are trusted.
    base_url : str
        The Jupyter server's base URL path.
    public_url : str
        The server's address as configured, with its base URL; empty to go by the request.
    trust_proxy : bool
        Whether X-Forwarded-Host and X-Forwarded-Prefix count.
    """

    def __init__(self, request: HTTPServerRequest, base_url: str, public_url: str = "", trust_proxy: bool = False):
        # JupyterHub tells its servers where the outside finds them.
        public_url = public_url or os.environ.get("JUPYTERHUB_PUBLIC_URL", "")
        if public_url:
            self.server = public_url.rstrip("/")
        else:
            host, prefix = request.host, ""
            if trust_proxy:
                host = request.headers.get("X-Forwarded-Host", host).split(",")[0].strip()
                prefix = request.headers.get("X-Forwarded-Prefix", "").rstrip("/")
            self.server = f"{request.protocol}://{host}{prefix}{base_url.rstrip('/')}"
        self.root = f"{self.server}/gdc"
        self._request = request

    def url(self, *segments: str, **query: Any) -> str:
        """Return the address of a path under the API's root; an id may hold slashes."""
        path = "".join(f"/{quote(segment, safe='/~')}" for segment in segments)
        asked = {key: value for key, value in query.items() if value is not None}
        return f"{self.root}{path}{f'?{urlencode(asked)}' if asked else ''}"

    def link(self, rel: str, *segments: str, type: str = JSON, title: str = "", **query: Any) -> dict[str, str]:
        """Return a link object to a path under the API's root."""
        return link(rel, self.url(*segments, **query), type, title)


def link(rel: str, href: str, type: str = JSON, title: str = "") -> dict[str, str]:
    """Return a link object."""
    made = {"rel": rel, "href": href, "type": type}
    return made | {"title": title} if title else made
