"""The collections that work out of the box: a synthetic season, a real scene, sea surface temperatures, and fields."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gdc_jupyter import __version__

if TYPE_CHECKING:
    from gdc_jupyter.catalog.collection import Collection

FOLDER = Path(__file__).parent


# Holds the version of the package that has made all samples.
COMPLETE = "complete"


def is_complete(folder: Path) -> bool:
    """Return whether all generated samples are in a folder."""
    try:
        return (folder / COMPLETE).read_text() == __version__
    except OSError:
        return False


def sample_collections(folder: Path) -> list[Collection]:
    """Return the samples.

    Parameters
    ----------
    folder : Path
        Where generated samples are or will be.
    """
    from gdc_jupyter.catalog.static_stac import from_folder
    from gdc_jupyter.samples import alps, fields, ostia

    return [
        alps.collection(folder / alps.FOLDER_NAME),
        from_folder(FOLDER / "S2_PATAGONIA" / "collection.json", tile=(256, 256)),
        ostia.collection(FOLDER / "OSTIA_SST" / "ostia_sst.nc"),
        fields.collection(),
    ]
