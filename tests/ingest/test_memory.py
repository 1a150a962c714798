"""What the journal has at hand of many stations is what its file says, whether as objects or packed."""

import random

import pytest

from luftpegel_gateway.journal.sqlite import memory
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.station import Station

STATIONS = 9
FRAMES = 160


@pytest.mark.parametrize("at_hand", [1, 3, 100])
def test_the_newest_readings_are_those_of_the_file(at_hand, make_heart, make_board, monkeypatch):
    """Frames come in any order, some late, some with gaps before them, several of one station in a batch."""
    monkeypatch.setattr(memory, "AT_HAND", at_hand)
    seed = random.randrange(1 << 32)
    print("seed", seed)
    rng = random.Random(seed)
    boards = [make_board(f"70b3d57ed00000{n:02x}", seed=n) for n in range(STATIONS)]
    heart = make_heart([Station(f"s{n}", board.dev_eui, "", "climate") for n, board in enumerate(boards)])
    newest = [20] * STATIONS
    for _ in range(FRAMES):
        messages = []
        for _ in range(rng.choice((1, 1, 2, 5))):
            at = rng.randrange(STATIONS)
            newest[at] += rng.choice((1, 1, 1, 2, 4))
            late = rng.choice((0, 0, 0, 3, 9))
            messages.append(boards[at].uplink(newest[at] - late, history=rng.choice((0, 3, 12)), network=0))
        heart.take(*messages)
        kept = heart.log._memory
        at_once = [*kept._newest, *kept._packed]
        assert len(at_once) == len(set(at_once))
        assert len(kept._newest) <= at_hand
        for at in rng.sample(range(STATIONS), 3):
            ref = Ref("", f"s{at}", 0)
            assert kept.newest(ref) == kept.before(ref, 1 << 62, memory.KEPT), ref
