"""station.toml, which a person writes, into station.json, which the board reads.

The checks are the firmware's own (firmware/station/config.py), run here, so that a file that passes is not
refused on the board; this module adds what a person needs: the line in the file, and German.
"""

import importlib
import json
import re
import sys
import tomllib
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from luftpegel_tools.image.firmware_image import FIRMWARE

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
    """A station file is refused; the text says file, line, code, cause and next step."""


def load(path: Path, language: str = "en") -> dict[str, Any]:
    """Read and check a station.toml (or station.json); returns the settings as they go onto the board.

    Raises:
        StationFileError: with the first thing that is wrong, in English ("en") or German ("de").
    """
    config = _firmware_config()
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        settings: dict[str, Any] = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        checked = config.checked(settings)
        config.Plan(checked, config.board_of(checked), importlib.import_module("sensors").driver)
    except config.ConfigError as error:
        place = f"{path}:{line_of(text, error.where)}"
        raise StationFileError(f"{place}: {_told(error, config.TEXTS, language)}") from None
    except OSError:
        missing = config.ConfigError("LP-350", ())
        raise StationFileError(f"{path}: {_told(missing, _TEXTS_MISSING, language)}") from None
    except ValueError as error:  # of TOML, of JSON, of UTF-8: each names its place
        unreadable = config.ConfigError("LP-351", (), (error,))
        raise StationFileError(f"{path}: {_told(unreadable, config.TEXTS, language)}") from None
    return settings


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


def _firmware_config() -> Any:
    # The firmware's own module. Drivers import onewire, which only a board has; nothing here calls it.
    for folder in (FIRMWARE, FIRMWARE / "lib"):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    onewire = types.ModuleType("onewire")
    onewire.OneWire = onewire.OneWireError = None  # type: ignore[attr-defined]
    sys.modules.setdefault("onewire", onewire)
    return importlib.import_module("station.config")
