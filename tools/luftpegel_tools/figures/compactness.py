"""How many readings of a real gauge fit into the smallest LoRaWAN payload, beside other formats.

Windows of the log end at random rows and run backwards in time, as frames do. All formats carry the same
columns at the resolution named below; ours also carries number, age, channels, every reading's time with the
logger's own jitter, and faults. Peers are spared times: they get one time and a fixed interval a message.
"""

import gzip
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import cbor2

from luftpegel_tools.figures import Figure
from luftpegel_tools.generate.table import REPOSITORY
from luftpegel_wire import Row, encode_readings
from luftpegel_wire.quality import MISSING, OK
from luftpegel_wire.quantities import channel_of

GAUGE = REPOSITORY / "tests" / "data" / "trout-creek.csv.gz"
LIMIT = 51  # bytes, EU868 DR0 to DR2
_DEPTH = 256  # rows offered


@dataclass(frozen=True)
class Column:
    """A column of the log as a channel: base units a logged unit, resolution in base units."""

    quantity: str
    field: int
    scale: int
    step: int
    lpp_bytes: int  # Cayenne LPP: channel, type, value
    senml: tuple[str, str]


PROFILES: dict[str, tuple[Column, ...]] = {
    "climate": (
        Column("temperature", 3, 100, 10, 4, ("t", "Cel")),
        Column("humidity", 2, 100, 50, 3, ("h", "%RH")),
        Column("pressure", 1, 100, 10, 4, ("p", "hPa")),
    ),
    "water": (
        Column("distance", 6, 10, 10, 6, ("d", "cm")),
        Column("battery", 5, 1000, 20, 4, ("b", "V")),
        Column("enclosure_temperature", 4, 100, 10, 4, ("e", "Cel")),
    ),
}


@dataclass(frozen=True)
class Sample:
    """A row of the log: Unix time, values in base units, None where the logger had none."""

    time: int
    values: tuple[int | None, ...]

    def in_steps(self, columns: Sequence[Column]) -> list[int]:
        """Values at the resolution asked for; 0 for a missing one."""
        return [
            0 if value is None else (2 * value + column.step) // (2 * column.step)
            for value, column in zip(self.values, columns, strict=True)
        ]


def read_gauge(path: Path, columns: Sequence[Column]) -> list[Sample]:
    """The log's rows; lines that are not data are passed over."""
    opened = gzip.open if path.suffix == ".gz" else open
    samples = []
    with opened(path, "rt", encoding="latin-1") as lines:
        for line in lines:
            fields = line.strip().split(",")
            try:
                time = datetime.strptime(fields[0], "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC)
                values = tuple(_base_units(fields[c.field], c.scale) for c in columns)
            except (ValueError, IndexError):
                continue
            samples.append(Sample(int(time.timestamp()), values))
    return samples


def _base_units(text: str, scale: int) -> int | None:
    number = float(text)
    return None if math.isnan(number) else math.floor(number * scale + 0.5)


def measure(path: Path, windows: int, seed: int) -> Iterator[Figure]:
    """Mean readings in a payload for each profile: ours first, then the peers and the bound."""
    for profile, columns in PROFILES.items():
        samples = read_gauge(path, columns)
        chosen = random.Random(seed)  # noqa: S311  (no secret: the same windows on each run)
        ends = [chosen.randrange(_DEPTH, len(samples)) for _ in range(windows)]
        bound = 8 * LIMIT / _entropy(samples, columns)
        ours = _mean(_luftpegel(samples, columns, end, exact=True) for end in ends)
        asked = _mean(_luftpegel(samples, columns, end, exact=False) for end in ends)
        counts = {"Luftpegel": ours, "Luftpegel, no exact coarser steps": asked}
        for name, fit in _PEERS.items():
            counts[name] = _mean(fit(samples, columns, end) for end in ends)
        for name, count in counts.items():
            yield Figure(f"{profile}: {name}", count, "readings", "order-0 entropy bound", count / bound)
        yield Figure(f"{profile}: order-0 entropy bound", bound, "readings", "itself", 1.0)


def _mean(counts: Iterator[int]) -> float:
    values = list(counts)
    return sum(values) / len(values)


def _entropy(samples: Sequence[Sample], columns: Sequence[Column]) -> float:
    """Bits of one reading's differences to the one before, each column for itself."""
    rows = [sample.in_steps(columns) for sample in samples if None not in sample.values]
    total = 0.0
    for index in range(len(columns)):
        counts = Counter(new[index] - old[index] for old, new in pairwise(rows))
        number = sum(counts.values())
        total -= sum(n / number * math.log2(n / number) for n in counts.values())
    return total


def window_rows(samples: Sequence[Sample], end: int) -> list[Row]:
    """The rows of a frame whose newest reading is samples[end]; numbered by their place in the log."""
    rows = []
    for at in range(end, max(-1, end - _DEPTH), -1):
        interval = samples[at + 1].time - samples[at].time if at < end else 0
        quality = [MISSING if value is None else OK for value in samples[at].values]
        rows.append(Row(at, samples[end].time - samples[at].time, interval, samples[at].values, quality))
    return rows


def _luftpegel(samples: Sequence[Sample], columns: Sequence[Column], end: int, exact: bool) -> int:
    order = sorted(range(len(columns)), key=lambda index: channel_of(columns[index].quantity))
    channels = [channel_of(columns[index].quantity) for index in order]
    steps = [columns[index].step for index in order]
    rows = window_rows(samples, end)
    for row in rows:
        row.values = [row.values[index] for index in order]
        row.quality = [row.quality[index] for index in order]
    payload, taken = encode_readings(channels, rows if exact else iter(rows), LIMIT, steps)
    assert len(payload) <= LIMIT
    return taken


def _most(size_of: Callable[[int], int]) -> int:
    """The largest count whose message fits."""
    count = 0
    while size_of(count + 1) <= LIMIT:
        count += 1
    return count


def _cayenne_lpp(_samples: Sequence[Sample], columns: Sequence[Column], _end: int) -> int:
    return _most(lambda count: count * sum(column.lpp_bytes for column in columns))


def _cbor_rows(samples: Sequence[Sample], columns: Sequence[Column], end: int) -> int:
    rows = [samples[end - back].in_steps(columns) for back in range(LIMIT)]
    return _most(lambda count: len(cbor2.dumps([end, samples[end].time, 300, rows[:count]])))


def _senml_cbor(samples: Sequence[Sample], columns: Sequence[Column], end: int) -> int:
    """RFC 8428 with base name and base time, labels as integers, times relative to the base time."""

    def message(count: int) -> int:
        records: list[dict[int, object]] = []
        for back in range(count):
            for column, steps in zip(columns, samples[end - back].in_steps(columns), strict=True):
                value = steps * column.step / column.scale
                name, unit = column.senml
                records.append({0: name, 1: unit, 2: value, 6: -300 * back})
        records[0] = {-2: "urn:dev:mac:70b3d57ed0001234:", -3: samples[end].time} | records[0]
        return len(cbor2.dumps(records, canonical=True))

    return _most(message)


_PEERS = {"Cayenne LPP": _cayenne_lpp, "SenML-CBOR": _senml_cbor, "CBOR rows": _cbor_rows}
