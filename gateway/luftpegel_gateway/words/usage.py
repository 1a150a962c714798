"""How the command line explains itself, in German: argparse's own words, our help texts, what a value must be.

English stands where it is said. `{}` stands for any words; a test holds that no text of the gateway is missing.
"""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

import re
from collections.abc import Mapping
from functools import cache

# argparse's own, as it asks gettext for them.
ARGPARSE: Mapping[str, str] = {
    "usage: ": "Aufruf: ",
    "positional arguments": "Argumente",
    "options": "Optionen",
    "subcommands": "Befehle",
    "show this help message and exit": "diese Hilfe zeigen",
    "show program's version number and exit": "die Version zeigen",
    "%(prog)s: error: %(message)s\n": "%(prog)s: Fehler: %(message)s\n",
    "argument %(argument_name)s: %(message)s": "Argument %(argument_name)s: %(message)s",
    "the following arguments are required: %s": "diese Argumente fehlen: %s",
    "one of the arguments %s is required": "eines dieser Argumente muss da sein: %s",
    "unrecognized arguments: %s": "unbekannte Argumente: %s",
    "not allowed with argument %s": "geht nicht zusammen mit %s",
    "ambiguous option: %(option)s could match %(matches)s": "nicht eindeutig: %(option)s kann %(matches)s heißen",
    "expected one argument": "hier wird ein Wert erwartet",
    "expected at most one argument": "hier wird höchstens ein Wert erwartet",
    "expected at least one argument": "hier wird mindestens ein Wert erwartet",
    "expected %s argument": "hier wird %s Wert erwartet",
    "expected %s arguments": "hier werden %s Werte erwartet",
    "ignored explicit argument %r": "der Wert %r gehört hier nicht hin",
    "invalid %(type)s value: %(value)r": "%(value)r ist kein gültiger Wert (%(type)s)",
    "invalid choice: %(value)r (choose from %(choices)s)": "%(value)r gibt es nicht (möglich ist: %(choices)s)",
    "unknown parser %(parser_name)r (choices: %(choices)s)": "%(parser_name)r gibt es nicht (möglich ist: %(choices)s)",
    "can't open '%(filename)s': %(error)s": "'%(filename)s' lässt sich nicht öffnen: %(error)s",
}
# Ours: help, descriptions, and what a value must be.
OURS: Mapping[str, str] = {
    "Sensor stations and gateway for towns.": "Messstationen und Gateway für Kommunen.",
    "a simulated town for a day; proof that nothing was lost": "eine simulierte Stadt, einen Tag lang; Beweis, dass nichts verloren ging",
    "a living town; on request before a real network server": "eine lebende Stadt; auf Wunsch vor einem echten Netzserver",
    "run the gateway, check its files, see its quarantine": "das Gateway betreiben, seine Dateien prüfen, in seine Quarantäne sehen",
    "data out of the gateway's store: CSV, JSON, Parquet, ZRXP": "Daten aus der Ablage des Gateways: CSV, JSON, Parquet, ZRXP",
    "show what a frame says, byte by byte with --explain": "zeigen, was ein Frame sagt, mit --explain Byte für Byte",
    "check a station file, build what goes onto a board": "eine Stationsdatei prüfen, bauen, was auf ein Board kommt",
    "a town's table of stations: check it, make EUIs and keys": "die Tabelle der Stationen einer Stadt: prüfen, EUIs und Schlüssel machen",
    "the labels of a town's stations, as a PDF": "die Etiketten der Stationen einer Stadt, als PDF",
    "what an error code means, and what to do": "was ein Fehlercode heißt und was zu tun ist",
    "start a virtual board on a pseudo-terminal": "ein virtuelles Board an einem Pseudo-Terminal starten",
    "gateway.toml (default: the one in this folder)": "gateway.toml (ohne Angabe: die in diesem Ordner)",
    "language of messages (default: the environment's)": "Sprache der Meldungen (ohne Angabe: die der Umgebung)",
    "answer for machines": "Antwort für Maschinen",
    "run the gateway until it gets SIGTERM or Ctrl-C": "das Gateway betreiben, bis SIGTERM oder Strg-C kommt",
    "what is not well, stations, completeness, what waits for which sink": "was nicht in Ordnung ist, Stationen, Vollständigkeit, was auf welches Ziel wartet",
    "only the lines of these (of a tenant: TENANT/ID)": "nur die Zeilen dieser (bei Mandanten: MANDANT/ID)",
    "judge both files and try what they name: brokers, sinks, port, disk, clock": "beide Dateien beurteilen und probieren, was sie nennen: Broker, Ziele, Port, Platte, Uhr",
    "judge the files only: try no broker, sink, port or disk": "nur die Dateien beurteilen: weder Broker noch Ziel, Port oder Platte probieren",
    "ask a few questions, write gateway.toml and stations.toml, check them": "ein paar Fragen stellen, gateway.toml und stations.toml schreiben und prüfen",
    "TOML with the answers: {}": "TOML mit den Antworten: {}",
    "ask nothing: take every default": "nichts fragen: überall die Vorgabe nehmen",
    "replace files; the old ones stay as .old": "Dateien ersetzen; die alten bleiben als .old",
    "at the end, check the files only": "am Ende nur die Dateien prüfen",
    "the stations of stations.toml": "die Stationen aus stations.toml",
    "enter a station": "eine Station eintragen",
    "give a station another id; its history stays with it": "einer Station eine andere id geben; ihre Geschichte bleibt bei ihr",
    "wait for a station no more; what it measured stays readable": "auf eine Station nicht mehr warten; was sie gemessen hat, bleibt lesbar",
    "all stations": "alle Stationen",
    "the station's id": "die id der Station",
    "its id from now on": "ihre id von jetzt an",
    "whose station it is, where there are tenants": "wem die Station gehört, wo es Mandanten gibt",
    "show what would change, write nothing": "zeigen, was sich ändern würde, nichts schreiben",
    "its DevEUI, 16 hexadecimal digits": "ihre DevEUI, 16 Hexadezimalziffern",
    "what people call it": "wie sie genannt wird",
    "seconds between its readings": "Sekunden zwischen ihren Messwerten",
    "since when (default: today)": "seit wann (ohne Angabe: heute)",
    "send readings again to one sink, from what the journal still holds": "einem Ziel Messwerte noch einmal senden, aus dem, was das Journal noch hat",
    "the sink that is to get them": "das Ziel, das sie bekommen soll",
    "measured then or later": "dann oder später gemessen",
    "measured then or earlier; a day is meant whole": "dann oder früher gemessen; ein Tag zählt ganz",
    "only of this one; more than once: these": "nur von dieser; mehrmals: von diesen",
    "say how many there are, and send nothing": "sagen, wie viele es sind, und nichts senden",
    "save everything into a new folder, also while the gateway runs": "alles in einen neuen Ordner sichern, auch während das Gateway läuft",
    "put a backup's data into a data folder that has none, while no gateway runs": "die Daten einer Sicherung in einen leeren Datenordner legen, während kein Gateway läuft",
    "the folder of the backup": "der Ordner der Sicherung",
    "send settings to a station with its next uplink, and again until it answers": "einer Station Einstellungen mit ihrem nächsten Uplink senden, und wieder, bis sie antwortet",
    "what was sent to stations, and what they answered": "was Stationen gesendet wurde und was sie geantwortet haben",
    "take back a command that still waits": "einen Befehl zurücknehmen, der noch wartet",
    "its id (of a tenant: TENANT/ID)": "ihre id (bei Mandanten: MANDANT/ID)",
    "one of {}": "eines von {}",
    "give up when the station has not answered by then (default: 7)": "aufgeben, wenn die Station bis dahin nicht geantwortet hat (ohne Angabe: 7)",
    "only of this one": "nur von dieser",
    "of the command, as `commands` lists it": "die des Befehls, wie `commands` sie nennt",
    "the gateway's own file": "die eigene Datei des Gateways",
    "while no gateway runs, write the journal as one of version {} reads it": "während kein Gateway läuft, das Journal so schreiben, wie eines der Version {} es liest",
    "where to (default: beside the journal)": "wohin (ohne Angabe: neben das Journal)",
    "tell this sink every reading that is here, because its own data were put back too": "diesem Ziel alle Messwerte von hier senden, weil auch seine Daten zurückgelegt wurden",
    "do not ask ChirpStack what waits there": "ChirpStack nicht fragen, was dort wartet",
    "empty the device's whole queue at ChirpStack, also of what is not ours; says what was lost": "die ganze Warteschlange des Geräts bei ChirpStack leeren, auch von Fremdem; sagt, was verloren ging",
    "enter the devices of ChirpStack as stations": "die Geräte aus ChirpStack als Stationen eintragen",
    "the [[source]] whose API is asked": "die [[source]], deren API gefragt wird",
    "ChirpStack's tenant: id or name (default: api_tenant)": "der Tenant in ChirpStack: id oder Name (ohne Angabe: api_tenant)",
    "ChirpStack's application: id or name; may be repeated (default: those of the source's filter)": "die Anwendung in ChirpStack: id oder Name; darf mehrmals stehen (ohne Angabe: die aus dem Filter der Quelle)",
    "only devices of this device profile, by id or name; may be repeated": "nur Geräte mit diesem Geräteprofil, nach id oder Name; darf mehrmals stehen",
    "only devices of this tag": "nur Geräte mit diesem Tag",
    "of devices whose tags lack it": "für Geräte, deren Tags es nicht nennen",
    "whose name and place counts where both have one (default: local)": "wessen Name und Ort gilt, wo beide einen haben (ohne Angabe: local, die hiesigen)",
    "what ChirpStack hears of stations at this moment, decoded": "was ChirpStack in diesem Augenblick von Stationen hört, dekodiert",
    "ids (of a tenant: TENANT/ID); none: all": "ids (bei Mandanten: MANDANT/ID); ohne Angabe: alle",
    "LoRaWAN frames, not events": "LoRaWAN-Frames statt Ereignisse",
    "end after so many lines": "nach so vielen Zeilen aufhören",
    "write the messages that came in as a recording, for the source `replay`": "die eingegangenen Nachrichten als Aufzeichnung schreiben, für die Quelle `replay`",
    "what lies in quarantine, instead of what was taken": "was in der Quarantäne liegt, statt dessen, was angenommen wurde",
    "frames that could not be used": "Frames, die nicht zu brauchen waren",
    "what is in quarantine, and why": "was in der Quarantäne liegt und warum",
    "show one entry; its payload is the raw message in Base64": "einen Eintrag zeigen; seine Nutzlast ist die Nachricht in Base64",
    "take frames through the gateway again, after the cause is mended": "Frames noch einmal durch das Gateway schicken, wenn die Ursache behoben ist",
    "remove entries for good": "Einträge endgültig entfernen",
    "only this code, like LP-320": "nur dieser Code, wie LP-320",
    "only this device": "nur dieses Gerät",
    "only of this station (of a tenant: TENANT/ID)": "nur von dieser Station (bei Mandanten: MANDANT/ID)",
    "single entries, newest last": "einzelne Einträge, die neuesten zuletzt",
    "with --all: at most so many entries (default {})": "mit --all: höchstens so viele Einträge (ohne Angabe: {})",
    "only these entries; none: all": "nur diese Einträge; ohne Angabe: alle",
    "only what was last seen so long ago": "nur was so lange nicht mehr kam",
    "do not ask": "nicht fragen",
    "what from where": "was und woher",
    "gateway.toml, for store and names (default: that in this folder)": "gateway.toml, für Ablage und Namen (ohne Angabe: die in diesem Ordner)",
    "a store's file, instead of --config": "die Datei einer Ablage, statt --config",
    "only this; may be repeated": "nur diese; darf mehrmals stehen",
    "only what is this tenant's, out of its store": "nur was diesem Mandanten gehört, aus seiner Ablage",
    "only this, as level or temperature-2; may be repeated": "nur diese, wie level oder temperature-2; darf mehrmals stehen",
    "from this day (2026-11-01) or time on": "ab diesem Tag (2026-11-01) oder Zeitpunkt",
    "until the end of this day, or before this time": "bis zum Ende dieses Tags, oder vor diesem Zeitpunkt",
    "how and where to": "wie und wohin",
    "a file (default: what follows on the pipe)": "eine Datei (ohne Angabe: was an der Pipe folgt)",
    "of days and times, as Europe/Berlin (default: this machine's)": "für Tage und Zeiten, wie Europe/Berlin (ohne Angabe: die dieses Rechners)",
    "decimal sign of CSV (default: .)": "Dezimalzeichen in CSV (ohne Angabe: .)",
    "mistakes in gateway.toml for machines": "Fehler in gateway.toml für Maschinen",
    "Parquet is nothing for a terminal: give --to FILE": "Parquet ist nichts für ein Terminal: --to DATEI angeben",
    "{} is no day like 2026-11-26": "{} ist kein Tag wie 2026-11-26",
    "{} is no number of days from {} to {}": "{} ist keine Zahl von Tagen von {} bis {}",
    "{} is no number of lines": "{} ist keine Zahl von Zeilen",
    "{} is not KEY=VALUE": "{} ist nicht SCHLÜSSEL=WERT",
    "{} is no whole number above 0": "{} ist keine ganze Zahl über 0",
    "{} is not NAME=NUMBER ({})": "{} ist nicht NAME=ZAHL ({})",
    "{} is no time zone like Europe/Berlin": "{} ist keine Zeitzone wie Europe/Berlin",
    "{} is not a day like 2026-11-01 or a time like 2026-11-01T06:00": "{} ist kein Tag wie 2026-11-01 und kein Zeitpunkt wie 2026-11-01T06:00",
    "name a verb": "einen Befehl nennen",
}


def in_german(text: str) -> str:
    """One of our texts; also with a capital at its beginning and a full stop, as a description; else as it is."""
    if text in OURS or text in ARGPARSE:
        return OURS.get(text) or ARGPARSE[text]
    for pattern, german in _patterns():
        if found := pattern.fullmatch(text):
            return german.format(*found.groups())
    bare = text[:1].lower() + text[1:].removesuffix(".")
    if bare != text and (german := in_german(bare)) != bare:
        return f"{german[:1].upper()}{german[1:]}."
    if (capital := f"{text[:1].upper()}{text[1:]}") != text and capital in OURS:
        return OURS[capital]
    return text


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(
        (re.compile(re.escape(text).replace(r"\{\}", "(.*)"), re.DOTALL), german)
        for text, german in OURS.items()
        if "{}" in text
    )
