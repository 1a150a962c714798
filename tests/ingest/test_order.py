"""No order, repetition or delay of frames changes what ends in the store, nor a loss that heals."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest_heart import Board, Heart

READINGS = 16
HISTORY = 4


def frames(board):
    return [board.uplink(seq, history=HISTORY, delay=5 + seq % 4, network=0) for seq in range(READINGS)]


def stored_after(batches):
    with tempfile.TemporaryDirectory() as folder:
        heart = Heart(Path(folder) / "journal.sqlite")
        try:
            for batch, queued in batches:
                heart.take(*batch, at=max(message.sent for message in batch) + queued)
            assert heart.faults() == []
            return {
                place: (
                    reading.time,
                    reading.unsure,
                    [(cell.channel, cell.value, cell.flags) for cell in reading.cells],
                )
                for place, reading in heart.stored.items()
            }
        finally:
            heart.log.close()


@st.composite
def deliveries(draw):
    """The frames of a day with some lost (history heals it), some twice, delayed, in batches of any size."""
    spiky = draw(st.booleans())
    board = Board(seed=draw(st.integers(0, 50)))
    if spiky:
        board.values_of = {draw(st.integers(2, READINGS - 3)): (4500, 6000)}
    sent = frames(board)
    lost = set()
    for seq in draw(st.sets(st.integers(0, READINGS - 2))):
        if not all(other in lost for other in range(seq + 1, min(READINGS, seq + HISTORY - 1))):
            lost.add(seq)
    left = [message for seq, message in enumerate(sent) if seq not in lost]
    again = draw(st.lists(st.sampled_from(left), max_size=5))
    mixed = draw(st.permutations(left + again))
    batches = []
    while mixed:
        size = draw(st.integers(1, 6))
        batches.append((mixed[:size], draw(st.integers(0, 3 * 86400))))
        mixed = mixed[size:]
    return board, left, batches


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(deliveries())
def test_any_order_ends_alike(case):
    board, left, batches = case
    in_order = stored_after([([message], 1) for message in left])
    assert stored_after(batches) == in_order
    assert {seq for _, _, seq in in_order} == set(range(READINGS)) or len(left) < READINGS
    for (_, _, seq), (time, unsure, cells) in in_order.items():
        assert (time, unsure) == (board.time(seq), False)
        assert tuple(value for _, value, _ in cells) == board.values(seq)
