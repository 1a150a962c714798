"""SIGKILL at random instants, with a real journal and a real worker, and a network that fails: nothing is
lost, nothing is there twice, and no older value ever stands over a newer one.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.servers.ngsi_broker import NgsiBroker
from tests.servers.webhook_receiver import WebhookReceiver
from tests.sinks.conftest import Driver, alarm, observed

from luftpegel_gateway.journal.port import Outcomes
from luftpegel_gateway.journal.sqlite.backend import SqliteLog
from luftpegel_gateway.model.intervals import Intervals
from luftpegel_gateway.model.state import Life, StationState
from luftpegel_gateway.sinks.webhook_messages import key_of

KILLS = 60
A_LIFE_S = 0.15  # at most, before the kill
FAULTS = ["cut", "lost", "429", "500", "503", "401", "403"]
LEVEL = "urn:ngsi-ld:WaterObserved:LP-0001"


class Town:
    """A journal that grows, and the process that delivers it."""

    def __init__(self, folder, luck):
        self.folder, self.luck = folder, luck
        self.items = []
        self.program = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("mortal_sink.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def grow(self):
        """Some more readings, the newest not always last; now and then an alarm, or a correction."""
        first = len(self.items)
        more = [observed(seq) for seq in range(first, first + 6)]
        self.luck.shuffle(more)
        if self.luck.random() < 0.3:
            more.append(alarm(first))
        if self.items and self.luck.random() < 0.5:
            known = self.luck.choice([one for one in self.items if hasattr(one, "reading")])
            corrected = {
                one.reading.seq for one in self.items if hasattr(one, "reading") and one.reading.revision
            }
            if known.reading.seq not in corrected:
                more.append(observed(known.reading.seq, flags=4, revision=1))
        self.items += more
        key = more[0].ref.tenant, more[0].ref.station
        state = StationState(lives=(Life(0, seen=Intervals().add(range(first + 6))),))
        with closing(SqliteLog(self.folder / "journal.sqlite")) as log:
            log.transact([], lambda *_: Outcomes([], {key: state}, {}, more), 1_790_000_000)

    def live(self, driver, seconds=None):
        """One life; it is killed after so long. How it ended."""
        options = {key: value for key, value in driver.read_options().items() if key != "folder"}
        order = {"kind": driver.kind, "folder": str(self.folder), "options": options, "ends": not seconds}
        print(json.dumps(order), file=self.program.stdin, flush=True)
        pid = int(self.program.stdout.readline())
        if seconds is not None:
            time.sleep(seconds)
            os.kill(pid, signal.SIGKILL)
        return int(self.program.stdout.readline())

    def close(self):
        self.program.stdin.close()
        self.program.stdout.close()
        self.program.wait(30)


@pytest.fixture
def luck(request):
    seed = random.randrange(2**32)
    print("seed", seed)
    return random.Random(seed)


@pytest.fixture
def town(tmp_path, luck):
    town = Town(tmp_path, luck)
    yield town
    town.close()


def kill_often(town, driver, other, luck):
    """Kill at random instants under load, with a network that fails; then let it end in peace."""
    other.luck = lambda: luck.choice([*[""] * 12, *FAULTS])
    other.stop()  # down when the gateway starts
    kills = 0
    for life in range(KILLS):
        town.grow()
        if life == 3:
            other.start()
        kills += town.live(driver, luck.uniform(0, A_LIFE_S)) == -signal.SIGKILL
    other.luck = lambda: ""
    assert town.live(driver) == 0
    return kills


def test_an_ngsi_broker(town, tmp_path, luck):
    with NgsiBroker() as broker:
        driver = Driver("ngsi-ld", tmp_path, broker.url, {"history": "missing"})
        kills = kill_often(town, driver, broker, luck)
        readings = [item for item in town.items if hasattr(item, "reading")]
        alarms = [item for item in town.items if not hasattr(item, "reading")]
        told = [one["reading"]["value"] for one in broker.told(LEVEL, "waterLevel")]
        lost = {f"0/{item.reading.seq}" for item in readings} - set(told)
        print("kills", kills, "readings", len(readings), "lost", len(lost), "requests", broker.requests)
        assert lost == set()
        assert (broker.older, broker.doubled, broker.in_one_batch) == ([], [], [])
        repeated = [
            one["reading"]["value"] + str(one["revision"]) for one in broker.told(LEVEL, "waterLevel")
        ]
        assert len(repeated) == len(set(repeated))
        newest = max(item.reading.seq for item in readings)
        assert broker.values(LEVEL)["waterLevel"][0] == (1000 + newest) / 1000
        assert len([one for one in broker.entities if ":Alert:" in one]) == len(alarms)
        assert kills == KILLS


def test_a_webhook_receiver(town, tmp_path, luck):
    with WebhookReceiver() as receiver:
        driver = Driver("webhook", tmp_path, receiver.url, {"items": 7})
        kills = kill_often(town, driver, receiver, luck)
        print("kills", kills, "items", len(town.items), "sent", sum(receiver.times.values()))
        assert receiver.items.keys() == {key_of(item) for item in town.items}
        assert kills == KILLS
