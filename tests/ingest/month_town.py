"""A town of boards that answer requests as the firmware does, radio gateways and servers with wrong clocks,
and all that happens to frames on their way: a simulated month for the gateway's heart."""

import heapq
import itertools
import random
from dataclasses import dataclass, field

from ingest_heart import ROOF, TOWER, Board, Heart

from luftpegel_gateway.model.station import Station
from luftpegel_wire import PORT_BACKFILL, PORT_READINGS, PORT_STATUS, decode, encode_status

HOUR, DAY = 3600, 86400
MILL = "0016c001f0000003"
FRAME_BYTES = 115  # DR3 in EU868
BIG_ENOUGH = 2500  # readings in a board's journal


@dataclass
class FieldBoard(Board):
    """A board that lives from `begin` until `end`, with a journal of its last `ring` readings."""

    end: int = 0
    ring: int = BIG_ENOUGH
    joins: bool = False
    ranges: list = field(default_factory=list)
    told: set = field(default_factory=set)  # numbers in any frame that was delivered
    known: dict = field(default_factory=dict)
    status_at: int = 0

    def values(self, seq):
        if seq not in self.known:
            self.known[seq] = super().values(seq)
        return self.known[seq]

    @property
    def last(self):
        return self.first + (self.end - self.begin - 1) // self.interval

    def holds(self, seq, newest):
        return max(self.first, newest - self.ring + 1) <= seq <= newest

    def heed(self, downlink):
        asked = decode(PORT_BACKFILL, downlink.data)
        self.ranges.append([asked.first_seq, asked.count])
        del self.ranges[4:]

    def answer(self, newest, sent):
        """One frame of what was asked for, from the newest number of the range downwards, or None."""
        while self.ranges:
            first, count = self.ranges[0]
            top = min(first + count - 1, newest)
            if top < first:
                self.ranges.pop(0)
                continue
            lowest = max(first, top - 11)
            if lowest == first:
                self.ranges.pop(0)
            else:
                self.ranges[0] = [first, lowest - first]
            return self.rows_from(top, lowest, newest, sent), range(lowest, top + 1)
        return None

    def rows_from(self, top, lowest, newest, sent):
        self.absent = {seq for seq in range(lowest, top + 1) if not self.holds(seq, newest)}
        data = self.payload(top, top - lowest, sent - self.time(top), lowest)
        self.absent = set()
        return data


@dataclass
class Place:
    """One station: its boards one after the other, and what the network server holds for it."""

    station: Station
    boards: list
    queue: list = field(default_factory=list)

    def board(self, at):
        return next((board for board in self.boards if board.begin <= at < board.end), None)


@dataclass
class Wrong:
    """A clock that is `seconds` off from `begin` until `end`; `who`: a radio gateway, "network", "own"."""

    who: str
    begin: int
    end: int
    seconds: int


