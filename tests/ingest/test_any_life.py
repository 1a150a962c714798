"""Any lives, any one wrong clock, any loss, delay and repetition: every reading that came in any frame is
stored once, in its own board's life, at its right time; and nobody has to help.

Undecidable, and left out here: a board whose first frame to arrive tells nothing that the one before it has
told as well, within the numbers that the time since allows, goes on where that one stopped, for all that
can be known. So stations here repeat at least one reading in each frame, as all stations do.
"""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from ingest_heart import NOON, ROOF, TOWER, Board, Heart

from luftpegel_gateway.ingest.decide import REMEMBERED_FRAMES

DAY = 86400
ASTRAY = (-1024 * 7 * DAY, 315_964_800 - NOON, -NOON, 2_147_483_647 - NOON, DAY, -DAY, 7200, 3600, -3600,
          -1000, 420, 300, -300, 90, -90)  # fmt: skip
PATTERNS = {
    "once": lambda luck, sent: {luck.randrange(sent) for _ in range(3)},
    "for a while": lambda luck, sent: set(range(luck.randrange(sent), luck.randint(1, sent))),
    "in turn": lambda _, sent: set(range(0, sent, 2)),
    "at random": lambda luck, sent: {number for number in range(sent) if luck.random() < 0.4},
    "always": lambda _, sent: set(range(sent)),
}


class Series:
    """One station's boards and what becomes of their frames; `luck` decides all."""

    def __init__(self, luck):
        self.luck = luck
        self.interval = luck.choice((300, 600, 900, 3600))
        self.history = luck.randint(1, 10)
        self.boards, begin = [], NOON + luck.randint(0, 3000)
        for _ in range(luck.randint(1, 3)):
            count = luck.randint(3, 30)
            seed, address = luck.randint(0, 10**6), f"{luck.randint(0, 2**32 - 1):08x}"
            board = Board(begin=begin, interval=self.interval, seed=seed, dev_addr=address)
            self.boards.append((board, count))
            begin = board.time(count - 1) + luck.randint(60, 3 * 3600)
        self.who = luck.choice((None, "roof", "network", "own"))
        self.off = luck.choice(ASTRAY)
        sent = sum(count for _, count in self.boards)
        self.wrong = PATTERNS[luck.choice(sorted(PATTERNS))](luck, sent) if self.who else set()
        # By our clock a frame that waits says nothing: two right ones are left only if ours is the wrong one.
        self.late = luck.choice((0, 0.3)) if self.who in (None, "own") else 0
        self.loss, self.again = luck.choice((0, 0.1, 0.3)), luck.choice((0, 0.2))
        self.copies = luck.choice(("roof", "roof", "network"))  # whose clock the event's own time is

    def arrivals(self):
        """(when, what our clock says then, message, board's seed or None, numbers told), by when."""
        found, number = [], 0
        for board, count in self.boards:
            if self.luck.random() < 0.4:
                found.append((board.begin, board.begin + 1, board.join(board.begin), None, ()))
            for seq in range(count):
                found += self.of_frame(board, seq, number in self.wrong)
                number += 1
        return sorted(found, key=lambda arrival: arrival[0])

    def of_frame(self, board, seq, wrong):
        luck, off = self.luck, self.off if wrong else 0
        if luck.random() < self.loss:
            return
        clocks = {who: off * (who == self.who) for who in ("roof", "network", "own")}
        message = board.uplink(seq, history=self.history, delay=luck.randint(3, 20), told=clocks[self.copies],
                               network=clocks["network"], gateway=clocks["roof"],
                               roof=luck.choice((ROOF, TOWER)))  # fmt: skip
        at = message.sent + (luck.randint(60, 20_000) if luck.random() < self.late else 1)
        yield at, at + clocks["own"], message, board.seed, range(max(0, seq - self.history), seq + 1)
        if luck.random() < self.again:
            at = message.sent + luck.randint(1, 50_000)
            yield at, at + clocks["own"], message, None, ()


def decidable(arrivals):
    """Whether each board's first frame tells a number that all boards before it have told, too."""
    tops = {}
    for *_, seed, numbers in arrivals:
        if seed is not None:
            if seed not in tops and tops and numbers[0] > min(tops.values()):
                return False
            tops[seed] = max(tops.get(seed, -1), numbers[-1])
    return True


def told(arrivals):
    found = {}
    for *_, seed, numbers in arrivals:
        if seed is not None:
            found.setdefault(seed, set()).update(numbers)
    return found


def stored(heart, series):
    """board's seed -> numbers that its life has. Each life is one board's, each time right."""
    lives = {}
    for (_, life, seq), reading in heart.stored.items():
        lives.setdefault(life, {})[seq] = reading
    found = {}
    for rows in lives.values():
        owners = [
            board
            for board, count in series.boards
            if all(is_of(board, count, *row) for row in rows.items())
        ]
        assert len(owners) == 1, "a life with values of two boards"
        assert owners[0].seed not in found, "a board with two lives"
        found[owners[0].seed] = set(rows)
        assert all(abs(row.time - owners[0].time(seq)) <= 60 for seq, row in rows.items())
        if not series.who:
            assert all(row.time == owners[0].time(seq) and not row.unsure for seq, row in rows.items())
    return found


def is_of(board, count, seq, reading):
    return seq < count and tuple(cell.value for cell in reading.cells) == board.values(seq)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_one_wrong_clock_changes_nothing(luck):
    series = Series(luck)
    arrivals = series.arrivals()
    assume(decidable(arrivals))
    with tempfile.TemporaryDirectory() as folder:
        heart = Heart(Path(folder) / "journal.sqlite")
        try:
            for _, own, message, *_ in arrivals:
                heart.take(message, at=own)
            assert heart.faults() == []
            assert stored(heart, series) == told(arrivals)
            state = heart.state()
            assert len(state.marks) <= REMEMBERED_FRAMES
            assert len(state.lives) == len(told(arrivals))
        finally:
            heart.log.close()
