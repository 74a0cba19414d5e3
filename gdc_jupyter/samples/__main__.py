"""``python -m gdc_jupyter.samples`` makes the generated samples in the data directory."""

from __future__ import annotations

from gdc_jupyter.samples import sample_collections
from gdc_jupyter.settings import data_directory

if __name__ == "__main__":
    for collection in sample_collections(data_directory() / "samples"):
        collection.prepare()
