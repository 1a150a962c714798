"""A journal that only remembers: the plainest engine that keeps the port's promises, to hold the contract to.

Nothing in it is clever, and nothing is SQLite's: one state, replaced whole when a batch is taken. What lies
"on the disk" is a shelf by path, so that it can be closed and opened, and read from beside.
"""

import copy
from collections import Counter
from dataclasses import dataclass, field, replace

from luftpegel_gateway.journal.port import Account, Batch, Entry, Group, Offer
from luftpegel_gateway.model.faults import JournalDown
from luftpegel_gateway.model.observations import Observed
from luftpegel_gateway.model.state import StationState

SHELF = {}
DAY_S = 86400


@dataclass
class Held:
    """One entry of the quarantine with what is needed to replay it."""

    entry: Entry
    delivery: object = None
    taken_at: int = 0
    item: object = None
    same: object = None  # what makes two of them the same


@dataclass
class Kept:
    """All that the journal holds."""

    states: dict = field(default_factory=dict)
    readings: dict = field(default_factory=dict)
    items: list = field(default_factory=list)  # (number, taken_at, item)
    given: int = 0
    cursors: dict = field(default_factory=dict)
    held: dict = field(default_factory=dict)  # number: Held
    entries: int = 0
    notices: list = field(default_factory=list)
    airtime: dict = field(default_factory=dict)
    offers: dict = field(default_factory=dict)  # sink: (what, readings that it still gets)
    oldest: int = 0  # all items up to it are gone
    counted: Counter = field(default_factory=Counter)


class MemoryView:
    """The port's `Snapshot`."""

    def __init__(self, kept):
        self._kept = kept

    def state(self, key):
        return self._kept.states.get(key, StationState())

    def newest(self, ref):
        return self._of(ref)[-10:]

    def between(self, ref, first, last):
        return [one for one in self._of(ref) if first <= one.seq <= last]

    def before(self, ref, seq, count):
        return [one for one in self._of(ref) if one.seq < seq][::-1][:count][::-1]

    def behind(self, ref, seq, count):
        return [one for one in self._of(ref) if one.seq > seq][:count]

    def around(self, key, first, last):
        return [
            (ref.life, one)
            for (ref, _), one in sorted(self._kept.readings.items())
            if (ref.tenant, ref.station) == key and one.time is not None and first <= one.time <= last
        ]

    def airtime(self):
        return self._kept.airtime

    def _of(self, ref):
        found = [one for (other, _), one in self._kept.readings.items() if other == ref]
        return sorted(found, key=lambda one: one.seq)


