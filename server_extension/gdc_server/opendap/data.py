"""The DAP server: granules by DAP2 and DAP4, and lists of what there is."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler

from gdc_jupyter.errors import GdcError
from gdc_jupyter.opendap.dap_answers import DAP2, DAP4, KINDS, DapAnswer, Request, split_suffix
from gdc_jupyter.opendap.dap_errors import dap2_error, dap4_error
from gdc_server.api import errors
from gdc_server.api.base import ApiHandler, as_gdc_error
from gdc_server.identity import open_to_all, password_of
from gdc_server.opendap.reading import Batches

_REFUSED = ("AuthenticationRequired", "TokenInvalid", "CredentialsInvalid", "AuthenticationSchemeInvalid")


class DataHandler(ApiHandler):
    """A granule."""

    suffix = ""
    _gone = False

    async def _identify(self) -> None:
        # The netCDF library sends user name and password of the address, and only after it was asked for them.
        header = self.request.headers.get("Authorization", "")
        if header.lower().startswith("basic "):
            self.request.headers["Authorization"] = f"Bearer {password_of(header)}"
        await super()._identify()

    @allow_unauthenticated
    async def get(self, path: str) -> None:
        """Send what the suffix asks for."""
        await self._answer(path)

    @allow_unauthenticated
    async def head(self, path: str) -> None:
        """Send the headers."""
        await self._answer(path)

    async def _answer(self, path: str) -> None:
        granule, self.suffix = split_suffix(path)
        catalog, query, limits = await self.catalog(), self.request.query, self.services.limits

        def make() -> DapAnswer:
            from gdc_jupyter.opendap.granules import locate, open_granule

            dataset = open_granule(*locate(catalog, granule))
            asked = Request(dataset, query, limits.max_dap_bytes, limits.max_dap_file_bytes, lambda: self._gone)
            return KINDS[self.suffix].answer(asked)

        if self.suffix not in KINDS:
            raise GdcError("NotFound", f"There is nothing at {self.request.path}.")
        try:
            async with self.services.reading.answer(make) as answer:
                self.set_header("XDAP", KINDS[self.suffix].version)
                await self._send(answer)
        except GdcError as error:
            raise self._without_secrets(error) from None

    def on_connection_close(self) -> None:
        """Stop reading for a client that has gone."""
        self._gone = True
        super().on_connection_close()

    async def _send(self, answer: Batches) -> None:
        if self.request.method != "HEAD":
            await self.send_stream(answer)
            return
        self.set_header("Content-Type", answer.head["media_type"])
        for name, value in answer.head["headers"].items():
            self.set_header(name, value)
        self.finish()

    def _without_secrets(self, error: GdcError) -> GdcError:
        """Return the error for who is not known, who may have to log in to see what is asked for."""
        hidden = error.code in ("CollectionNotFound", "ItemNotFound", "NotFound")
        if hidden and self.viewer is None and not open_to_all(self.identity_provider):
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
