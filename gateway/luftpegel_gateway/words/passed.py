"""Why messages were passed over, for people: they were nothing for this gateway, and are only counted."""

from collections.abc import Mapping

REASONS: Mapping[str, tuple[str, str]] = {
    "filtered": ("kept out by the source's filter", "vom Filter der Quelle ausgenommen"),
    "counter used": ("with a counter that was used before", "mit einem Zähler, der schon benutzt war"),
    "no frame of a station": ("by plain LoRa, of no station", "über einfaches LoRa, von keiner Station"),
    "beside a recording": ("of a recording, and no uplinks", "aus einer Aufzeichnung, aber keine Uplinks"),
    "passed on raw": ("of other makers' devices, passed on raw", "von fremden Geräten, roh weitergereicht"),
    "beyond the hour's bound": ("of other makers' devices, too many", "von fremden Geräten, zu viele"),
    "longer than any frame": ("of other makers' devices, too long", "von fremden Geräten, zu lang"),
    "device unknown": ("of devices that are no stations", "von Geräten, die keine Stationen sind"),
}
KIND = "kind "  # and the kind of an event that is of no interest here
OF_KIND = ("events of the kind “{}”", "Ereignisse der Art „{}“")


def reason_text(reason: str, language: str) -> str:
    """A reason in words; one that is not in the table as it is."""
    if reason.startswith(KIND):
        return OF_KIND[language == "de"].format(reason.removeprefix(KIND))
    return REASONS[reason][language == "de"] if reason in REASONS else reason
