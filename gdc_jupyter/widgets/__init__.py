"""Jupyter widgets: a map on which an area is chosen, and a live table of batch jobs."""
