"""``jupyter gdc`` and the server extension of the same name: configuration and wiring, nothing else."""

from __future__ import annotations

import gc
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, Dict, Float, Integer, List, TraitError, Unicode, default, validate

from gdc_jupyter.errors import GdcError
from gdc_jupyter.settings import Limits as GraphLimits
from gdc_jupyter.settings import Permissions, data_directory
from gdc_server.api.capabilities import WellKnownHandler
from gdc_server.api.routes import routes
from gdc_server.identity import is_personal
from gdc_server.oidc.accounts import Accounts
from gdc_server.oidc.providers import providers_of
from gdc_server.opendap.routes import routes as opendap_routes
from gdc_server.opendap.service import OusService
from gdc_server.services import Limits, Services

_COMMANDS = ("run", "explain", "add", "list", "share", "remove")
_JOB_EVENT = "urn:gdc-jupyter:job:1"


class GdcApp(ExtensionApp):
    """The geodatacube API in a Jupyter server."""

    name = "gdc"
    description = "Serve the geodatacube API (openEO, STAC) from a Jupyter server."
    extension_url = "/gdc"
    # On its own the server has no JupyterLab; inside of JupyterLab this says nothing.
    load_other_extensions = False
    # Containers run as root; unlike a notebook server, `jupyter gdc` must start there without more words.
    serverapp_config = {"allow_root": True}  # noqa: RUF012

    data_dir = Unicode(help="Folder of the catalogue, the generated samples and the jobs.").tag(config=True)
    samples = Bool(True, help="Whether the sample collections are offered.").tag(config=True)
    public_url = Unicode(
        "", help="Address of this Jupyter server, with its base URL, where it differs from what requests say."
    ).tag(config=True)
    map_tiles = Unicode(
        help="URL template (https://host/{z}/{x}/{y}.png) of a tile server that the maps of kernels show. "
        "GDC_MAP_TILES by default, else the offline base map, which asks no network."
    ).tag(config=True)
    map_attribution = Unicode(help="Whose tiles these are. GDC_MAP_ATTRIBUTION by default.").tag(config=True)
    map_home = Unicode(
        help="What the maps show at first: 'west,south,east,north', or the name of a place of their offline list. "
        "GDC_MAP_HOME by default, else the world."
    ).tag(config=True)
    max_running_jobs = Integer(min=1, help="Batch jobs that run at the same time.").tag(config=True)
    max_synchronous = Integer(4, min=1, help="Synchronous requests that run at the same time.").tag(config=True)
    max_body_bytes = Integer(Limits.max_body_bytes, min=1, help="Largest request body, in bytes.").tag(config=True)
    max_files_bytes = Integer(
        Limits.max_files_bytes, min=0, help="Most bytes that the uploaded files of one user have; 0 for no limit."
    ).tag(config=True)
    max_file_bytes = Integer(
        Limits.max_file_bytes, min=0, help="Most bytes that one uploaded file has; 0 for no limit but that of them all."
    ).tag(config=True)
    max_page = Integer(Limits.max_page, min=1, help="Most elements that one page of a list has.").tag(config=True)
    job_memory = Integer(
        0, min=0, help="Memory that one job may use, in bytes; 0 for no limit. Only Linux has this limit."
    ).tag(config=True)
    udf = Bool(
        allow_none=True,
        default_value=None,
        help="Whether code of the users runs (run_udf), with the rights of this server. By default it does where the "
        "server belongs to one person: it asks for its token or password, or a JupyterHub started it for a user.",
    ).tag(config=True)
    udf_seconds = Float(
        Permissions.udf_seconds, min=0.1, help="Seconds that code of a user may take for one block."
    ).tag(config=True)
    udf_memory = Integer(
        Permissions.udf_memory, min=1 << 20, help="Memory that code of a user may use, in bytes. Only Linux limits it."
    ).tag(config=True)
    oidc_providers = List(
        Dict(),
        help="OpenID Connect providers whose users may log in: 'id' and 'issuer'; 'audience', of which a token must "
        "have one, or 'clients', for one of which it must be made; 'default_clients' for users without one of their "
        "own, with 'id', 'grant_types' and 'redirect_urls'; 'title', 'description', 'scopes', 'links'; 'algorithms' "
        "of signatures; and whether 'opaque_tokens' that only the provider can read are taken, by default where no "
        "audience is given. Such a server is for several people.",
    ).tag(config=True)
    oidc_leeway = Float(
        30.0, min=0.0, help="Seconds that the clocks of OpenID Connect providers and of this server may differ."
    ).tag(config=True)
    oidc_kept_seconds = Float(
        60.0, min=0.0, help="Seconds for which a token of an OpenID Connect provider need not be checked again."
    ).tag(config=True)
    hosts = List(
        Unicode(),
        help="Hosts that process graphs may ask over the network, as patterns such as '*.example.org'; none by "
        "default. A private address has to be named exactly.",
    ).tag(config=True)
    dask_scheduler = Unicode(
        help="Address of a Dask scheduler (tcp://host:8786) whose workers compute the blocks of batch jobs; they need "
        "this version, the same data folder and the same files. GDC_DASK_SCHEDULER by default, else this computer.",
    ).tag(config=True)
    ogcapi = Unicode(
        "", help="Address of the OGC API - Processes service that run_ogcapi uses; its host must be among the hosts."
    ).tag(config=True)
    max_nodes = Integer(GraphLimits.nodes, min=1, help="Most nodes that a process graph may have.").tag(config=True)
    max_read_bytes = Integer(
        GraphLimits.read_bytes,
        min=0,
        help="Most bytes that one process graph may read, as decoded numbers; 0 for no limit.",
    ).tag(config=True)
    max_result_bytes = Integer(
        GraphLimits.result_bytes, min=0, help="Most bytes of one result, before compression; 0 for no limit."
    ).tag(config=True)
    max_synchronous_read_bytes = Integer(
        Limits.max_synchronous_read_bytes, min=0, help="The same for synchronous requests; 0 for that of jobs."
    ).tag(config=True)
    max_synchronous_result_bytes = Integer(
        Limits.max_synchronous_result_bytes, min=0, help="The same for synchronous requests; 0 for that of jobs."
    ).tag(config=True)
    max_coverage_bytes = Integer(
        Limits.max_coverage_bytes, min=1, help="Most bytes of one coverage, before compression."
    ).tag(config=True)
    max_dap_bytes = Integer(
        Limits.max_dap_bytes, min=0, help="Most bytes of values of one answer of the DAP server; 0 for no limit."
    ).tag(config=True)
    max_dap_file_bytes = Integer(
        Limits.max_dap_file_bytes,
        min=0,
        help="The same for text and for NetCDF files, which are made on the disk before they are sent; 0 for no limit.",
    ).tag(config=True)
    max_dap_requests = Integer(
        Limits.max_dap_requests, min=1, help="Answers of the DAP server that are sent at the same time."
    ).tag(config=True)
    process_descriptions = Unicode(
        help="Folder of openEO process files whose words (summaries, descriptions, links) stand in place of this "
        "server's own; their interfaces must be the same."
    ).tag(config=True)
    callback_hosts = List(
        Unicode(),
        help="Hosts in private networks that may be told of executions by callbacks, as patterns; public ones may be.",
    ).tag(config=True)
    ous_catalogue = Unicode(
        help="File with metadata in CMR's JSON form (collections, granules, variables, services) that the OPeNDAP URL "
        "service knows beside this server's own collections."
    ).tag(config=True)
    cmr_url = Unicode(
        help="Search application of a CMR (https://host/search) that the OPeNDAP URL service asks for collections that "
        "are not known here; it gets the caller's Echo-Token."
    ).tag(config=True)
    ous_max_granules = Integer(
        OusService.most_granules, min=1, help="Most granules that one answer of the OPeNDAP URL service lists."
    ).tag(config=True)
    administrators = List(
        Unicode(),
        help="Users who may look into the caches of the OPeNDAP URL service; on the server of one person, that person.",
    ).tag(config=True)
    max_services = Integer(Limits.max_services, min=0, help="Secondary services that one user may have.").tag(
        config=True
    )
    max_tile_read_bytes = Integer(
        Limits.max_tile_read_bytes, min=1, help="Most bytes that may be read for one map tile, as decoded numbers."
    ).tag(config=True)
    tile_timeout = Float(Limits.tile_timeout, min=0.1, help="Seconds that a map tile may take.").tag(config=True)
    result_url_lifetime = Integer(
        Limits.result_url_lifetime, min=1, help="Seconds that the addresses of result files are good for."
    ).tag(config=True)
    synchronous_timeout = Float(
        Limits.synchronous_timeout, min=0.1, help="Seconds that a synchronous request may take."
    ).tag(config=True)

    @validate("oidc_providers")
    def _check_oidc_providers(self, proposal: Any) -> Any:
        try:
            providers_of(proposal["value"])
        except ValueError as error:
            raise TraitError(str(error)) from None
        return proposal["value"]

    @default("data_dir")
    def _default_data_dir(self) -> str:
        return str(data_directory())

    @default("max_running_jobs")
    def _default_max_running_jobs(self) -> int:
        return max(1, (os.cpu_count() or 2) // 2 + 1)

    def initialize_settings(self) -> None:
        """Make the services, which start when the server's loop runs."""
        # A thread that computes lets the loop go on after this time: by default after five times as long.
        sys.setswitchinterval(0.001)
        # The search for garbage stops all threads: it comes less often, and mostly among what is new.
        gc.set_threshold(10_000, 20, 50)
        data = Path(self.data_dir).expanduser().absolute()
        # Kernels of this server find the same catalogue.
        os.environ["GDC_DATA_DIR"] = str(data)
        self.configure_maps()
        limits = Limits(**{name: getattr(self, name) for name in Limits.__dataclass_fields__})
        words = Path(self.process_descriptions).expanduser().absolute() if self.process_descriptions else None
        self.services = Services(
            data,
            self.samples,
            limits,
            self._permissions(),
            self.dask_scheduler,
            self._ous(),
            callback_hosts=tuple(self.callback_hosts),
            accounts=Accounts(providers_of(self.oidc_providers), self.oidc_leeway, self.oidc_kept_seconds),
            process_descriptions=words,
            tell=self._tell_job,
            touch=self._touch,
        )
        self.services.begin()
        self.settings.update({"gdc_services": self.services, "gdc_public_url": self.public_url})
        self._server.event_logger.register_event_schema(Path(__file__).parent / "event_schemas" / "job.yaml")

    def configure_maps(self) -> None:
        """Pass on to kernels how their maps look."""
        for name in ("map_tiles", "map_attribution", "map_home"):
            if getattr(self, name):
                os.environ[f"GDC_{name.upper()}"] = getattr(self, name)

    def initialize_handlers(self) -> None:
        """Add the routes, and the list of versions at the server's root."""
        self.handlers.extend([*routes(), *opendap_routes()])
        self._server.web_app.add_handlers(".*$", [(r"/+\.well-known/openeo/*", WellKnownHandler)])

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        if self.process_descriptions:
            await self._check_descriptions()
        await self.services.warm()

    async def _check_descriptions(self) -> None:
        """End the server where the words for the processes are about others than there are."""
        try:
            await self.services.constant("processes")
        except GdcError as error:
            self.log.critical("The server does not start: %s", error.message)
            await self.services.close()
            sys.exit(1)

    async def stop_extension(self) -> None:
        """End all children."""
        await self.services.close()

    def _permissions(self) -> Permissions:
        udf = self._personal() if self.udf is None else self.udf
        limits = GraphLimits(self.max_nodes, self.max_read_bytes or None, self.max_result_bytes or None)
        return Permissions(
            udf, self.udf_seconds, self.udf_memory, tuple(self.hosts), ogcapi=self.ogcapi or None, limits=limits
        )

    def _ous(self) -> OusService:
        catalogue = Path(self.ous_catalogue).expanduser().absolute() if self.ous_catalogue else None
        personal = self._personal() and not self.administrators
        administrators = None if personal else tuple(self.administrators)
        return OusService(catalogue, self.cmr_url, self.ous_max_granules, administrators)

    def _personal(self) -> bool:
        """Tell whether the server belongs to one person."""
        return is_personal(self._server.identity_provider) and not self.oidc_providers

    @property
    def _server(self) -> Any:
        return self.serverapp

    def _tell_job(self, job_id: str, status: str, progress: float) -> None:
        self._touch(datetime.now(UTC))
        data = {"id": job_id, "status": status, "progress": progress}
        self._server.event_logger.emit(schema_id=_JOB_EVENT, data=data)

    def _touch(self, time: datetime) -> None:
        self._server.web_app.settings["gdc_last_activity"] = time


def main(argv: list[str] | None = None) -> int:
    """Run ``jupyter gdc``, one of its commands or the server, and return the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments and arguments[0] in _COMMANDS:
        from gdc_jupyter.commands import main as run_command

        return run_command(arguments)
    GdcApp.launch_instance(arguments)  # type: ignore[no-untyped-call]
    return 0
