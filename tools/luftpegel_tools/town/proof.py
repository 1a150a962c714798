"""The proof that no reading was lost: what a station's chips handed out against what stands in the store.

Pure. Measurements come from the chips themselves, not from the station, so a station that forgets, invents,
repeats or misnumbers a reading is found out as surely as a gateway that does.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

TIME_TOLERANCE_S = 5.0  # whole seconds at the station and in ages, and a wake that is up to 2 s early
WAKE_GAP_S = 10.0  # a wake measures without such a pause; after a power cut the next one may come this soon
MANY = 5  # so many faults are told one by one


@dataclass(frozen=True)
class Measurement:
    """A chip handed out a value: Unix time, channel (2 * quantity + index), value in base units."""

    time_s: float
    channel: int
    value: int


@dataclass(frozen=True)
class StoredCell:
    """A row of the store: a reading's name, its Unix time (None: unknown), its value in base units."""

    seq: int
    channel: int
    time_s: int | None
    value: int | None


@dataclass(frozen=True)
class Terms:
    """What a station's readings are held to.

    `lead_s`: by how much a reading's time, which is when the station woke, precedes its first measurement.
    `steps`: channel to resolution in base units. Readings from `since_s` until before `until_s` count.
    """

    lead_s: float
    steps: Mapping[int, int]
    since_s: float
    until_s: float


@dataclass(frozen=True)
class Proof:
    """The verdict on one station, in readings; `faults` tells in words what is wrong."""

    sampled: int
    stored: int
    lost: int
    duplicated: int
    faults: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Nothing lost, nothing twice, nothing altered."""
        return not (self.lost or self.duplicated or self.faults)


@dataclass(frozen=True)
class _Wake:
    """All that one wake measured; a channel may have been measured more than once."""

    time_s: float
    values: Mapping[int, frozenset[int]]


@dataclass(frozen=True)
class _Row:
    """All cells of one sequence number."""

    seq: int
    time_s: int | None
    values: Mapping[int, int | None]


def prove(measurements: Iterable[Measurement], cells: Iterable[StoredCell], terms: Terms) -> Proof:
    """Match every stored reading to the wake that measured it, by time, and compare."""
    wakes = _wakes(measurements, terms)
    faults: list[str] = []
    rows, repeated_cells = _rows(cells, faults)
    matched: dict[int, list[_Row]] = defaultdict(list)
    for row in rows:
        index = _wake_of(row, wakes)
        if index is None:
            faults.append(f"reading {row.seq} at {row.time_s}: no sensor measured then")
        else:
            matched[index].append(row)
    counted = [i for i, wake in enumerate(wakes) if terms.since_s <= wake.time_s < terms.until_s]
    stored = sum(any(_complete(row, wakes[i]) for row in matched[i]) for i in counted)
    for index, of_wake in matched.items():
        for row in of_wake:
            faults.extend(_alterations(row, wakes[index], terms.steps))
    return Proof(
        sampled=len(counted),
        stored=stored,
        lost=len(counted) - stored,
        duplicated=repeated_cells + sum(max(0, len(matched[i]) - 1) for i in counted),
        faults=tuple(faults),
    )


def _wakes(measurements: Iterable[Measurement], terms: Terms) -> list[_Wake]:
    """Measurements of one wake follow each other closely."""
    groups: list[list[Measurement]] = []
    for measurement in sorted(measurements, key=lambda measurement: measurement.time_s):
        if not groups or measurement.time_s - groups[-1][-1].time_s > WAKE_GAP_S:
            groups.append([])
        groups[-1].append(measurement)
    return [_Wake(group[0].time_s - terms.lead_s, _values(group)) for group in groups]


def _values(group: Iterable[Measurement]) -> dict[int, frozenset[int]]:
    values: dict[int, set[int]] = defaultdict(set)
    for measurement in group:
        values[measurement.channel].add(measurement.value)
    return {channel: frozenset(found) for channel, found in values.items()}


def _rows(cells: Iterable[StoredCell], faults: list[str]) -> tuple[list[_Row], int]:
    """Cells by sequence number, and how many names occurred twice."""
    by_seq: dict[int, dict[int, StoredCell]] = defaultdict(dict)
    repeated = 0
    for cell in cells:
        if cell.channel in by_seq[cell.seq]:
            repeated += 1
        by_seq[cell.seq][cell.channel] = cell
    rows = []
    for seq, found in sorted(by_seq.items()):
        times = {cell.time_s for cell in found.values()}
        if len(times) > 1:
            faults.append(f"reading {seq}: its cells do not agree on the time")
        values = {channel: cell.value for channel, cell in found.items()}
        rows.append(_Row(seq, next(iter(found.values())).time_s, values))
    return rows, repeated


def _wake_of(row: _Row, wakes: Sequence[_Wake]) -> int | None:
    if row.time_s is None or not wakes:
        return None
    time_s = row.time_s
    nearest = min(range(len(wakes)), key=lambda i: abs(wakes[i].time_s - time_s))
    return nearest if abs(wakes[nearest].time_s - time_s) <= TIME_TOLERANCE_S else None


def _complete(row: _Row, wake: _Wake) -> bool:
    return all(row.values.get(channel) is not None for channel in wake.values)


def _alterations(row: _Row, wake: _Wake, steps: Mapping[int, int]) -> list[str]:
    """Values that no chip handed out in this wake, to half a step; and values that are missing."""
    found = []
    for channel in sorted(wake.values.keys() | row.values.keys()):
        measured, value = wake.values.get(channel, frozenset()), row.values.get(channel)
        if value is None:
            if measured:
                found.append(f"reading {row.seq} channel {channel}: measured {sorted(measured)}, not stored")
        elif not any(2 * abs(value - one) <= steps[channel] for one in measured):
            found.append(f"reading {row.seq} channel {channel}: stored {value}, measured {sorted(measured)}")
    return found
