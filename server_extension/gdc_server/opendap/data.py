"""The DAP server: granules by DAP2 and DAP4, and lists of what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from tornado.httputil import format_timestamp
from tornado.iostream import SSLIOStream, StreamClosedError

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.dap.answers import DAP2, DAP4, KINDS, Request, split_suffix
from gdc_jupyter.opendap.dap.errors import dap2_error, dap4_error
from gdc_server.api import errors
from gdc_server.api.base import ApiHandler, as_gdc_error
from gdc_server.api.negotiation import HTML, JSON
from gdc_server.identity import open_to_all, password_of
from gdc_server.opendap.reading import Batches

if TYPE_CHECKING:
    from gdc_jupyter.opendap.dap.dataset import Dataset

#: Bytes of an answer that is worth a connection of its own.
_LARGE = 1 << 20
_REFUSED = ("AuthenticationRequired", "TokenInvalid", "CredentialsInvalid", "AuthenticationSchemeInvalid")


class DataHandler(ApiHandler):
    """A granule, or a list of those that there are."""

    suffix = ""
    version: str | None = None
    _gone = False

    async def _identify(self) -> None:
        # The netCDF library sends user name and password of the address, and only after it was asked for them.
        header = self.request.headers.get("Authorization", "")
        if header.lower().startswith("basic "):
            self.request.headers["Authorization"] = f"Bearer {password_of(header)}"
        await super()._identify()

    def set_default_headers(self) -> None:
        """Let scripts of web pages read what DAP tells in headers."""
        super().set_default_headers()
        told = "Content-Description, Content-Disposition, Content-Length, ETag, Last-Modified, WWW-Authenticate, XDAP"
        self.set_header("Access-Control-Expose-Headers", told)

    @allow_unauthenticated
    async def get(self, path: str = "") -> None:
        """Send what the suffix asks for, or a page."""
        await self._answer(path)

    @allow_unauthenticated
    async def head(self, path: str = "") -> None:
        """Send the headers."""
        await self._answer(path)

    async def _answer(self, path: str) -> None:
        self.catalogue = await self.catalog()
        name, self.suffix = split_suffix(path)
        try:
            if self.suffix:
                await self._send_answer(name)
            elif path == "catalog.xml" or path.endswith("/catalog.xml"):
                await self._send_catalog(path.removesuffix("catalog.xml").strip("/"))
            else:
                await self._send_page(path.removesuffix(".html"))
        except GdcError as error:
            raise self._without_secrets(error) from None

    async def _send_answer(self, path: str) -> None:
        from gdc_jupyter.opendap.dap.granules import locate, open_granule

        reading, limits = self.services.reading, self.services.limits
        dataset = await reading.call(lambda: open_granule(*locate(self.catalogue, path)))
        kind = KINDS[self.suffix]
        self.set_header("XDAP", kind.version)
        if self._is_known(dataset):
            self.set_status(304)
            self.finish()
            return
        asked = Request(
            dataset,
            self.request.query,
            limits.max_dap_bytes,
            limits.max_dap_file_bytes,
            self.request.method == "HEAD",
            lambda: self._gone,
        )
        async with reading.answer(lambda: kind.answer(asked), kind.makes_file) as answer:
            await self._send(answer)

    def _is_known(self, dataset: Dataset) -> bool:
        """Tell the version of the data, and whether the client has this answer already."""
        self.set_header("Cache-Control", "private, no-cache")
        if dataset.modified is not None:
            self.set_header("Last-Modified", format_timestamp(dataset.modified))
        if not dataset.version:
            return False
        self.version = f'W/"{dataset.version}"'
        self.set_header("ETag", self.version)
        return self.check_etag_header()

    def compute_etag(self) -> str | None:
        """Return the version of the data, not of the bytes, which are not all there."""
        return self.version

    async def _send_page(self, path: str) -> None:
        from gdc_jupyter.opendap.dap import pages
        from gdc_jupyter.opendap.dap.granules import locate, open_granule

        server, first = self.links.server, self.integer("offset", 0) or 0
        most = self.limit() or self.services.limits.max_page

        def make() -> tuple[str, dict[str, Any]]:
            if not path:
                return "dap_collections", pages.list_collections(self.catalogue, server)
            collection, granule = locate(self.catalogue, path)
            if not granule:
                return "dap_granules", pages.list_granules(collection, server, first, most)
            dataset = open_granule(collection, granule)
            return "dap_granule", pages.describe(collection, granule, dataset, server)

        self.format(JSON, HTML)
        await self.send_as(*await self.services.reading.call(make))

    async def _send_catalog(self, path: str) -> None:
        from gdc_jupyter.opendap.dap import pages
        from gdc_jupyter.opendap.dap.granules import DATA_PATH, locate

        server, base = self.links.server, f"{self.base_url}{DATA_PATH}/"

        def make() -> bytes:
            if not path:
                found = pages.list_collections(self.catalogue, server)["collections"]
                return pages.catalog_xml("Collections", base, found, [])
            collection, granule = locate(self.catalogue, path)
            if granule:
                raise GdcError("NotFound", f"There is nothing at {self.request.path}.")
            listed = pages.list_granules(collection, server, 0, self.services.limits.max_page)
            return pages.catalog_xml(collection.id, base, [], listed["granules"])

        made = await self.services.reading.call(make)
        self.set_header("Content-Type", "application/xml; charset=utf-8")
        self.finish(made)

    def on_connection_close(self) -> None:
        """Stop reading for a client that has gone."""
        self._gone = True
        super().on_connection_close()

    async def _send(self, answer: Batches) -> None:
        connection: Any = self.request.connection
        size = int(answer.head["headers"].get("Content-Length", 0))
        if self.request.method != "HEAD" and (size < _LARGE or isinstance(connection.stream, SSLIOStream)):
            await self.send_stream(answer)
            return
        self.set_header("Content-Type", answer.head["media_type"])
        for name, value in answer.head["headers"].items():
            self.set_header(name, value)
        if self.request.method == "HEAD":
            self.finish()
        else:
            await self._send_large(answer)

    async def _send_large(self, answer: Batches) -> None:
        """Send an answer past the server, after which the connection is closed."""
        self.set_header("Connection", "close")
        try:
            await self.flush()
        except StreamClosedError:
            return
        stream = self.detach()
        try:
            await self.services.reading.send(answer, stream)
        except OSError:
            self.log.debug("%s %s: the client has gone", self.request.method, self.request.path)
        except GdcError:
            # It cannot be told any more; that the end is missing tells that it is not all.
            self.log.warning("%s %s was broken off", self.request.method, self.request.path, exc_info=True)
        finally:
            stream.close()
            self.application.log_request(self)

    def _without_secrets(self, error: GdcError) -> GdcError:
        """Return the error for who is not known, who may have to log in to see what is asked for."""
        if error.code == "CollectionNotFound" and self.viewer is None and not open_to_all(self.identity_provider):
            return GdcError("AuthenticationRequired", "There is nothing for all to see here: log in with the token.")
        return error

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Answer an error in the form of the version of DAP that is spoken."""
        error = as_gdc_error(status_code, kwargs.get("exc_info"), self.error_number)
        status = 401 if error.code in _REFUSED else errors.status_of(error.code)
        JupyterHandler.send_error(self, status, dap_error=error, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write it."""
        error: GdcError = kwargs["dap_error"]
        if status_code == 401:
            self.set_header("WWW-Authenticate", 'Basic realm="Jupyter token as password", charset="UTF-8"')
        if error.code == "MethodNotAllowed":
            self.set_header("Allow", ", ".join(self.implemented_methods()))
        version = KINDS[self.suffix].version if self.suffix in KINDS else DAP2
        self.set_header("XDAP", version)
        if version == DAP4:
            self.set_header("Content-Type", "application/vnd.opendap.dap4.error+xml")
            self.finish(dap4_error(status_code, error.message))
            return
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Content-Description", "dods-error")
        self.finish(dap2_error(error.code, error.message))
