"""What the routes of OUS work with: its sources of metadata, its caches, and who may look into them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gdc_jupyter.opendap.ous.caches import Cache, token_key
from gdc_jupyter.opendap.ous.cmr_api import CmrApi
from gdc_jupyter.opendap.ous.cmr_file import CmrFile
from gdc_jupyter.opendap.ous.sources import Sources

if TYPE_CHECKING:
    from gdc_jupyter.catalog.catalog import Catalog
    from gdc_jupyter.opendap.ous.metadata import Source

_DAY = 86_400.0


@dataclass
class OusService:
    """OUS as one server offers it.

    Parameters
    ----------
    catalogue : Path, optional
        A file with metadata in CMR's form.
    cmr_url : str
        The search application of a CMR, or nothing.
    most_granules : int
        Granules that one answer lists.
    administrators : tuple of str, optional
        Names of users who may look into the caches; None on the server of one person, who may.
    """

    catalogue: Path | None = None
    cmr_url: str = ""
    most_granules: int = 100_000
    administrators: tuple[str, ...] | None = None
    auth: Cache = field(default_factory=Cache)
    concepts: Cache = field(default_factory=lambda: Cache(10_000, _DAY))
    _file: CmrFile | None = None
    _clients: dict[str, CmrApi] = field(default_factory=dict)

    def sources(self, own: Source | None, cmr_token: str) -> Sources:
        """Return the sources of who asks.

        Parameters
        ----------
        own : Source, optional
            The server's own collections, as who asks may see them; None for who is no user of this server, and sees
            CMR's alone.
        cmr_token : str
            The token for CMR, or nothing.
        """
        found: list[Source] = []
        if own is not None:
            if self.catalogue is not None:
                self._file = self._file or CmrFile(self.catalogue)
                found.append(self._file)
            found.append(own)
        if self.cmr_url:
            found.append(self._client(cmr_token))
        return Sources(found, self.concepts, token_key("", cmr_token)[1:] + ":" if cmr_token else "")

    def is_administrator(self, user: str) -> bool:
        """Tell whether a user may look into the caches."""
        return self.administrators is None or user in self.administrators

    def load(self, catalog: Catalog) -> None:
        """Get ready what takes its time at first: the catalogue's file, and the granules of own collections."""
        from gdc_jupyter.opendap.ous.own_granules import get_ready

        get_ready(catalog.collections())
        if self.catalogue is not None:
            self._file = CmrFile(self.catalogue)

    def close(self) -> None:
        """Close the connections to CMR."""
        for client in self._clients.values():
            client.close()

    def _client(self, token: str) -> CmrApi:
        key = token_key("client", token)
        if key not in self._clients:
            while len(self._clients) >= 50:
                self._clients.pop(next(iter(self._clients))).close()
            self._clients[key] = CmrApi(self.cmr_url, token, self.concepts)
        return self._clients[key]
