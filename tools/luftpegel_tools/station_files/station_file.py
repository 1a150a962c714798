"""station.toml, which a person writes, into station.json, which the board reads.

The checks are the firmware's own (firmware/station/config.py), run here, so that a file that passes is not
refused on the board; this module adds what a person needs: the line in the file, and German.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from luftpegel_tools.station_files.firmware_modules import firmware_module
from luftpegel_tools.station_files.fit import MisfitError
from luftpegel_tools.station_files.station_plan import StationPlan, plan_of

_TEXTS_DE = {
    "LP-350": ("Die Stationsdatei fehlt", "den Pfad prüfen"),
    "LP-351": ("Die Stationsdatei ist nicht lesbar: {}", "die Stelle berichtigen"),
    "LP-352": ("{} ist keine Einstellung", "streichen oder Schreibweise berichtigen; hier bekannt: {}"),
    "LP-353": ("{} fehlt", "ergänzen: {}"),
    "LP-354": ("{0} ist {2}; verlangt ist: {1}", "den Wert berichtigen"),
    "LP-355": ("{} ist nicht bekannt", "eines davon wählen: {}"),
    "LP-356": ("Zwei Sensoren messen {}", 'einem davon "index" 1 geben, oder die Größe mit "only" weglassen'),
    "LP-357": ("Zwei Sensoren an einer Stelle: {}", "jedem seine eigene geben"),
}
# What the firmware's table asks for, in its words.
_WORDS_DE = {
    "the revision printed on the board": "die Revision, die auf der Platine steht",
    "1 to 32 letters, digits or -": "1 bis 32 Buchstaben, Ziffern oder -",
    "the name of a board": "der Name einer Platine",
    "60 to 86400 seconds": "60 bis 86400 Sekunden",
    "a list of sensors": "eine Liste von Sensoren",
    "a list of quantities": "eine Liste von Größen",
    "a table": "eine Tabelle",
    "a table of settings": "eine Tabelle von Einstellungen",
    "a table: quantity to resolution": "eine Tabelle: Größe und ihre Auflösung",
    "the name of a driver": "der Name eines Treibers",
    "0 or 1": "0 oder 1",
    "a socket of the board": "eine Buchse der Platine",
    "an I2C address, 8 to 119": "eine I2C-Adresse, 8 bis 119",
    "16 hex digits": "16 Hex-Ziffern",
    "the name of a quantity": "der Name einer Größe",
    "the name of a radio": "der Name eines Funkmoduls",
    "a LoRaWAN region": "eine LoRaWAN-Region",
    "0 to 15": "0 bis 15",
    "true or false": "true oder false",
    "20 to 242 bytes": "20 bis 242 Bytes",
    "false with a modem": "false, wenn ein Modem funkt",
    "at most 31": "höchstens 31",
}
# On the computer a missing file has another remedy than on the board.
_TEXTS_MISSING = {"LP-350": ("the station file is missing", "check the path")}
_TABLE = re.compile(r"\s*(\[{1,2})\s*([A-Za-z0-9_.\"'-]+)\s*\]{1,2}")
_KEY = re.compile(r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*=")


class StationFileError(ValueError):
    """A station file is refused: `code`; the text says file, line, code, cause and next step."""

    def __init__(self, place: str, code: str, told: str) -> None:
        super().__init__(f"{place}: {told}")
        self.code = code


def load(path: Path, language: str = "en") -> dict[str, Any]:
    """Read and check a station.toml (or station.json); returns the settings as they go onto the board.

    Raises:
        StationFileError: with the first thing that is wrong, in English ("en") or German ("de").
    """
    return load_both(path, language)[0]


def load_both(path: Path, language: str = "en") -> tuple[dict[str, Any], StationPlan]:
    """The settings as `load` has them, and the station that they come to. Raises StationFileError."""
    config = firmware_module("station.config")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        missing = config.ConfigError("LP-350", ())
        raise StationFileError(str(path), missing.code, _told(missing, _TEXTS_MISSING, language)) from None
    except UnicodeDecodeError as error:
        raise _unreadable(path, error, language) from None
    return judge(path, text, language)


def judge(path: Path, text: str, language: str = "en") -> tuple[dict[str, Any], StationPlan]:
    """The same of a text, whose errors are told as those of the file `path`. Raises StationFileError."""
    config = firmware_module("station.config")
    try:
        settings: dict[str, Any] = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        return settings, plan_of(settings)
    except MisfitError as error:
        place = f"{path}:{line_of(text, error.where)}"
        raise StationFileError(place, error.code, error.text(language)) from None
    except config.ConfigError as error:
        place = f"{path}:{line_of(text, error.where)}"
        raise StationFileError(place, error.code, _told(error, config.TEXTS, language)) from None
    except ValueError as error:  # of TOML, of JSON: each names its place
        raise _unreadable(path, error, language) from None


def _unreadable(path: Path, error: ValueError, language: str) -> StationFileError:
    config = firmware_module("station.config")
    unreadable = config.ConfigError("LP-351", (), (error,))
    return StationFileError(str(path), unreadable.code, _told(unreadable, config.TEXTS, language))


def _told(error: Any, texts: dict[str, tuple[str, str]], language: str) -> str:
    if language != "de":
        return str(error.text(texts))
    error.details = _in_german(error.details)
    error.advice = _in_german(error.advice)
    return str(error.text(_TEXTS_DE, then="Nächster Schritt"))


def _in_german(words: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(_WORDS_DE.get(word, word) if isinstance(word, str) else word for word in words)


def line_of(text: str, where: tuple[str | int, ...]) -> int:
    """The line (from 1) that comes closest to the setting at path `where` of a TOML text."""
    best, depth = 1, 0
    for number, path in _places(text):
        common = 0
        while common < min(len(path), len(where)) and path[common] == where[common]:
            common += 1
        if common == len(path) and common > depth:
            best, depth = number, common
    return best


def _places(text: str) -> Iterator[tuple[int, tuple[str | int, ...]]]:
    # (line, path) of each table and key.
    table: tuple[str | int, ...] = ()
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        header = _TABLE.match(line)
        key = _KEY.match(line)
        if header:
            name = header[2].strip("\"'")
            table = tuple(name.split("."))
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                table = (*table, counts[name])
            yield number, table
        elif key:
            yield number, (*table, key[1])
