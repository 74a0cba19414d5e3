"""What a satellite sees of the made-up valley on a date: light, snow, haze, clouds, shadows, and the classes of SCL."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gdc_jupyter.samples.landscape import (
    FOREST,
    SNOW,
    WATER,
    Image,
    Landscape,
    make_landscape,
    reflectance,
    smooth_noise,
)

# Classes of the scene classification of Sentinel-2 level 2A.
NODATA, SHADOW, VEGETATION, BARE, WATER_CLASS = 0, 3, 4, 5, 6
CLOUD_MEDIUM, CLOUD_HIGH, CIRRUS, SNOW_CLASS = 8, 9, 10, 11
SEED = 20220401
SIZE, STEP = 400, 10.0
FIRST, LAST, INTERVAL = datetime.date(2022, 4, 1), datetime.date(2022, 10, 31), 5
# Noise around the scene, so that clouds outside of it cast their shadows into it.
SKY = 640
LATITUDE = 46.5


@dataclass(frozen=True)
class Weather:
    """The weather of one overpass.

    Parameters
    ----------
    date : datetime.date
    cover : float
        The share of the valid pixels with clouds or cirrus, 0 to 1.
    cirrus : bool
        Whether the clouds are thin and cast no shadow.
    height : float
        The height of the clouds above ground in metres.
    haze, wetness : float
        0 to 1.
    swath : bool
        Whether the edge of the swath leaves the south-eastern corner empty.
    """

    date: datetime.date
    cover: float
    cirrus: bool
    height: float
    haze: float
    wetness: float
    swath: bool

    @property
    def day(self) -> int:
        """The day of the year."""
        return self.date.timetuple().tm_yday


#: A clear day of the neighbouring orbit, which sees the valley between two dates of its own.
NEIGHBOUR = Weather(datetime.date(2022, 6, 2), 0.03, False, 500.0, 0.1, 0.3, False)


def calendar() -> list[Weather]:
    """Return the weather of all overpasses, which needs none of the images."""
    rng = np.random.default_rng([SEED, 0])
    count = (LAST - FIRST).days // INTERVAL + 1
    cover = np.where(rng.random(count) < 0.3, rng.uniform(0, 0.06, count), rng.beta(0.9, 1.0, count)).round(4)
    cirrus = (rng.random(count) < 0.15) & (cover > 0.1)
    height, haze, wetness = rng.uniform(350, 700, count), rng.beta(1.2, 4, count), rng.beta(1, 2, count)
    regular = [
        Weather(
            FIRST + datetime.timedelta(days=INTERVAL * index),
            float(cover[index]),
            bool(cirrus[index]),
            float(height[index]),
            float(haze[index]),
            float(wetness[index]),
            index % 6 == 4,
        )
        for index in range(count)
    ]
    return sorted([*regular, NEIGHBOUR], key=lambda weather: weather.date)


def valley() -> Landscape:
    """Return the landscape of the sample."""
    return make_landscape(np.random.default_rng([SEED, 1]), SIZE, STEP)


def scene(land: Landscape, weather: Weather) -> NDArray[np.uint16]:
    """Return what is seen on a date: B02, B03, B04, B08 (reflectance * 10000) and SCL, shape (5, rows, columns)."""
    rng = np.random.default_rng([SEED, 2, weather.day])
    ground = reflectance(land, weather.day, weather.wetness)
    snow = _snow(land, weather.day)
    ground += (np.array(SNOW, np.float32)[:, None, None] * (1 + 0.03 * land.texture) - ground) * snow
    zenith, azimuth = sun(weather.day)
    ground *= _light(land, zenith, azimuth)
    valid = _swath(land.cover.shape) if weather.swath else np.ones(land.cover.shape, bool)
    opacity, cloud, shade = _sky(rng, weather, valid, zenith, azimuth)
    seen = ground * (1 - shade * np.array((0.50, 0.58, 0.64, 0.72), np.float32)[:, None, None])
    seen += np.array((0.030, 0.017, 0.009, 0.003), np.float32)[:, None, None] * np.float32(weather.haze)
    tops = np.array((0.66, 0.65, 0.66, 0.69), np.float32)[:, None, None] * (1 + 0.05 * land.patches)
    seen += (tops - seen) * opacity
    seen *= 1 + 0.012 * rng.standard_normal(seen.shape, np.float32)
    out = np.empty((5, *land.cover.shape), np.uint16)
    out[:4] = np.clip(seen * 10000 + 0.5, 1, 12000)
    out[4] = _classes(land, ground, snow, opacity, cloud, shade, weather.cirrus)
    out[:, ~valid] = NODATA
    return out


def sun(day: int) -> tuple[float, float]:
    """Return zenith and azimuth of the sun in radians at 10:10 UTC, near 11 solar time."""
    declination = np.radians(-23.44) * np.cos(2 * np.pi * (day + 10) / 365)
    latitude, hour = np.radians(LATITUDE), np.radians(-16)
    up = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour)
    zenith = np.arccos(up)
    east = -np.cos(declination) * np.sin(hour)
    north = np.cos(latitude) * np.sin(declination) - np.sin(latitude) * np.cos(declination) * np.cos(hour)
    return float(zenith), float(np.arctan2(east, north))


def _light(land: Landscape, zenith: float, azimuth: float) -> Image:
    """Return the illumination of slopes relative to flat ground (cosine law, softened as a correction would)."""
    toward = np.tan(zenith) * (np.sin(azimuth) * land.slope_east + np.cos(azimuth) * land.slope_north)
    steep = np.sqrt(1 + land.slope_east**2 + land.slope_north**2)
    light: Image = np.clip((1 - toward) / steep, 0.25, 2.0).astype(np.float32) ** np.float32(0.55)
    return light


def _snow(land: Landscape, day: int) -> Image:
    """Return the share of snow: its line climbs through spring, and comes down at the end of October."""
    line = 1330 + 16.0 * max(day - 91, 0) - 90.0 * max(day - 288, 0)
    south = np.clip(-land.slope_north, -0.5, 0.5) * 160
    share = (land.elevation - line - south + 60 * land.patches) / 120
    # Trees hide most of the snow below them.
    share = np.clip(share, 0, 1) * np.where(land.cover == FOREST, 0.35, 1.0) * (land.cover != WATER)
    snow: Image = share.astype(np.float32)
    return snow


def _swath(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    row, column = np.indices(shape)
    seen: NDArray[np.bool_] = column + 0.21 * row < 352
    return seen


def _sky(
    rng: np.random.Generator, weather: Weather, valid: NDArray[np.bool_], zenith: float, azimuth: float
) -> tuple[Image, NDArray[np.bool_], Image]:
    """Return the opacity of the clouds, where they are, and the shade that they cast, 0 to 1."""
    rows, columns = valid.shape
    top = (SKY - rows) // 2
    noise = smooth_noise(rng, SKY, 2.2 if weather.cirrus else 1.55, 3.0)
    here = noise[top : top + rows, top : top + columns]
    count = round(weather.cover * int(valid.sum()))
    if count == 0:
        return np.zeros(here.shape, np.float32), np.zeros(here.shape, bool), np.zeros(here.shape, np.float32)
    threshold = np.partition(here[valid], -count)[-count]
    depth = np.clip((noise - threshold) / (1.6 if weather.cirrus else 0.55), 0, 1)
    thickest = 0.35 if weather.cirrus else 0.97
    faintest = 0.06 if weather.cirrus else 0.22
    opacity = np.where(noise >= threshold, faintest + (thickest - faintest) * depth, 0).astype(np.float32)
    down = round(weather.height * np.tan(zenith) * np.cos(azimuth) / STEP)
    right = round(-weather.height * np.tan(zenith) * np.sin(azimuth) / STEP)
    cast = np.roll(opacity, (down, right), (0, 1))[top : top + rows, top : top + columns]
    opacity = opacity[top : top + rows, top : top + columns]
    shade = np.zeros_like(cast) if weather.cirrus else np.clip(cast * 1.25, 0, 1)
    return opacity, here >= threshold, shade


def _classes(
    land: Landscape,
    ground: NDArray[np.float32],
    snow: Image,
    opacity: Image,
    cloud: NDArray[np.bool_],
    shade: Image,
    cirrus: bool,
) -> NDArray[np.uint16]:
    red, infrared = ground[2], ground[3]
    classes = np.where((infrared - red) / (infrared + red) > 0.35, VEGETATION, BARE)
    classes = np.where(land.cover == WATER, WATER_CLASS, classes)
    classes = np.where(snow > 0.5, SNOW_CLASS, classes)
    classes = np.where(shade > 0.2, SHADOW, classes)
    clouds = np.full(cloud.shape, CIRRUS) if cirrus else np.where(opacity > 0.6, CLOUD_HIGH, CLOUD_MEDIUM)
    return np.where(cloud, clouds, classes).astype(np.uint16)