class MemoryLog:
    """The port's `Log`."""

    def __init__(self, path):
        self._path = path
        SHELF.setdefault(path, Kept())
        self.failing = False

    def close(self):
        pass

    def transact(self, deliveries, decide, now):
        outcomes = decide(deliveries, MemoryView(SHELF[self._path]), now)
        with self._changing() as kept:
            self._take(kept, outcomes, now)
            for delivery, outcome in zip(deliveries, outcomes.each, strict=True):
                self._trouble(kept, delivery, outcome, now)
        return [outcome.downlink for outcome in outcomes.each]

    @staticmethod
    def _take(kept, outcomes, now):
        kept.states |= outcomes.states
        kept.readings |= outcomes.readings
        kept.airtime |= outcomes.airtime
        for item in outcomes.items:
            kept.given += 1
            kept.items.append((kept.given, now, item))

    def _trouble(self, kept, delivery, outcome, now):
        if outcome.passed:
            kept.counted["passed", outcome.passed] += 1
        elif outcome.keep or outcome.faults:
            kept.counted["frames"] += 1
        if outcome.notice:
            told = outcome.notice
            kept.notices.append((now, told.dev_eui, told.code, told.text, outcome.tenant))
        for code in dict.fromkeys(fault.code for fault in outcome.faults):
            details = "; ".join(fault.detail for fault in outcome.faults if fault.code == code)
            size = len(delivery.payload) if delivery.size is None else delivery.size
            entry = Entry(
                0, code, details, "", 1, now, now, None, outcome.dev_eui,
                outcome.key[1] if outcome.key else "",
                delivery.source, delivery.kind, delivery.topic, delivery.payload, size,
                outcome.tenant,
            )  # fmt: skip
            same = (outcome.tenant, delivery.kind, delivery.topic, delivery.payload)
            self._hold(kept, Held(entry, delivery, now), same)

    @staticmethod
    def _hold(kept, held, same):
        for number, other in kept.held.items():
            if (other.entry.code, other.entry.sink, other.same) == (held.entry.code, held.entry.sink, same):
                times, first = other.entry.times + 1, other.entry.first_at
                held.entry = _changed(held.entry, id=number, times=times, first_at=first)
                break
        else:
            kept.entries += 1
            held.entry = _changed(held.entry, id=kept.entries)
        held.same = same
        kept.held[held.entry.id] = held

    def after(self, sink, limit):
        kept = SHELF[self._path]
        found = [(number, item) for number, _, item in kept.items if number > kept.cursors.get(sink, 0)][
            :limit
        ]
        if found:
            return Batch([item for _, item in found], found[-1][0])
        if sink not in kept.offers:
            return None
        _, left = kept.offers[sink]
        rows = [
            Observed(ref, kept.readings[ref, seq], (kept.readings[ref, seq].time or 0) * 1_000_000, True)
            for ref, seq in left[:limit]
        ]
        return Batch(rows, (left[:limit],), True)

    def offer(self, sink, wanted):
        with self._changing() as kept:
            if sink in kept.offers:
                wanted = wanted.joined(kept.offers[sink][0])
            kept.offers[sink] = (wanted, _fitting(kept, wanted))

    def welcome(self, sink):
        kept = SHELF[self._path]
        if kept.cursors.get(sink, -1) >= kept.oldest:
            return False
        self.offer(sink, Offer())
        with self._changing() as kept:
            others = min(kept.cursors.values(), default=0) if sink not in kept.cursors else 0
            kept.cursors[sink] = max(kept.oldest, others)
        return True

    @staticmethod
    def _advance_history(kept, sink, done):
        wanted, left = kept.offers.get(sink, (None, None))
        if left is not None and left[: len(done)] == done:
            kept.offers[sink] = (wanted, left[len(done) :])
            if not kept.offers[sink][1]:
                del kept.offers[sink]

    def advance(self, sink, to, refused, now):
        with self._changing() as kept:
            for rejection in refused:
                item = rejection.item
                seq = item.reading.seq if isinstance(item, Observed) else (item.seq, item.channel)
                told = repr(item).encode()
                entry = Entry(
                    0, rejection.fault.code, rejection.fault.detail, sink, 1, now, now, None, "",
                    item.ref.station, "", "", "", told, len(told), item.ref.tenant,
                )  # fmt: skip
                self._hold(kept, Held(entry, item=item), (item.ref, type(item), seq))
            if isinstance(to, tuple):
                self._advance_history(kept, sink, *to)
            else:
                kept.cursors[sink] = to

    def replay(self, entry, decide, now):
        held = SHELF[self._path].held[entry]
        if held.item is not None:
            with self._changing() as kept:
                kept.given += 1
                kept.items.append((kept.given, now, held.item))
                self._resolve(kept, entry, now)
            return None
        outcomes = decide([held.delivery], MemoryView(SHELF[self._path]), held.taken_at)
        [outcome] = outcomes.each
        if outcome.keep or not outcome.faults:
            with self._changing() as kept:
                self._take(kept, outcomes, held.taken_at)
                if not outcome.faults:
                    self._resolve(kept, entry, now)
        return outcome.faults[0] if outcome.faults else None

    @staticmethod
    def _resolve(kept, entry, now):
        kept.held[entry].entry = _changed(kept.held[entry].entry, resolved_at=now)

    def discard(self, entries):
        with self._changing() as kept:
            return len([entry for entry in set(entries) if kept.held.pop(entry, None)])

    def tidy(self, sinks, budgets, now):
        with self._changing() as kept:
            done = min((kept.cursors.get(sink, 0) for sink in sinks), default=0)
            kept.items = [row for row in kept.items if row[0] > done]
            kept.oldest = max(kept.oldest, done)
            while len(kept.held) > budgets.quarantine.count:
                whose = Counter((one.entry.dev_eui, one.entry.code) for one in kept.held.values())
                most = whose.most_common(1)[0][0]
                gone = next(
                    number for number, one in kept.held.items() if (one.entry.dev_eui, one.entry.code) == most
                )
                del kept.held[gone]
                kept.counted["discarded"] += 1
        return False

    def _changing(self):
        return _Changing(self)


