"""SIGKILL before and after every commit of the gateway, and around its acknowledgements: 0 lost, 0 duplicated."""

import itertools
import signal
import sys
from pathlib import Path

import pytest

MORTAL = Path(__file__).with_name("mortal_gateway.py")
PATIENCE_S = 30
SECOND = 2  # the first time there is nothing to find again yet


def die_at(site, point, moment, count):
    site.start(sys.executable, str(MORTAL), point, moment, str(count))


def assert_died(site):
    assert site.process.wait(PATIENCE_S) == -signal.SIGKILL, site.log.read_text()


def assert_whole(site, station, numbers):
    """Every reading is in the store once and with its value, and no frame waits."""
    site.wait_for(numbers)
    assert site.stored() == {seq: station.value(seq) for seq in numbers}
    site.stop()
    waiting = "SELECT count(*) FROM frame WHERE readings IS NOT NULL AND id > (SELECT frame FROM cursor)"
    assert site.journal(waiting) == [(0,)]
    assert site.journal("SELECT count(*) FROM quarantine") == [(0,)]
    for file in ("journal.sqlite", "store.sqlite"):
        assert site.rows("PRAGMA integrity_check", file=file) == [("ok",)]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("point", ["take", "store", "advance", "acknowledge"])
def test_killed_while_uplinks_come(site, server, station, until, point, moment):
    site.started()
    site.stop()
    die_at(site, point, moment)
    numbers = itertools.count()
    while site.process.poll() is None:
        seq = next(numbers)
        server.publish(station.topic(), station.uplink(seq, history=1))
        until(lambda seq=seq: site.process.poll() is not None or seq in site.stored(), "neither stored nor dead")
    assert_died(site)
    for seq in itertools.islice(numbers, 3):
        server.publish(station.topic(), station.uplink(seq, history=1))
    server.settle()
    site.start()
    assert_whole(site, station, range(next(numbers)))


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("point", ["make", "tidy"])
def test_killed_while_it_starts(site, server, station, point, moment):
    die_at(site, point, moment, 1)
    assert_died(site)
    site.started()
    server.publish(station.topic(), station.uplink(3))
    assert_whole(site, station, range(4))
