"""What is said of a value, German and English: the quality that the station told, what the checks found."""

from collections.abc import Callable, Sequence

from luftpegel_gateway.model.quality import words_of
from luftpegel_gateway.model.readings import Cell
from luftpegel_gateway.model.station import Station
from luftpegel_wire import quality

QUALITY: dict[int, tuple[str, str]] = {
    quality.OK: ("ok", "gut"),
    quality.SUSPECT: ("doubtful", "zweifelhaft"),
    quality.STALE: ("not renewed", "nicht erneuert"),
    quality.FLAT: ("does not move", "bewegt sich nicht"),
    quality.CLIPPED: ("at the end of the measuring range", "am Ende des Messbereichs"),
    quality.RANGE: ("implausible value", "unplausibler Wert"),
    quality.RATE: ("implausible jump", "unplausibler Sprung"),
    quality.MISSING: ("not measured", "nicht gemessen"),
    quality.SILENT: ("sensor does not answer", "Sensor antwortet nicht"),
    quality.CHECKSUM: ("wrong checksum", "falsche Prüfsumme"),
    quality.SENTINEL: ("sensor reports an error", "Sensor meldet einen Fehler"),
    quality.BUS: ("sensor bus is stuck", "Sensorbus hängt"),
    quality.NOT_READY: ("sensor was not ready", "Sensor war nicht bereit"),
    quality.CONFIG: ("not the configured sensor", "nicht der eingestellte Sensor"),
    quality.UNKNOWN: ("unknown fault", "unbekannter Fehler"),
}

# The checks' words of model/quality.py, for people.
FLAG: dict[str, tuple[str, str]] = {
    "range": ("implausible value", "unplausibler Wert"),
    "local-range": ("unusual for this place", "ungewöhnlich für diesen Ort"),
    "spike": ("stands out against both neighbours", "ragt aus beiden Nachbarwerten heraus"),
    "rate": ("implausible jump", "unplausibler Sprung"),
    "flat": ("does not move", "bewegt sich nicht"),
    "attenuated": ("moves too little", "bewegt sich zu wenig"),
    "freezing": ("water may be frozen", "Wasser ist vielleicht gefroren"),
    "humid": ("droplets may count as dust", "Tröpfchen zählen vielleicht als Staub"),
    "contradictory": ("contradicts another value", "widerspricht einem anderen Wert"),
    "neighbour": ("differs from the stations around", "weicht von den Stationen ringsum ab"),
    "clock": ("time stands still", "die Zeit steht still"),
    "time": ("time is doubtful", "die Zeit ist zweifelhaft"),
    "recorded": ("from a recording", "aus einer Aufzeichnung"),
}

Explain = Callable[[Cell, Station, str], Sequence[tuple[str, str]]]
"""(cell, its station, language) -> what the checks say of it: (word, reason)."""


def words_only(cell: Cell, _station: Station, _language: str) -> Sequence[tuple[str, str]]:
    """The words of a cell's flags without reasons: an `Explain` for whoever has no checks at hand."""
    return [(word, "") for word in words_of(cell.flags)]


def quality_text(number: int, language: str) -> str:
    """A quality in words."""
    return QUALITY.get(number, QUALITY[quality.UNKNOWN])[language == "de"]


def flag_text(word: str, language: str) -> str:
    """A check's word for people; a word of a later version as it is."""
    return FLAG[word][language == "de"] if word in FLAG else word


def remarks(cell: Cell, station: Station, language: str, explain: Explain) -> list[str]:
    """Everything that is to be said of a value: the station's own doubt first, then each check's.

    A flag that `explain` is silent about is told by its word: nothing is hidden.
    """
    said = [] if cell.wire == quality.OK else [quality_text(cell.wire, language)]
    explained = dict(explain(cell, station, language)) if cell.flags else {}
    for word in dict.fromkeys([*words_of(cell.flags), *explained]):
        reason = explained.get(word, "")
        said.append(f"{flag_text(word, language)}: {reason}" if reason else flag_text(word, language))
    return said
