"""Short texts of the page and the command line, and how numbers and times are written, German and English.

Those with a code: `messages.py`; what is said of a value: `quality.py`; of a station: `station.py`.
"""

from datetime import UTC, datetime

from luftpegel_gateway.model.quantities import decimal, name_of, of_channel
from luftpegel_gateway.words.importing import IMPORTING

TEXTS: dict[str, tuple[str, str]] = {
    **IMPORTING,
    "title": ("Luftpegel gateway", "Luftpegel-Gateway"),
    "overview": ("Overview", "Übersicht"),
    "station": ("Station", "Station"),
    "stations": ("Stations", "Stationen"),
    "values": ("Last values", "Letzte Werte"),
    "heard": ("Last heard", "Zuletzt gehört"),
    "ago": ("{} ago", "vor {}"),
    "never": ("never", "noch nie"),
    "received": ("received", "empfangen"),
    "missing": ("missing", "fehlend"),
    "battery": ("Battery", "Batterie"),
    "state": ("State", "Zustand"),
    "gateway": ("Gateway", "Gateway"),
    "since": ("since {} UTC", "seit {} UTC"),
    "next_step": ("Next step", "Nächster Schritt"),
    "no_readings": ("There are no readings yet.", "Es gibt noch keine Messwerte."),
    "last_readings": ("The last {} readings", "Die letzten {} Messwerte"),
    "time": ("Time (UTC)", "Zeit (UTC)"),
    "unknown_time": ("unknown", "unbekannt"),
    "chart": ("{name}, {begin} to {end} UTC: lowest {low}, highest {high}, last {last} {unit}.",
              "{name}, {begin} bis {end} UTC: kleinster Wert {low}, größter {high}, letzter {last} {unit}."),
    "no_chart": ("{name}: no value to draw.", "{name}: kein Wert zum Zeichnen."),
    "notices": ("What the network server reports", "Was der Netzserver meldet"),
    "signal": ("Signal", "Empfang"),
    "network": ("Network server", "Netzserver"),
    "mains": ("mains power", "Netzteil"),
    "margin": ("margin {} dB", "Reserve {} dB"),
    "place": ("Place", "Ort"),
    "back": ("All stations", "Alle Stationen"),
    "other_language": ("Deutsch", "English"),
    "skip": ("To the content", "Zum Inhalt"),
    "not_found": ("There is no such page.", "Diese Seite gibt es nicht."),
    "state_ok": ("in order", "in Ordnung"),
    "state_silent": ("silent", "stumm"),
    "state_new": ("not heard yet", "noch nicht gehört"),
    "state_retired": ("retired", "stillgelegt"),
    "state_twin": ("two boards share this id", "zwei Boards teilen sich diese id"),
    "complete": ("Completeness", "Vollständigkeit"),
    "lives": ("over {} lives", "über {} Leben"),
    "life": ("Life", "Leben"),
    "life_of": ("life {}", "Leben {}"),
    "gaps": ("Missing numbers", "Fehlende Nummern"),
    "more": ("and {} more", "und {} weitere"),
    "gateways": ("{}, heard by {} radio gateways", "{}, von {} Funkgateways gehört"),
    "number": ("Number", "Nummer"),
    "corrected": ("corrected, version {}", "berichtigt, Fassung {}"),
    "table": ("As a table", "Als Tabelle"),
    "told": ("What the station tells of itself", "Was die Station von sich meldet"),
    "unknown_ago": ("unknown: the clocks disagree", "unbekannt: die Uhren sind sich nicht einig"),
    "all_well": ("Everything works.", "Alles in Ordnung."),
    "comes_in": ("Readings come in, but not everything is in order:",
                 "Messwerte kommen an, aber nicht alles ist in Ordnung:"),
    "stands_still": ("Readings do not come in now:", "Zurzeit kommen keine Messwerte an:"),
    "last_seen": ("last seen {} UTC", "zuletzt gesehen {} UTC"),
    "is_silent": ("silent, last heard {}", "stumm, zuletzt gehört {}"),
    "is_waiting": ("{} readings wait, the oldest for {}", "{} Messwerte warten, der älteste seit {}"),
    "are_quarantined": ("{} in quarantine: `luftpegel gateway quarantine list` says why",
                        "{} in Quarantäne: `luftpegel gateway quarantine list` nennt den Grund"),
    "quarantine": ("Quarantine", "Quarantäne"),
    "long_ago": ("an unknown time", "unbekannter Zeit"),
    "frames": ("Frames taken since the journal began", "Angenommene Frames seit Anfang des Journals"),
    "quarantined": ("In quarantine", "In Quarantäne"),
    "discarded": ("Left the quarantine because it was full", "Aus der vollen Quarantäne entfernt"),
    "waiting": ("Waiting for “{}”", "Warten auf „{}“"),
    "passed": ("Passed over: {}", "Übergangen: {}"),
    "no_journal": ("The journal cannot be read now.", "Das Journal ist zurzeit nicht lesbar."),
    "saved": ("Saved into {}: {} files, {}.", "Gesichert nach {}: {} Dateien, {}."),
    "restored": ("Put back from {}: {} files, {}.", "Zurückgeholt aus {}: {} Dateien, {}."),
    "exported": ("{}: {} frames, {} readings, {} in quarantine.",
                 "{}: {} Frames, {} Messwerte, {} in Quarantäne."),
    "left_out": ("{} readings of earlier lives and alarms an old gateway cannot hold; they stay here.",
                 "{} Messwerte früherer Leben und Alarme kann ein altes Gateway nicht halten; sie bleiben."),
    "export_next": (
        "Next step: move journal.sqlite and its -wal and -shm away, name this file so, start gateway {}.",
        "Nächster Schritt: journal.sqlite samt -wal und -shm wegräumen, diese so nennen, Gateway {} starten.",
    ),
    "resolved": ("resolved", "erledigt"),
    "still": ("still in quarantine", "weiter in Quarantäne"),
    "nothing": ("Nothing is in quarantine.", "Die Quarantäne ist leer."),
    "nothing_chosen": ("Nothing in quarantine fits.", "In der Quarantäne passt nichts dazu."),
    "rest": ("{} older ones are not shown; --limit shows more.",
             "{} ältere sind nicht gezeigt; --limit zeigt mehr."),
    "group_help": ("Single entries: --all; narrower: --code, --device.",
                   "Einzelne Einträge: --all; enger: --code, --device."),
    "confirm": ("Discard {} entries ({}) for good? [y/N] ", "{} Einträge ({}) endgültig verwerfen? [j/N] "),
    "not_confirmed": ("{} entries; nothing was discarded", "{} Einträge; nichts wurde verworfen"),
    "freed": ("{} entries discarded, {} freed.", "{} Einträge verworfen, {} freigegeben."),
    "progress": ("{} of {}", "{} von {}"),
    "not_running": ("The gateway does not run. Start it with `luftpegel gateway run`.",
                    "Das Gateway läuft nicht. Starten mit `luftpegel gateway run`."),
    "stations_1": ("1 station", "1 Station"),
    "stations_n": ("{} stations", "{} Stationen"),
    "data_ok": ("Data folder", "Datenordner"),
    "disk_ok": ("Disk", "Platte"),
    "clock_ok": ("Clock", "Uhr"),
    "page_ok": ("Page", "Seite"),
    "certificates_ok": ("Certificates of {}", "Zertifikate von {}"),
    "source_ok": ("Source {}", "Quelle {}"),
    "sink_ok": ("Sink {}", "Ziel {}"),
    "free": ("{} free", "{} frei"),
    "will_be_made": ("{}, made at the first start", "{}, entsteht beim ersten Start"),
    "gateway_has_it": ("{}: the running gateway answers here", "{}: hier antwortet das laufende Gateway"),
    "works": ("works", "funktioniert"),
    "not_tried": ("this kind is not tried", "diese Art wird nicht probiert"),
    "until": ("until {}", "bis {}"),
    "all_tried": ("Everything that was tried works. Next: luftpegel gateway run",
                  "Alles Probierte funktioniert. Weiter mit: luftpegel gateway run"),
    "some_failed": ("{} of {} did not work.", "{} von {} gingen nicht."),
    "no_change": ("Nothing to change.", "Nichts zu ändern."),
    "changed": ("{} is changed; the one from before is {}.", "{} ist geändert; die vorige ist {}."),
    "not_changed": ("Nothing was written (--dry-run).", "Nichts wurde geschrieben (--dry-run)."),
    "gateway_took": ("The running gateway has taken it over: {}.",
                     "Das laufende Gateway hat es übernommen: {}."),
    "gateway_later": ("No gateway runs here; it takes this over when it starts.",
                      "Hier läuft kein Gateway; es übernimmt dies beim Start."),
    "kept_as": ("readings are kept as {}", "Messwerte liegen unter {}"),
    "retired_on": ("retired {}", "stillgelegt {}"),
    "written": ("Written: {}", "Geschrieben: {}"),
    "overwrite": ("There are files already: {}. Replace them? The old ones stay as .old. [y/N] ",
                  "Es gibt schon Dateien: {}. Ersetzen? Die alten bleiben als .old. [j/N] "),
    "yes": ("yes", "ja"),
    "no": ("no", "nein"),
    "command_queued": ("Command {} waits for the next uplink of {}; `luftpegel gateway commands` tells.",
                       "Befehl {} wartet auf einen Uplink von {}; Stand: `luftpegel gateway commands`."),
    "interval_differs": ("When {} has taken it, write interval_s = {} into stations.toml, too.",
                         "Hat {} ihn befolgt, auch in stations.toml interval_s = {} schreiben."),
    "recorded": ("{}: a recording of {} messages.", "{}: eine Aufzeichnung von {} Nachrichten."),
    "command_taken_back": ("Command {} of {} is taken back; what the network server has may still arrive.",
                           "Befehl {} an {} ist zurückgenommen; was der Netzserver hat, kann noch ankommen."),
    "setting_twice": ("one setting stands there twice", "eine Einstellung steht zweimal da"),
    "no_commands": ("No commands.", "Keine Befehle."),
    "command_waiting": ("waits", "wartet"),
    "command_done": ("done", "befolgt"),
    "command_refused": ("not taken", "nicht befolgt"),
    "command_expired": ("expired", "abgelaufen"),
    "command_cancelled": ("taken back", "zurückgenommen"),
    "command_sent": ("sent {} times, until {} UTC", "{} Mal gesendet, bis {} UTC"),
    "in_force": ("in force: {}", "es gilt: {}"),
    "would_offer": ("{} readings would go to “{}”.", "{} Messwerte gingen an „{}“."),
    "offered": ("{} readings go to “{}” now, after what is new.",
                "{} Messwerte gehen jetzt an „{}“, nach dem, was neu ist."),
    "to_is_store": ("--to is the store itself", "--to ist die Ablage selbst"),
    "nothing_stored": ("The store has no values of that yet.", "Die Ablage hat davon noch keine Werte."),
    "log_more": ("… {} more in the last {}", "… {} weitere in den letzten {}"),
    "service_runs": ("running: {}", "läuft: {}"),
    "config_ok": ("The configuration is in order", "Die Konfiguration ist in Ordnung"),
}  # fmt: skip

def tell(key: str, language: str, *parts: object, **words: object) -> str:
    """A text in one language."""
    return TEXTS[key][language == "de"].format(*parts, **words)


def stations_text(count: int, language: str) -> str:
    """How many stations: '1 station', '12 stations'."""
    return tell("stations_1" if count == 1 else "stations_n", language, count_text(count, language))


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


def size_text(count: int, language: str) -> str:
    """A number of bytes in its largest unit."""
    for unit, length in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= length:
            number = f"{count / length:.1f}"
            return f"{number.replace('.', ',') if language == 'de' else number} {unit}"
    return f"{count} B"


def count_text(count: int, language: str) -> str:
    """A whole number with its thousands apart."""
    return f"{count:,}".replace(",", "." if language == "de" else ",")
