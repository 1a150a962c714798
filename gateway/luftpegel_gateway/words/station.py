"""What is said of a station: why it counts anew, and the fields of its status frame, German and English."""

from collections.abc import Mapping

from luftpegel_gateway.model.state import Life, StationState
from luftpegel_gateway.words.texts import duration, moment, tell

# Life.reason: what it was recognised by. An unknown word is shown as it is.
LIFE_REASON: Mapping[str, tuple[str, str]] = {
    "numbers-back": ("its numbers went back while time went on",
                     "ihre Nummern gingen zurück, während die Zeit weiterging"),
    "numbers-ahead": ("its numbers lie beyond what the time that passed allows",
                      "ihre Nummern liegen jenseits dessen, was die vergangene Zeit erlaubt"),
    "other-values": ("its frames contradict the earlier ones", "ihre Frames widersprechen den früheren"),
}  # fmt: skip
# What begins with a life, by its reason.
NEW_BOARD = ("a new board counts from 0", "ein neues Board zählt von 0 an")
OTHER_NUMBERS = ("the station counts on from other numbers", "die Station zählt mit anderen Nummern weiter")
SINCE = ("{} since {} UTC", "{} seit {} UTC")
FIRST_LIFE = ("the first life", "das erste Leben")

# Fields of a status frame by the wire's names; the unit follows the number. Those left out are for programs.
FIELDS: Mapping[str, tuple[tuple[str, str], str]] = {
    "firmware": (("Firmware", "Firmware"), ""),
    "boots": (("Starts since it was made", "Starts seit der Herstellung"), ""),
    "reset_cause": (("Last start", "Letzter Start"), ""),
    "uptime_s": (("Running for", "Läuft seit"), ""),
    "interval_s": (("Interval between readings", "Abstand der Messwerte"), ""),
    "oldest_seq": (("Oldest reading on the board", "Ältester Messwert auf dem Board"), ""),
    "newest_seq": (("Newest reading on the board", "Neuester Messwert auf dem Board"), ""),
    "heap_free": (("Free memory", "Freier Speicher"), "B"),
    "flash_free": (("Free flash", "Freier Flash"), "B"),
    "frames_sent": (("Frames sent", "Gesendete Frames"), ""),
    "joins": (("Joins", "Anmeldungen"), ""),
    "rssi": (("Last downlink heard with", "Letzter Downlink gehört mit"), "dBm"),
    "snr": (("Signal to noise of it", "Dessen Signal-Rausch-Abstand"), "dB"),
    "crash": (("Crashes", "Abstürze"), ""),
    "clock": (("Clock", "Uhr"), ""),
    "faults": (("Sensors that did not deliver", "Sensoren ohne Messwert"), ""),
    "data_rate": (("Data rate", "Datenrate"), ""),
    "rx_offset_us": (("Downlinks come late by", "Downlinks kommen später um"), "µs"),
    "rx_spread_us": (("Spread of that", "Streuung dabei"), "µs"),
    "trouble": (("What keeps it from its work: code LP-", "Was sie hindert: Code LP-"), ""),
}
# Numbers that stand for something: machine.reset_cause() of the ESP32, and what the clock knows.
MEANINGS: Mapping[str, Mapping[int, tuple[str, str]]] = {
    "reset_cause": {
        1: ("power switched on", "Strom eingeschaltet"),
        2: ("reset line", "Reset-Leitung"),
        3: ("watchdog", "Watchdog"),
        4: ("woke from deep sleep", "aus dem Tiefschlaf erwacht"),
        5: ("restarted by itself", "selbst neu gestartet"),
    },
    "clock": {0: ("unknown", "unbekannt"), 1: ("from the network", "aus dem Netz")},
}


def life_text(life: Life, language: str) -> str:
    """Since when a station counts as it does, and why: 'a new board counts from 0 since ...'."""
    german = language == "de"
    if life.number == 0 and not life.reason:
        what = FIRST_LIFE[german]
    else:
        what = (OTHER_NUMBERS if life.reason == "numbers-ahead" else NEW_BOARD)[german]
    if life.began is not None:
        what = SINCE[german].format(what, moment(life.began, language))
    if life.reason:
        why = LIFE_REASON[life.reason][german] if life.reason in LIFE_REASON else life.reason
        what = f"{what} ({why})"
    return what if life.number == 0 else f"{tell('life_of', language, life.number)}: {what}"


def twin_text(state: StationState, language: str) -> str:
    """The state of a station whose id two boards share, with the lives of both."""
    both = tell("life_of", language, f"{state.twin} + {state.life.number}")
    return f"{tell('state_twin', language)} ({both})"


def status_lines(fields: Mapping[str, int | str], language: str) -> list[tuple[str, str]]:
    """A status frame's fields as (name, value) for people; a field of a newer station by its bare name."""
    known = [(name, fields[name]) for name in FIELDS if name in fields]
    strange = [(name, value) for name, value in fields.items() if name not in FIELDS]
    return [(_name(name, language), _value(name, value, language)) for name, value in [*known, *strange]]


def _name(field: str, language: str) -> str:
    return FIELDS[field][0][language == "de"] if field in FIELDS else field


def _value(field: str, value: int | str, language: str) -> str:
    if isinstance(value, int) and field in {"uptime_s", "interval_s"}:
        return duration(value)
    if isinstance(value, int) and (meaning := MEANINGS.get(field, {}).get(value)):
        return meaning[language == "de"]
    return f"{value} {FIELDS[field][1]}".rstrip() if field in FIELDS else str(value)