class Town:
    """Everything between the boards and the sink, driven by the true time."""

    def __init__(self, folder, places, clocks, *, seed, outage=(0, 0), loss=0.2, calm_from=None):
        self.places = places
        self.heart = Heart(folder / "month.sqlite", [place.station for place in places])
        self.luck = random.Random(seed)
        self.clocks = clocks
        self.outage = outage
        self.loss = loss
        self.calm_from = calm_from
        self.by_eui = {place.station.dev_eui: place for place in places}
        self.heap = []
        self.order = itertools.count()
        self.on_its_way = []
        self.requests = 0
        # (board, number): its frame waited while the server's clock was wrong; ours says nothing then
        self.undecidable = set()

    def error(self, who, at):
        now = [wrong for wrong in self.clocks if wrong.begin <= at < wrong.end]
        return sum(wrong.seconds for wrong in now if wrong.who == who)

    def run(self):
        for place in self.places:
            for board in place.boards:
                self._at(board.begin, place, board, board.first)
        while self.heap:
            at, _, place, board, seq = heapq.heappop(self.heap)
            self._deliver(at)
            self._wake(place, board, seq, at)
            if seq < board.last:
                self._at(board.time(seq + 1), place, board, seq + 1)
        self._deliver(1 << 40)

    def _at(self, at, place, board, seq):
        heapq.heappush(self.heap, (at, next(self.order), place, board, seq))

    def _wake(self, place, board, seq, at):
        if seq == board.first and board.joins:
            self._send(place, board, board.join(at), at, ())
        history = self.luck.choice((3, 4, 6, 8))
        lowest = max(board.first, seq - history)
        if self._reaches(at):
            frame = board.payload(seq, history, 7)
            self._uplink(place, board, frame, at + 7, range(lowest, seq + 1))
        if at >= board.status_at:
            board.status_at = at + DAY
            self._status(place, board, seq, at + 9)
        answer = board.answer(seq, at + 12)
        if answer and self._reaches(at):
            self._uplink(place, board, answer[0], at + 12, answer[1])

    def _status(self, place, board, seq, sent):
        oldest = max(board.first, seq - board.ring + 1)
        if self._reaches(sent):
            told = encode_status({"oldest_seq": oldest, "newest_seq": seq, "interval_s": board.interval})
            self._uplink(place, board, bytes(told), sent, (), PORT_STATUS)

    def _reaches(self, at):
        calm = self.calm_from is not None and at >= self.calm_from
        return not self.outage[0] <= at < self.outage[1] and (calm or self.luck.random() >= self.loss)

    def _uplink(self, place, board, frame, sent, numbers, port=PORT_READINGS):  # noqa: PLR0917
        """The network server has it: it sends what waits for this device, and an event to us."""
        while place.queue:
            downlink = place.queue.pop(0)
            if self.luck.random() >= self.loss:
                board.heed(downlink)
        self._send(place, board, self.event(board, frame, sent, port), sent, numbers)

    def event(self, board, frame, sent, port):
        heard = self.luck.sample((ROOF, TOWER, MILL), self.luck.choice((1, 1, 2, 3)))
        return board.event(frame, sent, port=port, roof=heard[0], told=self.error(heard[0], sent),
                              network=self.error("network", sent), gateway=self.error(heard[0], sent),
                              others=[(roof, self.error(roof, sent)) for roof in heard[1:]])  # fmt: skip

    def _send(self, place, board, message, sent, numbers):
        calm = self.calm_from is not None and sent >= self.calm_from
        for _ in range(1 if calm or self.luck.random() > 0.05 else 2):
            delay = 1 if calm or self.luck.random() > 0.05 else self.luck.randint(60, 8 * HOUR)
            board.told.update(numbers)
            if delay > 1 and self.error("network", sent):
                self.undecidable.update((board.seed, number) for number in numbers)
            heapq.heappush(self.on_its_way, (sent + delay, next(self.order), message))

    def _deliver(self, until):
        while self.on_its_way and self.on_its_way[0][0] <= until:
            at, _, message = heapq.heappop(self.on_its_way)
            batch = [message]
            while len(batch) < 20 and self.on_its_way and self.on_its_way[0][0] <= min(at + 30, until):
                _, _, more = heapq.heappop(self.on_its_way)
                batch.append(more)
            self._take(batch, at)

    def _take(self, batch, at):
        if self.luck.random() < 0.002:
            self.heart.restart()
        now = at + self.error("own", at)
        for answer in self.heart.take(*batch, at=now):
            if answer:
                self.requests += 1
                self.by_eui[answer.dev_eui].queue.append(answer)

    def expected(self, place):
        """For each board the numbers that must be in the store: told by a delivered frame, or there still."""
        found = {board.seed: set(board.told) for board in place.boards}
        board = place.boards[-1]
        there = (seq for seq in range(board.first, board.last + 1) if board.holds(seq, board.last))
        found[board.seed].update(there)
        return found


def lives_of(heart, place):
    """life -> {number: reading} of what the sink has of a station."""
    found = {}
    for (name, life, seq), reading in heart.stored.items():
        if name == place.station.id:
            found.setdefault(life, {})[seq] = reading
    return found
