"""A made-up Alpine valley: terrain, land cover, parcels with crops, and their reflectance on any day of the season."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]

# Reflectance in B02, B03, B04 and B08: rounded values of common spectral libraries.
CROP_LEAF = (0.028, 0.062, 0.026, 0.47)
CONIFER = (0.016, 0.030, 0.017, 0.22)
BROADLEAF = (0.022, 0.045, 0.024, 0.36)
TWIGS = (0.045, 0.062, 0.072, 0.17)
GRASS = (0.034, 0.072, 0.038, 0.40)
DRY_GRASS = (0.060, 0.092, 0.110, 0.22)
SOIL = (0.072, 0.100, 0.135, 0.21)
STUBBLE = (0.085, 0.130, 0.185, 0.28)
BLOSSOM = (0.050, 0.185, 0.165, 0.46)
ROOFS = (0.125, 0.135, 0.160, 0.21)
ROCK = (0.130, 0.145, 0.155, 0.19)
RIVER = (0.062, 0.078, 0.060, 0.035)
LAKE = (0.040, 0.055, 0.028, 0.014)
SNOW = (0.86, 0.86, 0.84, 0.76)

WHEAT, MAIZE, RAPE, MEADOW, ORCHARD, POTATO = range(6)
CROP_SHARES = (0.24, 0.24, 0.09, 0.25, 0.12, 0.06)
FIELD, FOREST, TOWN, WATER, ALP, BARE = range(6)


def smooth_noise(rng: np.random.Generator, size: int, exponent: float, shortest: float = 2.0) -> Image:
    """Return noise with a power-law spectrum, mean 0 and standard deviation 1.

    Parameters
    ----------
    rng : numpy.random.Generator
    size : int
        Rows and columns; the noise is periodic.
    exponent : float
        The amplitude falls with this power of the frequency: the larger, the smoother.
    shortest : float
        Wavelengths below this many pixels are damped.
    """
    white = np.fft.rfft2(rng.standard_normal((size, size)))
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])
    frequency[0, 0] = np.inf
    gain = frequency**-exponent * np.exp(-((frequency * shortest / 2) ** 2) * 4)
    noise = np.fft.irfft2(white * gain, s=(size, size))
    image: Image = (noise / noise.std()).astype(np.float32)
    return image


@dataclass(frozen=True, eq=False)
class Landscape:
    """What stays the same all season; images have shape (rows, columns).

    Parameters
    ----------
    elevation : array
        Metres.
    slope_east, slope_north : array
        Rise per metre.
    cover : array of uint8
        FIELD, FOREST, TOWN, WATER, ALP or BARE.
    parcel : array of int
        The number of the parcel, everywhere.
    edge : array
        1 on the boundary of a parcel, 0 inside.
    texture, patches : array
        Fine and coarse noise of the ground, mean 0 and standard deviation 1.
    conifers : array
        The share of conifers in the forest.
    lake : array of bool
    crops : dict
        For each parcel: ``kind``, ``shift`` (days), ``vigour`` and ``soil`` (factors), ``catch`` (0 or 1).
    """

    elevation: Image
    slope_east: Image
    slope_north: Image
    cover: NDArray[np.uint8]
    parcel: NDArray[np.intp]
    edge: Image
    texture: Image
    patches: Image
    conifers: Image
    lake: NDArray[np.bool_]
    crops: dict[str, NDArray[Any]]


def make_landscape(rng: np.random.Generator, size: int, step: float) -> Landscape:
    """Return the valley.

    Parameters
    ----------
    rng : numpy.random.Generator
    size : int
        Rows and columns.
    step : float
        The pixel size in metres.
    """
    half = size * step / 2000
    axis = (np.arange(size) + 0.5) * step / 1000 - half
    x, y = np.meshgrid(axis, -axis)  # km from the centre, east and north
    noises = {name: smooth_noise(rng, size, *kind) for name, kind in NOISES.items()}
    course = 0.22 * np.sin(1.7 * x + 0.6) + 0.07 * np.sin(4.3 * x) + 0.22 * x - 0.12
    from_river = y - course
    elevation = _elevation(from_river, noises["ridges"], noises["coarse"])
    bend = 0.045 * noises["ridges"]
    parcel, edge = _parcels(rng, x + bend, y - bend, from_river > 0)
    lake = np.hypot((x - 0.30) / 0.17, (y - 0.24) / 0.10) + 0.13 * noises["medium"] < 1
    cover = _cover(x, y, from_river, elevation, noises, lake)
    slope_north, slope_east = (np.asarray(slope, np.float32) for slope in np.gradient(elevation, step))
    return Landscape(
        elevation=elevation,
        slope_east=slope_east,
        slope_north=-slope_north,
        cover=cover,
        parcel=parcel,
        edge=edge,
        texture=noises["fine"],
        patches=noises["medium"],
        conifers=np.clip((elevation - 1150) / 350 + 0.25 * noises["medium"], 0, 1).astype(np.float32),
        lake=lake,
        crops=_crops(rng, int(parcel.max()) + 1),
    )


NOISES = {"ridges": (2.1, 8.0), "coarse": (1.6, 12.0), "medium": (1.3, 5.0), "fine": (0.4, 1.0), "blocks": (0.9, 2.5)}


def _elevation(from_river: NDArray[Any], ridges: Image, coarse: Image) -> Image:
    outside = np.maximum(np.abs(from_river) - 0.80 + 0.10 * coarse, 0)
    flank = 1050 * np.where(from_river > 0, 1.0, 0.85) * outside
    height = 905 + 6 * coarse + flank + np.minimum(outside, 0.6) * 220 * ridges
    elevation: Image = height.astype(np.float32)
    return elevation


def _parcels(
    rng: np.random.Generator, x: NDArray[Any], y: NDArray[Any], north: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], Image]:
    """Return the number of each pixel's parcel: cells of a jittered lattice, turned and stretched on each bank."""
    parcel = np.zeros(x.shape, np.intp)
    edge = np.zeros(x.shape, np.float32)
    first = 0
    for bank, angle in ((north, 0.32), (~north, -0.18)):
        length, width = 0.24, 0.105
        a = (np.cos(angle) * x + np.sin(angle) * y) / length
        b = (np.cos(angle) * y - np.sin(angle) * x) / width
        low_a, low_b = int(np.floor(a.min())) - 1, int(np.floor(b.min())) - 1
        shape = int(np.ceil(a.max())) - low_a + 2, int(np.ceil(b.max())) - low_b + 2
        jitter = rng.uniform(-0.42, 0.42, (2, *shape))
        number, gap = _nearest_seed(a - low_a, b - low_b, jitter)
        parcel[bank] = number[bank] + first
        edge[bank] = (gap < 0.10)[bank]
        first += shape[0] * shape[1]
    return parcel, edge


