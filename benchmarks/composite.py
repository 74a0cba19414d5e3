"""The NDVI-median composite of a Sentinel-2-like series: the engine against a hand-written version and a peer.

Usage: ``python benchmarks/composite.py [--peer PYTHON] [--repeat N]``. The data are 10 dates x 2 bands x 1792 x 1792
uint16 as COGs (128 MB raw), in a temporary folder; every version writes a float32 GeoTIFF, with the files in the page
cache. ``--peer`` names the Python of an environment that has openeo-processes-dask and odc-stac (see
``benchmarks/README.md``). Medians and ratios are printed; results are compared to 1e-5.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window

SIZE, DATES, TILE = 1792, 10, 512
BANDS = {"B04": "red", "B08": "nir"}
CRS, ORIGIN, STEP = "EPSG:32632", (600000.0, 5200000.0), 10.0


def make_collection(folder: Path) -> None:
    """Write the COGs and a static STAC collection of them, with smooth fields and noise."""
    random = np.random.default_rng(7)
    rows, columns = np.mgrid[0:SIZE, 0:SIZE] / 200
    base = 1500 + 600 * np.sin(rows) * np.cos(columns)
    items = []
    for number in range(DATES):
        date = str(np.datetime64("2022-01-01") + number)
        assets = {}
        for band, factor in (("B04", 1.0), ("B08", 2.2)):
            values = (base * factor * (1 + 0.05 * (number % 10)) + random.normal(0, 40, base.shape)).clip(1, 10000)
            path = folder / f"{band}_{date}.tif"
            _write_cog(path, values.astype("uint16"))
            assets[band] = _asset(path.name, band)
        items.append(_item(date, assets))
    for item in items:
        (folder / f"{item['id']}.json").write_text(json.dumps(item))
    (folder / "collection.json").write_text(json.dumps(_collection(items)))


def _write_cog(path: Path, values: NDArray[np.uint16]) -> None:
    profile = {"driver": "COG", "compress": "deflate", "blocksize": TILE, "predictor": "yes"}
    transform = Affine(STEP, 0, ORIGIN[0], 0, -STEP, ORIGIN[1])
    with rasterio.open(
        path, "w", width=SIZE, height=SIZE, count=1, dtype="uint16", nodata=0, crs=CRS, transform=transform, **profile
    ) as file:
        file.write(values, 1)


def _asset(href: str, band: str) -> dict[str, object]:
    return {
        "href": f"./{href}",
        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
        "roles": ["data"],
        "proj:epsg": 32632,
        "proj:code": CRS,
        "proj:shape": [SIZE, SIZE],
        "proj:transform": [STEP, 0, ORIGIN[0], 0, -STEP, ORIGIN[1], 0, 0, 1],
        "eo:bands": [{"name": band, "common_name": BANDS[band]}],
        "raster:bands": [{"data_type": "uint16", "nodata": 0}],
    }


def _bounds() -> tuple[float, float, float, float]:
    from rasterio.warp import transform_bounds

    extent = ORIGIN[0], ORIGIN[1] - SIZE * STEP, ORIGIN[0] + SIZE * STEP, ORIGIN[1]
    return transform_bounds(CRS, "EPSG:4326", *extent)  # type: ignore[no-any-return]


def _item(date: str, assets: dict[str, object]) -> dict[str, object]:
    west, south, east, north = _bounds()
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [
            "https://stac-extensions.github.io/projection/v1.1.0/schema.json",
            "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
            "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
        ],
        "id": f"composite-{date}",
        "collection": "composite",
        "bbox": [west, south, east, north],
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"datetime": f"{date}T10:00:00Z", "proj:epsg": 32632, "proj:code": CRS},
        "assets": assets,
        "links": [{"rel": "collection", "href": "./collection.json"}],
    }


def _collection(items: list[dict[str, object]]) -> dict[str, object]:
    return {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": "composite",
        "title": "Benchmark",
        "description": "Synthetic reflectances.",
        "license": "CC0-1.0",
        "extent": {
            "spatial": {"bbox": [list(_bounds())]},
            "temporal": {"interval": [["2022-01-01T00:00:00Z", "2022-12-31T00:00:00Z"]]},
        },
        "links": [{"rel": "item", "href": f"./{item['id']}.json"} for item in items],
    }


def process_graph() -> dict[str, object]:
    """Return the composite: NDVI of each date, then the median over time."""
    return {
        "load": {
            "process_id": "load_collection",
            "arguments": {"id": "composite", "spatial_extent": None, "temporal_extent": None, "bands": ["B04", "B08"]},
        },
        "ndvi": {
            "process_id": "reduce_dimension",
            "arguments": {"data": {"from_node": "load"}, "dimension": "bands", "reducer": {"process_graph": _ndvi()}},
        },
        "median": {
            "process_id": "reduce_dimension",
            "arguments": {
                "data": {"from_node": "ndvi"},
                "dimension": "t",
                "reducer": {
                    "process_graph": {
                        "median": {
                            "process_id": "median",
                            "arguments": {"data": {"from_parameter": "data"}},
                            "result": True,
                        }
                    }
                },
            },
        },
        "save": {
            "process_id": "save_result",
            "arguments": {"data": {"from_node": "median"}, "format": "GTiff"},
            "result": True,
        },
    }


def _ndvi() -> dict[str, object]:
    def element(index: int) -> dict[str, object]:
        return {"process_id": "array_element", "arguments": {"data": {"from_parameter": "data"}, "index": index}}

    arguments = {"x": {"from_node": "nir"}, "y": {"from_node": "red"}}
    return {
        "red": element(0),
        "nir": element(1),
        "index": {"process_id": "normalized_difference", "arguments": arguments, "result": True},
    }


def by_hand(folder: Path, target: Path) -> None:
    """Compute the composite as one would by hand: windows in threads, numpy and bottleneck, one task a tile."""
    import bottleneck

    red = sorted(folder.glob("B04_*.tif"))
    nir = sorted(folder.glob("B08_*.tif"))
    windows = [
        Window(column, row, min(TILE, SIZE - column), min(TILE, SIZE - row))
        for row in range(0, SIZE, TILE)
        for column in range(0, SIZE, TILE)
    ]
    profile = {
        "driver": "GTiff",
        "tiled": True,
        "blockxsize": TILE,
        "blockysize": TILE,
        "compress": "zstd",
        "zstd_level": 1,
    }
    transform = Affine(STEP, 0, ORIGIN[0], 0, -STEP, ORIGIN[1])

    def part(number: int, count: int) -> list[tuple[Window, NDArray[np.float32]]]:
        files = [(rasterio.open(first), rasterio.open(second)) for first, second in zip(red, nir, strict=True)]
        return [(window, compute(files, window)) for window in windows[number::count]]

    def compute(files: list[tuple[object, object]], window: Window) -> NDArray[np.float32]:
        stack = np.empty((len(files), window.height, window.width), np.float32)
        for index, (first, second) in enumerate(files):
            low = first.read(1, window=window)  # type: ignore[attr-defined]
            high = second.read(1, window=window)  # type: ignore[attr-defined]
            missing = (low == 0) | (high == 0)
            low, high = low.astype(np.float32), high.astype(np.float32)
            stack[index] = (high - low) / (high + low)
            stack[index][missing] = np.nan
        return bottleneck.nanmedian(stack, axis=0)  # type: ignore[no-any-return]

    with (
        rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"),
        ThreadPoolExecutor(2) as pool,
        rasterio.open(
            target,
            "w",
            width=SIZE,
            height=SIZE,
            count=1,
            dtype="float32",
            nodata=np.nan,
            crs=CRS,
            transform=transform,
            **profile,
        ) as file,
    ):
        for results in pool.map(part, range(2), [2, 2]):
            for window, values in results:
                file.write(values, 1, window=window)


def by_engine(folder: Path, target: Path) -> None:
    """Compute the composite with the engine, from JSON to a COG, with nothing kept of earlier runs."""
    shutil.rmtree(folder / "data" / "cache", ignore_errors=True)
    by_engine_again(folder, target)


def by_engine_again(folder: Path, target: Path) -> None:
    """Compute the composite with the engine: parsed, planned, run, and written as a COG."""
    from gdc_jupyter.catalog.catalog import Catalog
    from gdc_jupyter.graph import run

    result = run({"process_graph": process_graph()}, Catalog(folder / "data", samples=False), target.parent)
    result.assets[0].path.replace(target)


def timed(function: Callable[[Path, Path], None], folder: Path, target: Path, repeat: int) -> list[float]:
    """Return the seconds of each of some runs, after one that does not count."""
    seconds = []
    for _ in range(repeat + 1):
        start = time.perf_counter()
        function(folder, target)
        seconds.append(time.perf_counter() - start)
    return seconds[1:]


def by_peer(python: str, folder: Path, target: Path, repeat: int) -> list[float]:
    """Run the same composite with openeo-processes-dask in its own environment; see ``peer_composite.py``."""
    script = Path(__file__).with_name("peer_composite.py")
    done = subprocess.run(
        [python, str(script), str(folder), str(target), str(repeat), json.dumps(process_graph())],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return list(json.loads(done.stdout.splitlines()[-1]))


def report(title: str, seconds: dict[str, list[float]]) -> None:
    """Print the median of each version, and its ratio to that of the engine."""
    engine = statistics.median(seconds["gdc-jupyter"])
    print(title)
    for version, each in seconds.items():
        middle = statistics.median(each)
        print(
            f"{version:24} {middle:6.2f} s  ({min(each):.2f} to {max(each):.2f})  {middle / engine:5.2f} x gdc-jupyter"
        )


def main() -> None:
    """Run the versions and print their medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", help="the Python of an environment with openeo-processes-dask")
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_collection(folder)
        from gdc_jupyter.catalog.catalog import Catalog

        Catalog(folder / "data", samples=False).add(folder, "composite")
        seconds = {
            "by hand": timed(by_hand, folder, folder / "hand.tiff", options.repeat),
            "gdc-jupyter": timed(by_engine, folder, folder / "engine.tiff", options.repeat),
            "gdc-jupyter, repeated": timed(by_engine_again, folder, folder / "again.tiff", options.repeat),
        }
        compared = ["hand.tiff", "engine.tiff", "again.tiff"]
        if options.peer:
            seconds["openeo-processes-dask"] = by_peer(options.peer, folder, folder / "peer.tiff", options.repeat)
            compared.append("peer.tiff")
        images = []
        for each in compared:
            with rasterio.open(folder / each) as file:
                images.append(file.read(1))
        for image in images[1:]:
            np.testing.assert_allclose(image, images[0], rtol=1e-5, atol=1e-6)
    report(f"NDVI median, {DATES} dates x 2 bands x {SIZE} x {SIZE} uint16 COGs, medians of {options.repeat}", seconds)


if __name__ == "__main__":
    main()
