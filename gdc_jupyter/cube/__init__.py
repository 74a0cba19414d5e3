"""Data on a grid: the grid, cubes on it, reading, warping, and encoding into files."""

import os

# GDAL keeps decoded blocks up to a twentieth of the memory: a job with many dates, or a large result, would take all of
# that. GDAL asks for the bound (in MB) once, before its first read, and rasterio.Env would take it back at its end.
os.environ.setdefault("GDAL_CACHEMAX", "256")
