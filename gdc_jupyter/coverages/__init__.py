"""Coverages: a part of a collection, at a resolution and in a CRS, in one of several formats."""
