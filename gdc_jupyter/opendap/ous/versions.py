"""The version of the API and the format that an Accept header asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: What there is; the later ones have all that the earlier ones have.
VERSIONS = ("v1", "v2", "v2.1", "v3")
VENDOR, DEFAULT = "cmr-opendap", "v2.1"
_ACCEPT = re.compile(
    r"(?P<type>.+)/(?:vnd\.(?P<vendor>[^.+]+)(?:\.(?P<version>v[0-9.]+))?(?:\+(?P<content>.+))?|(?P<subtype>.+))"
)


@dataclass(frozen=True)
class Accepted:
    """What a client asks for.

    Attributes
    ----------
    vendor, version, format : str
        Of the media type ``application/vnd.VENDOR.VERSION+FORMAT``, with defaults for what is not told.
    """

    vendor: str = VENDOR
    version: str = DEFAULT
    format: str = "json"

    @property
    def media_type(self) -> str:
        """The header ``Cmr-Media-Type``."""
        return f"{self.vendor}.{self.version}; format={self.format}"

    @property
    def known(self) -> bool:
        """Whether there is this version."""
        return self.version in VERSIONS

    def at_least(self, version: str) -> bool:
        """Tell whether the version has what came with another."""
        return VERSIONS.index(self.version) >= VERSIONS.index(version)


def accepted(header: str, vendor: str = VENDOR, default: str = DEFAULT) -> Accepted:
    """Return what an Accept header asks for.

    Parameters
    ----------
    header : str
        The header, or nothing. Of several media types, the first of a vendor counts, else the first of all.
    vendor, default : str
        The vendor and the version where none is told.
    """
    parts = [part.partition(";")[0].strip() for part in header.split(",")]
    chosen = next((part for part in parts if "/vnd." in part), parts[0])
    found = _ACCEPT.fullmatch(chosen)
    if found is None:
        return Accepted(vendor, default)
    return Accepted(
        found["vendor"] or vendor, found["version"] or default, found["content"] or found["subtype"] or "json"
    )
