"""A log that lives in memory, for tests of what stands around it: no SQL, opaque positions, nothing forgotten
before every sink has it. And a list of conditions that remembers all that was ever told."""

import itertools

from luftpegel_gateway.journal.port import Batch
from luftpegel_gateway.model.faults import JournalDown
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import Observed
from luftpegel_gateway.model.readings import Cell, Reading

TOKEN = 7919  # positions are not places: whoever counts with them is found out


class MemoryLog:
    """See `Log`. `down` is raised by every call while it is set."""

    def __init__(self, *items):
        self.items = list(items)
        self.cursors = {}
        self.deliveries = []
        self.quarantine = []  # (sink, item or delivery, fault)
        self.batches = []
        self.down = None
        self.closed = False

    def transact(self, deliveries, decide, now):
        self._check()
        decide(deliveries, None, now)  # an engine that found a conflict calls it again
        outcomes = decide(deliveries, None, now)
        assert len(outcomes.each) == len(deliveries)
        self.batches.append(len(deliveries))
        self.items += outcomes.items
        for delivery, outcome in zip(deliveries, outcomes.each, strict=True):
            self.quarantine += [("", delivery, fault) for fault in outcome.faults]
            if outcome.keep:
                self.deliveries.append(delivery)
        return [outcome.downlink for outcome in outcomes.each]

    def after(self, sink, limit):
        self._check()
        place = self.cursors.get(sink, 0)
        found = self.items[place : place + limit]
        return Batch(found, (place + len(found)) * TOKEN) if found else None

    def advance(self, sink, to, refused, now):
        self._check()
        assert to % TOKEN == 0
        assert self.cursors.get(sink, 0) < to // TOKEN <= len(self.items)
        self.cursors[sink] = to // TOKEN
        self.quarantine += [(sink, rejection.item, rejection.fault) for rejection in refused]

    def welcome(self, sink):
        self._check()
        return False

    def close(self):
        self.closed = True

    def _check(self):
        if self.down is not None:
            raise JournalDown(*self.down)


class Told:
    """See `Conditions`: what is wrong now, and all codes that ever were, by subject."""

    def __init__(self):
        self.now = {}
        self.ever = []

    def report(self, subject, code, detail):
        assert detail
        self.now.setdefault(subject, {})[code] = detail
        self.ever.append((subject, code))

    def clear(self, subject, *codes):
        for code in codes or list(self.now.get(subject, ())):
            self.now.get(subject, {}).pop(code, None)
        if not self.now.get(subject):
            self.now.pop(subject, None)


def observed(seq, *values, station="LP-0001", life=0, tenant="", time=..., late=False, flags=0, wire=0,
             unsure=False, revision=0, channels=(2, 4, 6)):  # fmt: skip
    """A reading with one cell a value; its time follows its number unless it is given."""
    cells = tuple(
        Cell(channel, value, wire, flags)
        for channel, value in zip(channels, values or (2000 + seq,), strict=False)
    )
    reading = Reading(seq, 1_000_000 + 600 * seq if time is ... else time, cells, None, unsure, revision)
    return Observed(Ref(tenant, station, life), reading, 1_000_000_000_000 + seq, late)


def seqs(items):
    return [item.reading.seq for item in items]


def pairs(count, size):
    """All ways to take `count` of `size` places, for tests that put faults everywhere."""
    return list(itertools.combinations(range(size), count))
