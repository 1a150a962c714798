"""Whatever the order of arrival, each value ends with the flags that it has when its whole life is judged at
once; and the sink, the journal and the checks say the same."""

import tempfile
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_heart import NOON, Board, Heart

from luftpegel_gateway.checks import judge, limits_for
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.readings import Cell

REF = Ref("", "LP-0001", 0)


def series(luck, count):
    """number -> values: rests, spikes alone and in pairs, steps, values out of range, and honest noise."""
    found, base = {}, 1500
    for seq in range(count):
        kind = luck.random()
        if kind < 0.15:
            value = base + luck.choice((-3000, 2500, 9000))
        elif kind < 0.5:
            value = base
        else:
            base += luck.randint(-6, 6) * luck.choice((5, 5, 5, 200))
            value = base
        found[seq] = (value, luck.choice((6000, 6000, 9990, 10000, 6000 + luck.randint(-900, 900))))
    return found


def delivered(luck):
    """A board, and its frames in batches: some lost, some twice, in any order."""
    count = luck.randint(5, 45)
    board = Board(begin=NOON, interval=luck.choice((300, 600, 3600)))
    board.values_of = series(luck, count)
    history = luck.randint(1, 8)
    frames = [board.uplink(seq, history=history, network=0) for seq in range(count) if luck.random() > 0.25]
    frames += [message for message in frames if luck.random() < 0.1]
    reach = luck.choice((0, 3, count)) * board.interval
    frames.sort(key=lambda message: message.sent + luck.randint(0, reach))
    batches = []
    while frames:
        size = luck.randint(1, 5)
        batches.append(frames[:size])
        frames = frames[size:]
    return board, batches


def unjudged(reading):
    cells = tuple(Cell(cell.channel, cell.value, cell.wire) for cell in reading.cells)
    return msgspec.structs.replace(reading, cells=cells)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_any_order_ends_with_the_verdicts_of_the_whole_life(luck):
    board, batches = delivered(luck)
    with tempfile.TemporaryDirectory() as folder:
        heart = Heart(Path(folder) / "journal.sqlite")
        try:
            for batch in batches:
                heart.take(*batch, at=board.time(60) + 1)
                if luck.random() < 0.1:
                    heart.restart()
            known = [heart.stored[place] for place in sorted(heart.stored)]
            assert len({life for _, life, _ in heart.stored}) <= 1
            limits = limits_for(heart.stations[board.dev_eui])
            whole = judge([unjudged(reading) for reading in known], 0, limits)
            assert flags(known) == flags(whole)
            assert flags(heart.log._memory.between(REF, 0, 1 << 40)) == flags(whole)
        finally:
            heart.log.close()


def flags(readings):
    return {reading.seq: [cell.flags for cell in reading.cells] for reading in readings}
