"""How wrong the clock may be: the table of docs/lorawan.md is what the troubled board bears, and no more."""

import re
from pathlib import Path

import pytest

from luftpegel_tools.desk.troubled_board import NO_TROUBLE, Trouble, troubled_board
from luftpegel_tools.figures import rx_windows
from luftpegel_tools.figures.rx_windows import CELLS, PSRAM_US, SPREADING_FACTORS, STATES, Cell

PAGE = (Path(__file__).parents[2] / "docs" / "lorawan.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (SX12\d\d) \| ([a-z ]+) \| (\w+) \| (\d+) \| ([\d |]+) \|$", re.MULTILINE)
TABLE = {
    Cell(chip.lower(), sf, window, state): (int(required), int(value))
    for chip, state, window, required, values in ROW.findall(PAGE)
    for sf, value in zip(SPREADING_FACTORS, values.split(" | "), strict=True)
}
TIGHT = [Cell("sx1262", 7, "RX1", state) for state in STATES]
STDBY_RC, STANDBY = 2, 1


def test_the_table_is_whole_and_bears_what_is_required():
    assert set(TABLE) == set(CELLS)
    for cell, (required_ms, value_ms) in TABLE.items():
        assert required_ms == cell.required_ms
        assert value_ms >= required_ms


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_each_downlink_is_heard_up_to_there_and_not_beyond(cell):
    value_ms = TABLE[cell][1]
    assert rx_windows.hears_all(cell, cell.required_ms)
    assert rx_windows.hears_all(cell, value_ms)
    assert not rx_windows.hears_all(cell, value_ms + 1)


@pytest.mark.parametrize("cell", TIGHT, ids=lambda cell: cell.name)
def test_without_holding_the_collector_off_downlinks_would_be_lost(cell):
    long = {"collection_us": PSRAM_US}
    assert rx_windows.hears_all(cell, cell.required_ms, Trouble(**long))
    assert not rx_windows.hears_all(cell, cell.required_ms, Trouble(**long, holds=False))
    assert not rx_windows.hears_all(cell, cell.required_ms, Trouble(holds=False))


@pytest.mark.parametrize("state", STATES)
def test_an_error_that_grows_slowly_is_learnt_and_kept_over_deep_sleep(state):
    told = re.search(r"borne up to (\d+) ms awake and (\d+) ms in light sleep", " ".join(PAGE.split()))
    learnt_ms = rx_windows.learnt_ms(state)
    assert learnt_ms == int(told[1 + STATES[state]])
    assert learnt_ms >= 1.5 * rx_windows.REQUIRED_MS[state]


@pytest.mark.parametrize("window", [0, 1])
@pytest.mark.parametrize("drift_ppm", [-5000, 5000])
def test_behind_a_long_delay_the_clock_of_light_sleep_goes_wrong_by_more(window, drift_ppm):
    with troubled_board("sx1262", Trouble(), "15 s", light=True, rx1_delay_s=15) as board:
        board.join_untroubled()
        board.gateway.answers_in = window
        board.time.drift_ppm = drift_ppm
        assert all(board.hears() for _ in range(8))


@pytest.mark.parametrize("kind", ["sx1262", "sx1276"])
@pytest.mark.parametrize("light", [False, True])
@pytest.mark.parametrize("window", [0, 1])
def test_the_chip_is_set_up_before_the_wait_and_stands_by_in_it(kind, light, window):
    """A chip that sleeps in the wait, or is set up behind it, loses downlinks in the field."""
    with troubled_board(kind, NO_TROUBLE, "stands by", light=light) as board:
        board.join_untroubled()
        board.gateway.answers_in = window
        naps = []
        rest = board.radio._rest

        def watched(ms):
            begun = len(board.desk.chip.log)
            mode = board.desk.chip.mode
            rest(ms)
            if ms:
                naps.append((ms, mode, begun))

        board.radio._rest = watched
        assert board.hears()
        sent, *waits = naps
        assert len(waits) == 1 + window
        for ms, mode, begun in waits:
            assert ms > 500
            assert mode == (STDBY_RC if kind == "sx1262" else STANDBY) != sent[1]
            starts = board.desk.chip.log[begun][1]
            assert starts[0] == (0x82 if kind == "sx1262" else 0x81), "more than the start is left to do"


def test_waits_are_light_sleep_only_if_that_is_wanted():
    for light in (False, True):
        with troubled_board("sx1262", NO_TROUBLE, "sleeps", light=light) as board:
            slept = []
            board.time.light_sleep = slept.append
            board.radio._light_sleep = slept.append if light else None
            board.radio.join()
            assert bool(slept) == light
            assert all(ms >= 10 for ms in slept)


@pytest.mark.parametrize("call", range(1, 4))
def test_the_collector_is_on_again_whatever_happens(call):
    """A wait is broken off, that for the end of the frame or for a window, or the start of a window fails."""
    with troubled_board("sx1262", NO_TROUBLE, "fails") as board:
        collected = []

        def fail(*_):
            collected.append(board.time._collects)
            if len(collected) == call:
                raise KeyboardInterrupt

        board.radio._rest_until = board.radio._phy.receive = fail
        with pytest.raises(KeyboardInterrupt):
            board.radio.join()
        assert collected == [False] * call
        assert board.time._collects
