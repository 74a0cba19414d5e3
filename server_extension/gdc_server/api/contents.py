"""Files that notebooks see, as collections."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.utils import ApiPath, ensure_async, to_os_path
from tornado.web import authenticated

from gdc_jupyter.catalog.paths import add_file, collections_at
from gdc_jupyter.errors import GdcError
from gdc_server.api.base import ApiHandler
from gdc_server.api.collections import described_as_json

if TYPE_CHECKING:
    from gdc_jupyter.catalog.catalog import Catalog
    from gdc_jupyter.catalog.collection import Collection


class ContentsHandler(ApiHandler):
    """The files of the Jupyter server."""

    @authenticated
    async def post(self) -> None:
        """Make a collection of one, or tell which there is."""
        await self._check_permission()
        path = await self._find((await self.read_json("add-contents"))["path"])
        catalog, owner = await self.catalog(), self.owner
        collections, is_new = await self.in_thread(lambda: _collections(catalog, path, owner))
        links = self.links
        described = await self.in_thread(lambda: [described_as_json(collection, links) for collection in collections])
        if is_new:
            self.set_header("Location", links.url("collections", collections[0].id))
        self.send({"collections": described}, status=201 if is_new else 200)

    async def _check_permission(self) -> None:
        if self.account is not None or not await ensure_async(
            self.authorizer.is_authorized(self, self.current_user, "read", "contents")
        ):
            raise GdcError("PermissionsInsufficient", "The files of this Jupyter server are not yours to read.")

    async def _find(self, name: str) -> Path:
        """Return where a path of the contents API lies, which must be below the root folder, links followed."""
        manager: Any = self.settings["contents_manager"]
        root = getattr(manager, "root_dir", "")
        if not root:
            raise GdcError("FeatureUnsupported", "The files of this Jupyter server are not in a folder of its own.")
        path = Path(to_os_path(ApiPath(name), root))
        is_inside = await self.in_thread(lambda: _is_inside(path, Path(root)))
        if not is_inside or (not manager.allow_hidden and await ensure_async(manager.is_hidden(name.strip("/")))):
            raise GdcError("FileNotFound", f"There is no file '{name}' among the files of this Jupyter server.")
        return path


def _is_inside(path: Path, root: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(root.resolve())
    except (OSError, ValueError):
        return False


def _collections(catalog: Catalog, path: Path, owner: str) -> tuple[list[Collection], bool]:
    there = collections_at(path, catalog.folder, catalog.collections())
    return (there, False) if there else (add_file(catalog, path, owner), True)
