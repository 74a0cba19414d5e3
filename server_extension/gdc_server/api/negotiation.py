"""In which format an answer comes: by the parameter ``f``, else by the header Accept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gdc_jupyter.errors import GdcError


@dataclass(frozen=True)
class Offer:
    """A format that an answer can have.

    Attributes
    ----------
    name : str
        The short name, for ``f``.
    media_type : str
        The media type, with its parameters.
    aliases : tuple of str
        Other names and media types that mean the same.
    """

    name: str
    media_type: str
    aliases: tuple[str, ...] = ()

    def is_called(self, name: str) -> bool:
        """Tell whether a short name or a media type means this format."""
        # A plus sign that a client did not encode has become a space.
        return _plain(name) in {_plain(known) for known in (self.name, self.media_type, *self.aliases)}

    def suits(self, media_range: str) -> bool:
        """Tell whether a media range of an Accept header takes this format."""
        wanted = media_range.partition(";")[0].strip().lower()
        if wanted == "*/*" or ";" in media_range:
            return wanted == "*/*" or self.is_called(media_range)
        types = [known.partition(";")[0].strip().lower() for known in (self.media_type, *self.aliases) if "/" in known]
        return wanted in types or (wanted.endswith("/*") and any(known.startswith(wanted[:-1]) for known in types))


JSON = Offer("json", "application/json")
HTML = Offer("html", "text/html", ("application/xhtml+xml",))
GEOJSON = Offer("geojson", "application/geo+json", ("json", "application/json"))


def choose(offers: Sequence[Offer], f: str | None, accept: str) -> Offer:
    """Return the format that a client wants.

    Parameters
    ----------
    offers : sequence of Offer
        What there is; the first is the default.
    f : str, optional
        A short name or a media type; it goes before ``accept``.
    accept : str
        The header Accept, or nothing.

    Raises
    ------
    GdcError
        ``NotAcceptable``, with the formats that there are.
    """
    if f is not None:
        found = [offer for offer in offers if offer.is_called(f)]
    else:
        ranges = _by_quality(accept) or ["*/*"]
        found = [offer for media_range in ranges for offer in offers if offer.suits(media_range)]
    if found:
        return found[0]
    there = ", ".join(f"{offer.name} ({offer.media_type})" for offer in offers)
    asked = (
        f"The format '{f}' of the parameter 'f'"
        if f is not None
        else f"What the header Accept asks for, '{accept[:200]}',"
    )
    raise GdcError("NotAcceptable", f"{asked} is not there; there are: {there}.")


def _by_quality(accept: str) -> list[str]:
    ranges = []
    for order, part in enumerate(part.strip() for part in accept.split(",") if part.strip()):
        parameters = [each.strip() for each in part.split(";")]
        quality = 1.0
        for parameter in parameters[1:]:
            if parameter.lower().startswith("q="):
                quality = _number(parameter[2:])
        kept = [each for each in parameters if not each.lower().startswith("q=")]
        if quality > 0:
            ranges.append((-quality, kept[0] == "*/*", order, ";".join(kept)))
    return [media_range for *_, media_range in sorted(ranges)]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _plain(name: str) -> str:
    return name.strip().lower().replace("; ", ";").replace(" ", "+").replace('"', "")