def _nearest_seed(a: NDArray[Any], b: NDArray[Any], jitter: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[Any]]:
    column, row = np.floor(a).astype(np.intp), np.floor(b).astype(np.intp)
    best = np.full(a.shape, np.inf)
    second = np.full(a.shape, np.inf)
    number = np.zeros(a.shape, np.intp)
    for i in (-1, 0, 1):
        for k in (-1, 0, 1):
            at = (column + i).clip(0, jitter.shape[1] - 1), (row + k).clip(0, jitter.shape[2] - 1)
            distance = np.maximum(
                np.abs(at[0] + 0.5 + jitter[0][at] - a), np.abs(at[1] + 0.5 + jitter[1][at] - b)
            ) + 0.25 * np.hypot(at[0] + 0.5 + jitter[0][at] - a, at[1] + 0.5 + jitter[1][at] - b)
            nearer = distance < best
            second = np.where(nearer, best, np.minimum(second, distance))
            best = np.where(nearer, distance, best)
            number = np.where(nearer, at[0] * jitter.shape[2] + at[1], number)
    return number, second - best


def _cover(
    x: NDArray[Any],
    y: NDArray[Any],
    from_river: NDArray[Any],
    elevation: Image,
    noises: dict[str, Image],
    lake: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    medium, coarse = noises["medium"], noises["coarse"]
    cover = np.full(x.shape, FIELD, np.uint8)
    cover[(elevation > 985 + 25 * medium) & ~((coarse > 0.7) & (elevation < 1300))] = FOREST
    cover[(np.abs(from_river) < 0.075 + 0.03 * medium) | (coarse > 2.1)] = FOREST
    cover[elevation > 1780 + 70 * medium] = ALP
    cover[elevation > 1960 + 90 * medium] = BARE
    for east, north, radius in ((-0.33, 0.30, 0.20), (1.25, 0.62, 0.34), (-1.35, -0.62, 0.26), (0.62, -0.62, 0.12)):
        nearness = np.hypot(x - east, (y - north) * 1.25) / radius
        cover[(nearness + 0.22 * medium < 1) & (noises["blocks"] > -1.1 + 0.9 * nearness)] = TOWN
    cover[np.abs(from_river) < 0.030 + 0.004 * medium] = WATER
    cover[lake] = WATER
    return cover


def _crops(rng: np.random.Generator, count: int) -> dict[str, NDArray[Any]]:
    return {
        "kind": rng.choice(len(CROP_SHARES), count, p=CROP_SHARES),
        "shift": rng.normal(0, 5, count),
        "vigour": rng.uniform(0.80, 1.0, count),
        "soil": rng.uniform(0.78, 1.22, count),
        "catch": (rng.random(count) < 0.5).astype(float),
    }


def _rise(day: Any, middle: float, width: float) -> Any:
    return 1 / (1 + np.exp(-(day - middle) / width))


def crop_state(crops: dict[str, NDArray[Any]], day: int) -> dict[str, NDArray[np.float32]]:
    """Return the share of each parcel that is green, stubble and in blossom.

    Parameters
    ----------
    crops : dict
        See `Landscape`.
    day : int
        The day of the year.
    """
    kind, own = crops["kind"], day - crops["shift"]
    catch = crops["catch"] * _rise(own, 240, 7)
    cuts = sum(np.where(own > cut, np.exp(-(own - cut) / 14), 0) for cut in (148, 197, 250))
    green = np.choose(
        kind,
        [
            0.25 + 0.75 * _rise(own, 102, 8) - 0.98 * _rise(own, 178, 6) + 0.50 * catch,
            0.04 + 0.94 * _rise(own, 166, 7) - 0.88 * _rise(own, 262, 7),
            0.45 + 0.52 * _rise(own, 94, 7) - 0.95 * _rise(own, 176, 5) + 0.55 * catch,
            (0.38 + 0.57 * _rise(own, 108, 7)) * (1 - 0.58 * cuts) - 0.12 * _rise(own, 290, 8),
            0.30 + 0.55 * _rise(own, 114, 7) - 0.35 * _rise(own, 288, 8),
            0.04 + 0.85 * _rise(own, 152, 6) - 0.80 * _rise(own, 232, 6),
        ],
    )
    ripe = np.choose(kind, [_rise(own, 182, 5), _rise(own, 266, 6), _rise(own, 180, 5), 0 * own, 0 * own, 0 * own])
    blossom = np.where(kind == RAPE, np.exp(-(((own - 127) / 9) ** 2)), 0)
    state = {"green": np.clip(green, 0.02, 1) * crops["vigour"], "stubble": ripe, "blossom": blossom}
    return {name: share.astype(np.float32) for name, share in state.items()}


def reflectance(land: Landscape, day: int, wetness: float) -> NDArray[np.float32]:
    """Return the reflectance of the ground without snow on flat terrain, shape (4, rows, columns).

    Parameters
    ----------
    land : Landscape
    day : int
        The day of the year.
    wetness : float
        0 for dry soil, 1 for soil just after rain.
    """
    ground = _fields(land, day, wetness)
    leaves = np.float32(_rise(day, 118, 6) - 0.75 * _rise(day, 289, 6))
    spring = np.float32(_rise(day, 140, 9) - 0.6 * _rise(day, 275, 10))
    broadleaf = _mix(TWIGS, BROADLEAF, leaves)
    forest = _blend(broadleaf, _mix(CONIFER, CONIFER, 0), land.conifers)
    alp = _mix(DRY_GRASS, GRASS, np.clip(spring * (0.75 + 0.15 * land.patches), 0, 1))
    town = _blend(_mix(ROOFS, ROOFS, 0), _mix(TWIGS, BROADLEAF, leaves), np.clip(0.2 - 0.28 * land.patches, 0, 0.9))
    water = _blend(_mix(RIVER, RIVER, 0), _mix(LAKE, LAKE, 0), land.lake.astype(np.float32))
    rock = _blend(_mix(ROCK, ROCK, 0), alp, np.clip(0.25 + 0.25 * land.patches, 0, 0.8))
    for cover, surface, grain in (
        (FOREST, forest, 0.14),
        (TOWN, town, 0.20),
        (WATER, water, 0.02),
        (ALP, alp, 0.07),
        (BARE, rock, 0.10),
    ):
        chosen = land.cover == cover
        ground[:, chosen] = (surface * (1 + grain * land.texture))[:, chosen]
    return np.maximum(ground, 0.004)


def _fields(land: Landscape, day: int, wetness: float) -> NDArray[np.float32]:
    state = crop_state(land.crops, day)
    green = state["green"][land.parcel] * (1 + 0.07 * land.patches + 0.03 * land.texture)
    brightness = (land.crops["soil"].astype(np.float32) * (1 - 0.28 * wetness))[land.parcel]
    bare = _mix(SOIL, STUBBLE, state["stubble"][land.parcel]) * (brightness * (1 + 0.05 * land.texture))
    leaf = _mix(CROP_LEAF, BLOSSOM, state["blossom"][land.parcel])
    # A canopy closes before its share of leaves is 1.
    field = _blend(bare, leaf * (1 + 0.04 * land.texture), np.clip(1.05 * green, 0, 1))
    grass = np.float32(0.35 + 0.4 * _rise(day, 110, 8))
    return _blend(field, _mix(SOIL, GRASS, grass), 0.65 * land.edge)


def _mix(first: tuple[float, ...], second: tuple[float, ...], share: Any) -> NDArray[np.float32]:
    """Return spectra between two, shape (4, ...) or (4, 1, 1)."""
    a, b = (np.array(spectrum, np.float32)[:, None, None] for spectrum in (first, second))
    mixed: NDArray[np.float32] = a + (b - a) * np.asarray(share, np.float32)
    return mixed


def _blend(first: NDArray[np.float32], second: NDArray[np.float32], share: Any) -> NDArray[np.float32]:
    blended: NDArray[np.float32] = first + (second - first) * np.asarray(share, np.float32)
    return blended
