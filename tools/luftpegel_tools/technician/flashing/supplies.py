"""What goes onto boards, looked at before one is touched: a fault found at board 30 is found too late."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from luftpegel_tools.image.firmware_image import STATION_FILE
from luftpegel_tools.station_files import station_file
from luftpegel_tools.technician.flashing.micropython import MicroPython, MicroPythonFolder
from luftpegel_tools.technician.flashing.station_image import (
    Settings,
    file_system,
    firmware_files,
    nvs_partition,
    station_json,
)
from luftpegel_tools.technician.keys import Keys
from luftpegel_tools.technician.roster import Entry
from luftpegel_tools.technician.words import TroubleError

START_FILES = ("boot.py", "main.py")


class Supplies:
    """MicroPython, firmware, station files and keys of the stations that are meant."""

    def __init__(self, micropython: MicroPythonFolder, keys: Keys, language: str) -> None:
        self._micropython = micropython
        self._keys = keys
        self._language = language
        self._stations: dict[Path, dict[str, Any]] = {}
        self._firmware = firmware_files()

    def check(self, entries: Sequence[Entry]) -> None:
        """Look at all that these stations need.

        Raises TroubleError (LP-626, LP-627, LP-637 of MicroPython, LP-639 without a key), StationFileError.
        """
        for entry in entries:
            self.micropython(entry)
            self._key(entry)

    def settings(self, entry: Entry) -> dict[str, Any]:
        """A station's settings, `station` being its own id."""
        if entry.station_file not in self._stations:
            self._stations[entry.station_file] = station_file.load(entry.station_file, self._language)
        return self._stations[entry.station_file] | {"station": entry.station}

    def micropython(self, entry: Entry) -> MicroPython:
        """MicroPython for a station's board."""
        return self._micropython.of(self.settings(entry)["board"])

    def files(self, entry: Entry) -> dict[str, bytes]:
        """All files that lie on a station's board, those that start it last."""
        files = self._firmware | {STATION_FILE: station_json(self.settings(entry))}
        starters = {path: files.pop(path) for path in START_FILES}
        return {**files, **starters}

    def nvs(self, entry: Entry, dev_nonce: int) -> Settings:
        """What a station's NVS has."""
        eui, join = bytes.fromhex(entry.dev_eui), bytes.fromhex(entry.join_eui)
        return Settings(eui, join, self._key(entry), dev_nonce)

    def parts(self, entry: Entry, dev_nonce: int) -> list[tuple[int, bytes]]:
        """(address, bytes) of what is written to a blank board. MicroPython comes last: a board that starts
        has its files and its keys. But not what starts it as a station: that is brought when the rest is
        at the prompt. (After a reset by watchdog a station is asleep before one has a word with it.)
        """
        file = self.micropython(entry)
        nvs, vfs = file.partitions["nvs"], file.partitions["vfs"]
        settings = nvs_partition(self.nvs(entry, dev_nonce), nvs.size)
        files = {path: data for path, data in self.files(entry).items() if path not in START_FILES}
        runs = file_system(files, vfs.size)
        at_nvs = nvs.address - file.address
        whole = file.data[:at_nvs] + settings + file.data[at_nvs + nvs.size :]
        return [*((vfs.address + offset, data) for offset, data in runs), (file.address, whole)]

    def _key(self, entry: Entry) -> Any:
        key = self._keys.of(entry.dev_eui)
        if key is None:
            raise TroubleError("LP-639", detail=f"{entry.station}: {self._keys.file}")
        return key
