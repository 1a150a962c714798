"""Why messages were passed over, for people: they were nothing for this gateway, and are only counted."""

from collections.abc import Mapping

REASONS: Mapping[str, tuple[str, str]] = {
    "application": ("of another application", "aus einer anderen Anwendung"),
    "device": ("of a device that is filtered out", "von einem Gerät, das ausgenommen ist"),
    "kind": ("events of no interest", "Ereignisse ohne Belang"),
    "version": ("events of another version", "Ereignisse einer anderen Fassung"),
    "repeat": ("the same frame again", "derselbe Frame noch einmal"),
}


def reason_text(reason: str, language: str) -> str:
    """A reason in words; one that is not in the table as it is."""
    return REASONS[reason][language == "de"] if reason in REASONS else reason
