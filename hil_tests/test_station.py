"""One wake of the station as it is in the field: sample, journal, send, sleep, and awake at the next slot.

Needs an SHT4x on the I2C bus. A station.json that lies on the board is put back afterwards.
"""

import json
from collections.abc import Iterator

import pytest
from mpremote.transport import TransportError

from luftpegel_tools.rig.board import RigBoard

STATION = {
    "station": "LP-HIL",
    "board": "heltec_v3",
    "interval_s": 60,
    "sensors": [{"driver": "sht4x"}],
}
OPEN_JOURNAL = """
from esp32 import NVS
from station.flash import Counter, Folder
from station.journal import Journal
journal = Journal(Folder("/journal"), Counter(NVS("luftpegel"), "seq_ahead"), 1 << 18)
row = next(journal.walk(journal.next_seq))
"""
EMPTY_JOURNAL = """
import os
for name in os.listdir("/journal"):
    os.remove("/journal/" + name)
os.rmdir("/journal")
"""


@pytest.fixture
def station(board: RigBoard, driver: str) -> Iterator[RigBoard]:
    try:
        before = board.get("/station.json")
    except (OSError, TransportError):
        before = None
    had_journal = board.eval("'journal' in __import__('os').listdir('/')")
    board.put("/station.json", json.dumps(STATION | {"radio": {"driver": driver}}).encode())
    yield board
    if before is None:
        board.remove("/station.json")
    else:
        board.put("/station.json", before)
    if not had_journal:
        board.exec(EMPTY_JOURNAL)


def test_one_wake(station: RigBoard) -> None:
    station.leave("from station import cycle\ncycle.run()")
    text = station.wait_for("asleep for ", timeout_s=120)
    assert "\nreading " in text
    station.attach(timeout_s=120)
    assert station.reset_cause == "DEEPSLEEP_RESET"
    station.exec(OPEN_JOURNAL)
    temperature, humidity, battery = station.eval("row.values")
    assert station.eval("row.quality") == (0, 0, 0)
    assert -1000 < temperature < 5000
    assert 0 <= humidity <= 10000
    assert 2500 < battery < 5500
    assert station.eval("row.layout.channels") == (2, 4, 14)