class _Changing:
    """All or nothing: the change is made to a copy."""

    def __init__(self, log):
        self._log = log

    def __enter__(self):
        self._kept = copy.copy(SHELF[self._log._path])
        for name in vars(self._kept):
            setattr(self._kept, name, copy.copy(getattr(self._kept, name)))
        self._kept.held = {number: replace(one) for number, one in self._kept.held.items()}
        return self._kept

    def __exit__(self, kind, error, trace):
        if kind is None:
            if self._log.failing:
                raise JournalDown("LP-410", "told to fail")
            SHELF[self._log._path] = self._kept


def _fitting(kept, wanted):
    return sorted(
        (ref, seq)
        for (ref, seq), one in kept.readings.items()
        if one.cells and wanted.holds((ref.tenant, ref.station), one.time)
    )


def _changed(entry, **values):
    return Entry(**({name: getattr(entry, name) for name in entry.__struct_fields__} | values))


class MemoryReader:
    """The port's `Reader`."""

    def __init__(self, path):
        self._path = path

    def close(self):
        pass

    def states(self):
        return SHELF[self._path].states

    def history(self, key, count):
        found = [
            (ref.life, one)
            for (ref, _), one in SHELF[self._path].readings.items()
            if (ref.tenant, ref.station) == key and one.cells
        ]
        return sorted(found, key=lambda pair: (pair[1].time or 0, pair[0], pair[1].seq), reverse=True)[:count]

    def kept(self, wanted):
        return dict(
            Counter((ref.tenant, ref.station) for ref, _ in _fitting(SHELF[self._path], wanted))
        )

    def notices(self, dev_eui, count, tenant=""):
        found = [
            (when, code, text)
            for when, *whose, code, text, its in SHELF[self._path].notices
            if whose == [dev_eui] and its == tenant
        ]
        return found[::-1][:count]

    def _chosen(self, code, dev_eui, resolved=False, station=None):
        return [
            one.entry
            for _, one in sorted(SHELF[self._path].held.items())
            if (one.entry.resolved_at is not None) is resolved
            and code in {None, one.entry.code}
            and dev_eui in {None, one.entry.dev_eui}
            and station in {None, (one.entry.tenant, one.entry.station)}
        ]

    def quarantine(self, *, code=None, dev_eui=None, station=None, resolved=False, limit=1000):
        return self._chosen(code, dev_eui, resolved, station)[-limit:]

    def groups(self, *, code=None, dev_eui=None, station=None):
        groups = {}
        for one in self._chosen(code, dev_eui, station=station):
            groups.setdefault((one.code, one.sink, one.dev_eui, one.tenant), []).append(one)
        found = [
            Group(
                *names[:3], max(one.station for one in group), len(group), sum(one.times for one in group),
                sum(one.size for one in group), min(one.first_at for one in group),
                max(one.last_at for one in group), max(one.id for one in group),
                names[3],
            )
            for names, group in groups.items()
        ]  # fmt: skip
        return sorted(found, key=lambda group: group.last_at)

    def numbers(self, *, code=None, dev_eui=None, station=None, before=None):
        chosen = self._chosen(code, dev_eui, station=station)
        return [(one.id, one.size) for one in chosen if before is None or one.last_at < before]

    def entry(self, number):
        held = SHELF[self._path].held.get(number)
        return held and held.entry

    def account(self, sinks):
        kept = SHELF[self._path]
        waiting = {
            sink: [when for number, when, _ in kept.items if number > kept.cursors.get(sink, 0)]
            for sink in sinks
        }
        return Account(
            kept.counted["frames"],
            len(self._chosen(None, None)),
            {sink: len(times) for sink, times in waiting.items()},
            {sink: min(times, default=None) for sink, times in waiting.items()},
            {name[1]: number for name, number in kept.counted.items() if name[0] == "passed"},
            kept.counted["discarded"],
            offered=tuple(sink for sink in kept.offers if sink in sinks),
        )
