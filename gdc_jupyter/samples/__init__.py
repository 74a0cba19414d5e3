"""The collections that work out of the box: a synthetic season, a real Sentinel-2 scene, sea surface temperatures."""

from __future__ import annotations

from pathlib import Path

from gdc_jupyter.catalog.collection import Collection

FOLDER = Path(__file__).parent


def sample_collections(folder: Path) -> list[Collection]:
    """Return the samples.

    Parameters
    ----------
    folder : Path
        Where generated samples are or will be.
    """
    from gdc_jupyter.catalog.static_stac import from_folder
    from gdc_jupyter.samples import alps, ostia

    return [
        alps.collection(folder / alps.ID),
        from_folder(FOLDER / "S2_PATAGONIA" / "collection.json", tile=(256, 256)),
        ostia.collection(FOLDER / "OSTIA_SST" / "ostia_sst.nc"),
    ]
