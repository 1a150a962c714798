"""SIGKILL before and after every commit of the gateway and its acknowledgements: 0 lost, 0 duplicated."""

import itertools
import signal
import sys
from pathlib import Path

import pytest

MORTAL = Path(__file__).with_name("mortal_gateway.py")
POINTS = ("transact", "acknowledge", "deliver", "advance")
PATIENCE_S = 30
SECOND = 2  # the first time there is nothing to find again yet


def die_at(site, point, moment, count):
    site.start(sys.executable, str(MORTAL), point, moment, str(count))


def assert_died(site):
    assert site.process.wait(PATIENCE_S) == -signal.SIGKILL, site.log.read_text()


@pytest.fixture
def assert_whole(site, station, until):
    """Every reading is in the store once and with its value, and no frame waits or is in quarantine."""

    def check(numbers):
        site.wait_for(numbers)
        assert site.stored() == {seq: station.value(seq) for seq in numbers}
        until(lambda: site.account("store").waiting == {"store": 0}, "the sink's cursor is not at the end")
        assert site.codes() == []
        site.stop()
        for file in ("journal.sqlite", "store.sqlite"):
            assert site.rows("PRAGMA integrity_check", file=file) == [("ok",)]

    return check


@pytest.fixture(params=[f"{moment} {point}" for point in POINTS for moment in ("before", "after")])
def dying_site(request, site):
    """A gateway that knows its broker already, and will die at one moment while it works."""
    moment, point = request.param.split()
    site.started()
    site.stop()
    die_at(site, point, moment, SECOND)
    return site


def test_killed_while_uplinks_come(dying_site, server, station, until, assert_whole):
    site = dying_site
    numbers = itertools.count()
    while site.process.poll() is None:
        seq = next(numbers)
        server.publish(station.topic(), station.uplink(seq, history=1))
        until(
            lambda seq=seq: site.process.poll() is not None or seq in site.stored(), "neither stored nor dead"
        )
    assert_died(site)
    for seq in itertools.islice(numbers, 3):
        server.publish(station.topic(), station.uplink(seq, history=1))
    server.settle()
    site.start()
    assert_whole(range(next(numbers)))


@pytest.mark.parametrize("death", ["before open", "after open", "before tidy", "after tidy"])
def test_killed_while_it_starts(site, server, station, assert_whole, death):
    moment, point = death.split()
    die_at(site, point, moment, 1)
    assert_died(site)
    site.started()
    server.publish(station.topic(), station.uplink(3))
    assert_whole(range(4))
