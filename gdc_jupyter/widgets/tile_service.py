"""Map tiles of a process graph: a temporary XYZ service of an openEO back-end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import requests

from gdc_jupyter.client import seen_by_browser
from gdc_jupyter.client_errors import told
from gdc_jupyter.errors import GdcError
from gdc_jupyter.exchange.importing import process_graph_of
from gdc_jupyter.selection import BBox

if TYPE_CHECKING:
    from openeo.rest.connection import Connection

#: A service ends by itself so long after it was last put off, where a back-end can do that.
LEASE = timedelta(hours=1)
_DESCRIPTION = "A layer of a map in a notebook; it goes with the layer."
_NOT_FOUND = 404
#: The codes of what back-ends say, or do not, that make no tiles.
NO_TILES = ("ServiceUnsupported", "FeatureUnsupported", "NotFound", "NotImplemented", "EndpointUnsupported")


class TileService:
    """A service on a back-end, which is there until it is removed.

    Parameters
    ----------
    connection : openeo.Connection
        A connection that is authenticated.
    graph : dict
        A flat process graph whose result is a raster cube.
    title : str
        What the service is called in a list of services.
    configuration : mapping
        Options of the back-end's XYZ services; those that are None are left out.

    Attributes
    ----------
    url : str
        The URL template of the tiles, as a browser that shows the notebook finds them. Whoever knows it sees the tiles
        as long as the service is there.
    attributes : dict
        What the back-end tells of it, such as ``bounds``, ``range`` and ``colors``.

    Raises
    ------
    GdcError
        What the back-end says is wrong with the graph or the options.
    """

    def __init__(
        self, connection: Connection, graph: Mapping[str, Any], title: str, configuration: Mapping[str, Any]
    ) -> None:
        self.connection = connection
        self.graph, self._title = dict(graph), title
        self._type, self._options = _xyz_type(connection)
        self.configuration = {name: value for name, value in configuration.items() if value is not None}
        self._check_options()
        self._last_log = ""
        self._make()

    def describe(self) -> None:
        """Ask the back-end for the attributes, of which some are known only when tiles have been made."""
        self._take(self.service_id)

    @property
    def bounds(self) -> BBox | None:
        """The area, its east beyond 180 where it crosses the antimeridian; None where the back-end does not tell."""
        edges = self.attributes.get("bounds")
        if not isinstance(edges, list) or len(edges) != 4:
            return None
        west, south, east, north = map(float, edges)
        return west, south, east + 360 if east < west else east, north

    @property
    def zooms(self) -> tuple[int, int]:
        """The first and the last zoom."""
        return int(self.attributes.get("minzoom", 0)), int(self.attributes.get("maxzoom", 22))

    def tile(self, zoom: int, x: int, y: int, timeout: float) -> bytes | None:
        """Return a tile as it comes, or None where there is none."""
        address = self.address
        for name, value in (("z", zoom), ("x", x), ("y", y)):
            address = address.replace(f"{{{name}}}", str(value))
        answer = requests.get(address, timeout=timeout)
        return answer.content if answer.ok else None

    def new_problems(self) -> list[str]:
        """Return what the service's log has told of failures since it was last asked."""
        offset = {"offset": self._last_log} if self._last_log else {}
        entries = self._ask("get", f"{self._path}/logs", params=offset | {"level": "warning"}).json().get("logs", [])
        if entries:
            self._last_log = str(entries[-1].get("id", self._last_log))
        return [str(entry.get("message", "")) for entry in entries if entry.get("level") in ("warning", "error")]

    def put_off(self) -> bool:
        """Put off the end of the service; return whether the address is a new one, for it had gone and is made anew."""
        if "expires" not in self._options:
            return False
        body = {"configuration": self._configured()}
        answer = self.connection.patch(self._path, json=body, expected_status=[204, _NOT_FOUND])
        if answer.status_code != _NOT_FOUND:
            return False
        self._make()
        return True

    def remove(self, timeout: float = 10.0) -> None:
        """Remove it from the back-end; one that is gone already is no error, and neither is a back-end that is gone."""
        try:
            # Without the client's own retries: nobody waits for this.
            requests.delete(self.connection.build_url(self._path), auth=self.connection.auth, timeout=timeout)
        except requests.RequestException:
            return

    @property
    def _path(self) -> str:
        return f"/services/{self.service_id}"

    def _make(self) -> None:
        body = {
            "type": self._type,
            "title": self._title,
            "description": _DESCRIPTION,
            "process": {"process_graph": self.graph},
            "configuration": self._configured(),
        }
        answer = self._ask("post", "/services", json=body, expected_status=201)
        self._take(answer.headers["OpenEO-Identifier"])

    def _take(self, service_id: str) -> None:
        described = self._ask("get", f"/services/{service_id}").json()
        self.attributes: dict[str, Any] = described.get("attributes") or {}
        self.address: str = described["url"]
        self.url = seen_by_browser(self.address)
        self.service_id = service_id

    def _configured(self) -> dict[str, Any]:
        if "expires" not in self._options:
            return self.configuration
        end = datetime.now(UTC) + LEASE
        return self.configuration | {"expires": f"{end:%Y-%m-%dT%H:%M:%SZ}"}

    def _check_options(self) -> None:
        unknown = [name for name in self.configuration if name not in self._options]
        if unknown:
            known = f"there are {', '.join(self._options)}" if self._options else "there are none"
            raise GdcError(
                "ServiceConfigUnsupported",
                f"The XYZ services of {self.connection.root_url} have no option '{unknown[0]}'; {known}.",
            )

    def _ask(self, method: str, path: str, **options: Any) -> requests.Response:
        with told(self.connection):
            response: requests.Response = getattr(self.connection, method)(path, **options)
            return response


def _xyz_type(connection: Connection) -> tuple[str, dict[str, Any]]:
    """Return how a back-end calls its XYZ services, and what can be configured of them."""
    with told(connection):
        types = connection.list_service_types()
    for name, description in types.items():
        if name.lower() == "xyz":
            return name, description.get("configuration") or {}
    found = ", ".join(types) or "none"
    raise GdcError(
        "ServiceUnsupported",
        f"{connection.root_url} makes no map tiles: of the types of services it has, {found}, none is XYZ.",
    )


def graph_of(cube: Any) -> dict[str, Any]:
    """Return the flat process graph of a cube, or of anything else that `process_graph_of` takes.

    Raises
    ------
    GdcError
        ``ProcessGraphMissing``.
    """
    graph: dict[str, Any] = process_graph_of(cube)["process_graph"]
    return graph


def name_of(graph: Mapping[str, Any]) -> str:
    """Return a name for the result of a graph: its last process, and the collections that it loads."""
    nodes = [node for node in graph.values() if node["process_id"] != "save_result"]
    loaded = [
        str(node.get("arguments", {}).get("id")) for node in nodes if node["process_id"].startswith("load_collection")
    ]
    result = next((node for node in nodes if node.get("result")), nodes[-1] if nodes else None)
    last = "" if result is None or result["process_id"].startswith("load_") else result["process_id"]
    parts = [*dict.fromkeys(loaded), last]
    return ", ".join(part for part in parts if part) or "layer"


def plain_value(value: Any) -> Any:
    """Return an option as JSON has it: tuples and arrays become lists, and numbers of numpy those of Python."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return [plain_value(each) for each in value] if isinstance(value, list | tuple) else value
