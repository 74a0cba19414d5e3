"""``python -m gdc_jupyter.samples`` makes the generated samples in the data directory."""

from __future__ import annotations

import os

from gdc_jupyter import __version__
from gdc_jupyter.catalog.catalog import Catalog
from gdc_jupyter.samples import COMPLETE

if __name__ == "__main__":
    # Whoever waits for some dates makes those at once, so that the rest is not urgent.
    os.nice(10)
    catalog = Catalog()
    catalog.prepare()
    (catalog.folder / "samples" / COMPLETE).write_text(__version__)
