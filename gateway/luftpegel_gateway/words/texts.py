"""Short texts of the page and the command line, German and English; those with a code: `messages.py`."""

from datetime import UTC, datetime

from luftpegel_gateway.model.quantities import decimal, name_of, of_channel
from luftpegel_wire import quality

TEXTS: dict[str, tuple[str, str]] = {
    "title": ("Luftpegel gateway", "Luftpegel-Gateway"),
    "overview": ("Overview", "Übersicht"),
    "station": ("Station", "Station"),
    "stations": ("Stations", "Stationen"),
    "values": ("Last values", "Letzte Werte"),
    "heard": ("Last heard", "Zuletzt gehört"),
    "ago": ("{} ago", "vor {}"),
    "never": ("never", "noch nie"),
    "complete": ("Completeness", "Vollständigkeit"),
    "received": ("received", "empfangen"),
    "missing": ("missing", "fehlend"),
    "battery": ("Battery", "Batterie"),
    "state": ("State", "Zustand"),
    "state_ok": ("in order", "in Ordnung"),
    "state_silent": ("silent", "stumm"),
    "state_new": ("not heard yet", "noch nicht gehört"),
    "gateway": ("Gateway", "Gateway"),
    "all_well": ("Everything works.", "Alles in Ordnung."),
    "since": ("since {} UTC", "seit {} UTC"),
    "next_step": ("Next step", "Nächster Schritt"),
    "frames": ("Frames in the journal since its beginning", "Frames im Journal seit dessen Anfang"),
    "quarantined": ("Frames in quarantine", "Frames in Quarantäne"),
    "waiting": ("Waiting for “{}”", "Warten auf „{}“"),
    "resolved": ("resolved", "erledigt"),
    "still": ("still in quarantine", "weiter in Quarantäne"),
    "nothing": ("Nothing is in quarantine.", "Die Quarantäne ist leer."),
    "no_readings": ("There are no readings yet.", "Es gibt noch keine Messwerte."),
    "last_readings": ("The last {} readings", "Die letzten {} Messwerte"),
    "time": ("Time (UTC)", "Zeit (UTC)"),
    "number": ("Number", "Nummer"),
    "quality": ("Quality", "Qualität"),
    "unknown_time": ("unknown", "unbekannt"),
    "table": ("As a table", "Als Tabelle"),
    "chart": ("{name}, {begin} to {end} UTC: lowest {low}, highest {high}, last {last} {unit}.",
              "{name}, {begin} bis {end} UTC: kleinster Wert {low}, größter {high}, letzter {last} {unit}."),
    "no_chart": ("{name}: no value to draw.", "{name}: kein Wert zum Zeichnen."),
    "notices": ("What the network server reports", "Was der Netzserver meldet"),
    "signal": ("Signal", "Empfang"),
    "place": ("Place", "Ort"),
    "back": ("All stations", "Alle Stationen"),
    "other_language": ("Deutsch", "English"),
    "skip": ("To the content", "Zum Inhalt"),
    "not_found": ("There is no such page.", "Diese Seite gibt es nicht."),
    "config_ok": ("The configuration is in order", "Die Konfiguration ist in Ordnung"),
}  # fmt: skip

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


def tell(key: str, language: str, *parts: object, **words: object) -> str:
    """A text in one language."""
    return TEXTS[key][language == "de"].format(*parts, **words)


def quality_text(number: int, language: str) -> str:
    """A quality in words."""
    return QUALITY.get(number, QUALITY[quality.UNKNOWN])[language == "de"]


def channel_text(channel: int, language: str) -> str:
    """A channel's name for people: 'Air temperature', with (2) for the second sensor."""
    quantity = of_channel(channel)
    if quantity is None:
        return name_of(channel)
    return (quantity.de if language == "de" else quantity.en) + (" (2)" if channel & 1 else "")


def value_text(channel: int, value: int, language: str) -> str:
    """A value without its unit, with the language's decimal sign."""
    number = decimal(channel, value)
    return number.replace(".", ",") if language == "de" else number


def symbol(channel: int) -> str:
    """The unit as people write it."""
    quantity = of_channel(channel)
    return quantity.symbol if quantity else ""


def percent(share: float | None, language: str) -> str:
    """A share as per cent, rounded down: 100 % means all."""
    if share is None:
        return "-"
    number = f"{int(share * 1000) / 10:.1f}"
    return f"{number.replace('.', ',') if language == 'de' else number} %"


def moment(seconds: int | None, language: str) -> str:
    """A time in UTC to the minute."""
    if seconds is None or not 0 <= seconds < 2**37:
        return tell("unknown_time", language)
    return datetime.fromtimestamp(seconds, UTC).strftime(
        "%d.%m.%Y %H:%M" if language == "de" else "%Y-%m-%d %H:%M"
    )


def duration(seconds: float) -> str:
    """A span in its largest unit; the abbreviations are the same in both languages."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {unit}"
    return f"{max(0, int(seconds))} s"
