"""Data on a grid: the grid, cubes on it, reading, warping, and encoding into files."""
