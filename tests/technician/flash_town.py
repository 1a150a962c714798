"""A town whose boards are virtual: its files, and a hub that holds eight of them at a time."""

import hashlib
import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from luftpegel_tools.rig.virtual_desk import virtual_desk
from luftpegel_tools.technician.keys import Keys, keys_file
from luftpegel_tools.technician.roster import fill_euis, read_roster
from luftpegel_tools.virtual_board.rom.silicon import SILICON
from luftpegel_tools.virtual_board.rom.stand_in import stand_in

STATION = """station = "any"
board = "{board}"

[[sensors]]
driver = "sht4x"

[radio]
driver = "{radio}"
"""
FLASH_BYTES = 4 << 20
BOARDS = {"heltec_v3": ("esp32s3", "sx1262"), "ttgo_lora32": ("esp32", "sx1276")}
FIRST_MAC = 0x246F28000001
PATIENCE_S = 300


class Town:
    """`file` is the roster; beside it lie keys, ledger, station files and MicroPython's stand-ins."""

    def __init__(self, folder: Path, count: int, board: str = "heltec_v3"):
        self.folder = folder
        self.file = folder / "town.csv"
        self.ledger_file = folder / "town.ledger"
        rows = [f"LP-{n:04},Ort {n},level,{board}.toml," for n in range(1, count + 1)]
        self.file.write_text("\n".join(["station,name,kind,station_file,dev_eui", *rows]) + "\n")
        manifest = ""
        for name, (chip, radio) in BOARDS.items():
            (folder / f"{name}.toml").write_text(STATION.format(board=name, radio=radio))
            data = stand_in(SILICON[chip], FLASH_BYTES, kib=72)
            (folder / f"{chip}.bin").write_bytes(data)
            digest = hashlib.sha256(data).hexdigest()
            manifest += f'[{name}]\nfile = "{chip}.bin"\nsha256 = "{digest}"\n'
        (folder / "micropython.toml").write_text(manifest)
        fill_euis(self.file)
        self.roster = read_roster(self.file)
        self.keys = Keys(keys_file(self.file))
        self.keys.ensure(*(entry.dev_eui for entry in self.roster))

    def words(self, desk, *more):
        hub = str(desk.links[1].parent)
        fixed = "flash", "--roster", str(self.file), "--micropython", str(self.folder), "--ports", hub
        return [sys.executable, "-m", "luftpegel_tools.cli", *fixed, "--json", "--blink", "0", *more]

    def start(self, desk, *more):
        return subprocess.Popen(
            self.words(desk, *more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def flash(self, desk, *more):
        """Run it on what is plugged in: (exit code, outcome of each place)."""
        with self.start(desk, "--once", *more) as process:
            said, _ = process.communicate(timeout=PATIENCE_S)
        lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        boards = {line["place"]: line for line in lines if line["event"] == "board"}
        print(said)
        return process.returncode, boards

    def ledger(self):
        text = self.ledger_file.read_text() if self.ledger_file.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def owners(self):
        """Station -> chips that its key was ever meant for."""
        owners = {}
        for line in self.ledger():
            if line["step"] == "assigned":
                owners.setdefault(line["station"], set()).add(line["chip"])
        return owners


@contextmanager
def hub(count=8, *options, first=FIRST_MAC):
    """Blank boards with MACs from `first` on."""
    words = "--blank", "--speed", "1", "--hub", str(count), "--mac", f"{first:012x}", *options
    with virtual_desk(*words) as desk:
        yield desk


def settings_on(desk, place=1):
    """NVS of a board, written down by the desk at each commit; nothing before it has started."""
    file = next(iter(_state(desk, place).rglob("nvs.json")), None)
    return json.loads(file.read_text()).get("luftpegel", {}) if file else {}


def key_on(desk, place=1):
    """The key that its firmware finds on a board, or None."""
    entry = settings_on(desk, place).get("app_key")
    return bytes.fromhex(entry["value"]) if entry else None


def keys_anywhere(desk, place, town):
    """Stations whose key lies on a board in any way, in raw flash or NVS."""
    files = [file for file in _state(desk, place).rglob("*") if file.is_file()]
    content = [file.read_bytes() for file in files]
    found = set()
    for entry in town.roster:
        key = bytes(town.keys.of(entry.dev_eui))
        if any(key in data or key.hex().encode() in data for data in content):
            found.add(entry.station)
    return found


def _state(desk, place):
    folder = desk.state / str(place)
    return folder if folder.is_dir() else desk.state
