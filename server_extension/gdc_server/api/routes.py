"""Which path goes to which handler. Doubled and trailing slashes are the same as single ones and none."""

from __future__ import annotations

from tornado.web import RequestHandler

from gdc_server.api import (
    account,
    capabilities,
    collections,
    contents,
    coverages,
    executions,
    files,
    items,
    jobs,
    processes,
    result,
    results,
    services,
    tiles,
    user_processes,
)
from gdc_server.api.base import UnknownPathHandler

_ID = r"([^/]+)"
_TIME = r"([0-9]{1,12})"
_PATHS: list[tuple[str, type[RequestHandler]]] = [
    ("", capabilities.LandingHandler),
    ("static/(.+)", capabilities.StaticHandler),
    ("conformance", capabilities.ConformanceHandler),
    ("api", capabilities.ContractHandler),
    (r"\.well-known/openeo", capabilities.WellKnownHandler),
    ("credentials/basic", account.BasicHandler),
    ("credentials/oidc", account.OidcHandler),
    ("me", account.MeHandler),
    ("collections", collections.CollectionsHandler),
    (r"collections/(.+?)/items", items.ItemsHandler),
    (r"collections/(.+?)/items/([^/]+)", items.ItemHandler),
    (r"collections/(.+?)/items/([^/]+)/assets/([^/]+)", items.AssetHandler),
    (r"collections/(.+?)/queryables", items.QueryablesHandler),
    ("queryables", items.QueryablesHandler),
    ("search", items.SearchHandler),
    (r"collections/(.+?)/coverage", coverages.CoverageHandler),
    (r"collections/(.+?)/coverage/domainset", coverages.DomainSetHandler),
    (r"collections/(.+?)/coverage/rangetype", coverages.RangeTypeHandler),
    (r"collections/(.+?)", collections.CollectionHandler),
    ("contents/collections", contents.ContentsHandler),
    ("processes", processes.ProcessesHandler),
    (f"processes/{_ID}", executions.ProcessHandler),
    (f"processes/{_ID}/execution", executions.ExecutionHandler),
    ("files", files.FilesHandler),
    (r"files/(.+?)", files.UserFileHandler),
    ("process_graphs", user_processes.UserProcessesHandler),
    (f"process_graphs/{_ID}", user_processes.UserProcessHandler),
    ("file_formats", processes.FileFormatsHandler),
    ("udf_runtimes", processes.UdfRuntimesHandler),
    ("validation", processes.ValidationHandler),
    ("python_code", processes.PythonCodeHandler),
    ("result", result.ResultHandler),
    ("jobs", jobs.JobsHandler),
    (f"jobs/{_ID}", jobs.JobHandler),
    (f"jobs/{_ID}/estimate", jobs.EstimateHandler),
    (f"jobs/{_ID}/logs", jobs.LogsHandler),
    (f"jobs/{_ID}/results", results.ResultsHandler),
    ("service_types", services.ServiceTypesHandler),
    ("services", services.ServicesHandler),
    (f"services/{_ID}", services.ServiceHandler),
    (f"services/{_ID}/logs", services.ServiceLogsHandler),
    (rf"tiles/{_ID}/{_ID}/{_ID}/{_ID}\.png", tiles.TileHandler),
    (f"wmts/{_ID}", tiles.WmtsHandler),
    (rf"wmts/{_ID}/1\.0\.0/WMTSCapabilities\.xml", tiles.WmtsCapabilitiesHandler),
    (rf"results/{_TIME}/{_ID}/{_ID}", results.SignedMetadataHandler),
    (rf"results/{_TIME}/{_ID}/{_ID}/(.+)", results.FileHandler),
]


def routes() -> list[tuple[str, type[RequestHandler]]]:
    """Return pattern and handler of each path, relative to the server's base URL."""
    patterns = [r"/(?:/*)gdc" + "".join(f"/+{part}" for part in path.split("/") if part) for path, _ in _PATHS]
    made = [(f"{pattern}/*", handler) for pattern, (_, handler) in zip(patterns, _PATHS, strict=True)]
    return [*made, (r"/\.well-known/openeo/*", capabilities.WellKnownHandler), (r"/(?:/*)gdc(/.*)", UnknownPathHandler)]
