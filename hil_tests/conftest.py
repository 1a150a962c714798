"""A station on the board under test: its file, keys, wakes and journal. The rest is the plugin's."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from luftpegel_tools.rig.roles import Rig

KEY = bytes.fromhex("4c554654504547454c2d48494c2d4b45")  # of virtual boards only; it protects nothing
DEV_EUI = bytes.fromhex("2cf7f12024900042")
INTERVAL_S = 60
WAKE_TIMEOUT_S = 180  # a join and three frames at SF12 take a minute on air
JOURNAL = "/journal"
OPEN_JOURNAL = """
from esp32 import NVS
from station.flash import Counter, Folder
from station.journal import Journal
journal = Journal(Folder("/journal"), Counter(NVS("luftpegel"), "seq_ahead"), 1 << 18)
"""
# Power-ups in a row make the station wait; a test's are none.
FIRST_POWER_UP = """
from esp32 import NVS
from station.flash import Counter
Counter(NVS("luftpegel"), "power_ups").write(0)
"""
ROWS = "[(row.seq, row.values, row.quality) for row in journal.walk(journal.next_seq - 1)]"
PROVISION = """
from esp32 import NVS
_nvs = NVS("luftpegel")
for _name, _value in (("app_key", {key!r}), ("dev_eui", {dev_eui!r}), ("join_eui", bytes(8))):
    _nvs.set_blob(_name, _value)
_nvs.commit()
"""


class Station:
    """The firmware's station on a board; main.py stays aside: each wake is one that a test asked for."""

    def __init__(self, board: Rig, settings: dict[str, Any]):
        self.board, self.settings = board, settings

    def start(self, before: str = "") -> None:
        """Begin a wake; `before` runs in front of it, on the board."""
        self.board.exec(FIRST_POWER_UP)
        self.board.console.start(f"{before}\nfrom station import cycle\ncycle.run()")

    def wake(self, before: str = "") -> str:
        """One wake to its end, and awake at the next slot; returns what the station said."""
        self.start(before)
        text = self.board.console.wait_for("asleep for ", WAKE_TIMEOUT_S)
        text += self.board.console.wait_for(" s\n")
        self.board.reset.take(2 * INTERVAL_S)
        return text

    def rows(self) -> dict[int, tuple[tuple[int | None, ...], tuple[int, ...]]]:
        """The journal: number -> (values, qualities), newest first."""
        self.board.exec(OPEN_JOURNAL)
        found = self.board.eval(ROWS, timeout_s=60)
        return {seq: (values, quality) for seq, values, quality in found}

    def next_seq(self) -> int:
        """The number that the next reading will have."""
        self.board.exec(OPEN_JOURNAL)
        return int(self.board.eval("journal.next_seq"))

    def forget_radio(self) -> None:
        """Lose the RTC memory, as by a loss of power: the station joins anew."""
        self.board.exec("import machine; machine.RTC().memory(b'')")


@pytest.fixture
def keys(board: Rig) -> Rig:
    """A board with keys: a real one has been provisioned, a virtual one is given some."""
    if board.nvs_blob("app_key") is None:
        if not board.is_virtual:
            pytest.skip("the board has no keys: provision it, and register it with the network")
        board.exec(PROVISION.format(key=KEY, dev_eui=DEV_EUI))
    return board


@pytest.fixture
def make_station(keys: Rig) -> Iterator[Callable[..., Station]]:
    """Makes a station of these sensors and this radio; afterwards file and journal are as before."""
    board = keys
    before = board.files.read("/station.json") if board.files.has("/station.json") else None
    had_journal = board.files.has(JOURNAL)

    def make(*drivers: str, radio: str | None = None, **more: Any) -> Station:
        sensors = [board.plan.sensor(driver) for driver in drivers]
        if None in sensors:
            pytest.skip(f"this rig lacks a sensor of {', '.join(drivers)}")
        settings = {
            "station": "LP-HIL",
            "board": board.plan.type,
            "interval_s": INTERVAL_S,
            "sensors": [dict(sensor) for sensor in sensors],
            "radio": {"driver": radio or board.plan.radios[0]},
        } | more
        board.files.write("/station.json", json.dumps(settings).encode())
        return Station(board, settings)

    yield make
    board.reset.take()
    board.files.remove("/station.json")
    if before is not None:
        board.files.write("/station.json", before)
    if not had_journal:
        board.files.remove(JOURNAL)
    board.exec("import machine; machine.RTC().memory(b'')")
