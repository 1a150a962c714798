"""The last readings of a station over all its lives: the newest by time, whichever life is higher."""

import pytest

from luftpegel_gateway.journal.port import Outcome, Outcomes
from luftpegel_gateway.journal.sqlite.backend import SqliteLog
from luftpegel_gateway.journal.sqlite.reader import SqliteReader
from luftpegel_gateway.model.events import Delivery
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.model.state import Life, StationState

KEY = ("", "LP-0001")
NOON = 1_782_907_200


@pytest.fixture
def history(tmp_path):
    """Writes (life, seq, time) readings, None for one that is absent, and returns what the reader tells."""
    path = tmp_path / "journal.sqlite"

    def written(rows, count, key=KEY):
        readings = {
            (Ref(*KEY, life), seq): Reading(seq, None, ())
            if time == "absent"
            else Reading(seq, time, (Cell(0, 1, 0),))
            for life, seq, time in rows
        }
        states = {KEY: StationState(tuple(Life(number) for number in sorted({life for life, *_ in rows})))}
        outcomes = Outcomes([Outcome(keep=True, key=KEY)], states, readings, [])
        log = SqliteLog(path)
        log.transact([Delivery("s", "k", "t", b"x")], lambda *_: outcomes, NOON)
        log.close()
        reader = SqliteReader(path)
        found = [(life, reading.seq) for life, reading in reader.history(key, count)]
        reader.close()
        return found

    return written


def test_two_boards_in_turn(history):
    """The other board's life has the lower number, and is heard all the same."""
    rows = [(seq % 2, seq // 2, NOON + seq) for seq in range(20)]
    assert history(rows, 4) == [(1, 9), (0, 9), (1, 8), (0, 8)]


def test_an_old_life_that_is_over_comes_after_the_new_one(history):
    rows = [(0, 1440 + seq, NOON + seq) for seq in range(5)]
    rows += [(2, seq, NOON + 1000 + seq) for seq in range(2)]
    assert history(rows, 3) == [(2, 1), (2, 0), (0, 1444)]
    assert history(rows, 100) == [(2, 1), (2, 0), *((0, 1440 + seq) for seq in reversed(range(5)))]


def test_absent_ones_are_left_out_and_those_without_a_time_come_last(history):
    rows = [(0, 1, NOON), (0, 2, "absent"), (0, 3, None), (0, 4, "absent"), (0, 5, NOON + 1)]
    assert history(rows, 3) == [(0, 5), (0, 1), (0, 3)]


def test_a_station_that_was_never_heard(history):
    assert history([(0, 1, NOON)], 3, key=("", "LP-0002")) == []
