"""pydap's server, or xpublish with xpublish-opendap, for ``opendap.py``, run in an environment of its own."""

from __future__ import annotations

import sys


def pydap(path: str, port: int) -> None:
    """Serve arrays in memory: pydap's handler of files cannot cut what has more than one dimension."""
    import netCDF4
    from gunicorn.app.base import BaseApplication
    from pydap.handlers.lib import BaseHandler
    from pydap.model import BaseType, DatasetType, GridType

    dataset = DatasetType("sst")
    with netCDF4.Dataset(path) as file:
        file.set_auto_mask(False)
        grid = GridType("sst")
        grid["sst"] = BaseType("sst", file["sst"][:], dims=("time", "lat", "lon"))
        for name in ("time", "lat", "lon"):
            grid[name] = BaseType(name, file[name][:])
        dataset["sst"] = grid

    class Application(BaseApplication):
        def load_config(self) -> None:
            self.cfg.set("bind", f"127.0.0.1:{port}")
            self.cfg.set("workers", 1)
            self.cfg.set("timeout", 300)

        def load(self) -> BaseHandler:
            return BaseHandler(dataset)

    Application().run()


def xpublish(path: str, port: int) -> None:
    """Serve the file as xarray reads it."""
    import xarray as xr
    from xpublish import Rest
    from xpublish_opendap import OpenDapPlugin

    dataset = xr.open_dataset(path, mask_and_scale=False, decode_times=False)
    Rest({"sst": dataset}, plugins={"opendap": OpenDapPlugin()}).serve(host="127.0.0.1", port=port)


if __name__ == "__main__":
    {"pydap": pydap, "xpublish": xpublish}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
