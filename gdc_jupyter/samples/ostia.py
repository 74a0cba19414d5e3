"""The sample OSTIA_SST: monthly sea surface temperatures along the equator."""

from __future__ import annotations

from pathlib import Path

from gdc_jupyter.catalog.arrays import ArrayCollection
from gdc_jupyter.catalog.cf import describe
from gdc_jupyter.catalog.collection import About

ID = "OSTIA_SST"

ABOUT = About(
    title="Monthly sea surface temperature along the equator, 2006 to 2010 (OSTIA)",
    description=(
        "Monthly means of the sea surface temperature of OSTIA, the Operational Sea Surface Temperature and Ice "
        "Analysis of the Met Office, between 5.3 degrees south and 4.7 degrees north around the globe, from April 2006 "
        "to September 2010, on a grid of 0.83 by 0.56 degrees. A time label is the middle of its month. "
        "Contains Met Office data, British Crown copyright, taken from the package iris-sample-data 2.5.2 "
        "(ostia_monthly.nc), licensed under the Open Government Licence; the values are unchanged, the file was "
        "compressed and its variable renamed."
    ),
    license="OGL-UK-3.0",
    providers=(
        {"name": "Met Office", "roles": ["producer", "licensor"], "url": "https://www.metoffice.gov.uk"},
        {"name": "SciTools", "roles": ["host"], "url": "https://github.com/SciTools/iris-sample-data"},
    ),
    keywords=("sea surface temperature", "OSTIA", "ocean", "El Niño", "monthly", "sample"),
    links=(
        {
            "rel": "license",
            "href": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
            "type": "text/html",
            "title": "Open Government Licence 3.0",
        },
    ),
)


def collection(path: Path) -> ArrayCollection:
    """Return the sample in a NetCDF file."""
    return describe(path, ID, about=ABOUT)
