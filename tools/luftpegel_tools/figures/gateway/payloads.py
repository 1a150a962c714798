"""What stations send, made once from a real gauge's log: frame after frame, each one reading further.

Every second row of the log, ten minutes apart with the logger's own jitter, as three climate channels. Rows
where the logger had nothing are left out, so that the number of values in a store is known beforehand.
Encoding a day of a town takes a minute, so what was made lies in the cache, under a name that changes with
the log, the wire format and the shape.
"""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

from luftpegel_tools.figures.compactness import GAUGE, PROFILES, Column, Sample, read_gauge
from luftpegel_tools.generate.table import REPOSITORY
from luftpegel_tools.programs.debian import cache_folder
from luftpegel_wire import Row, encode_readings
from luftpegel_wire.quality import OK
from luftpegel_wire.quantities import channel_of

CLIMATE: tuple[Column, ...] = tuple(
    sorted(PROFILES["climate"], key=lambda column: channel_of(column.quantity))
)
CHANNELS = tuple(channel_of(column.quantity) for column in CLIMATE)
AGE_S = 3  # from sampling to transmission
LARGEST_PAYLOAD = 222  # bytes; EU868 from DR4 on
_WIRE = REPOSITORY / "firmware" / "lib" / "luftpegel_wire"
_THIN = 2  # one of so many rows of the log


@dataclass(frozen=True)
class Series:
    """Payloads by the number of their newest reading, and when that was sampled (Unix seconds of the log)."""

    readings: int  # in each payload
    times: Sequence[int]
    payloads: Sequence[bytes]  # payloads[0] belongs to number readings - 1

    def payload(self, newest: int) -> bytes:
        """The frame whose newest reading is number `newest`."""
        return self.payloads[newest - self.readings + 1]


@cache
def gauge(path: Path = GAUGE) -> tuple[Sample, ...]:
    """The whole rows of the log, thinned to ten minutes; a row's place among them is its number."""
    samples = [sample for sample in read_gauge(path, CLIMATE) if None not in sample.values]
    return tuple(samples[::_THIN])


def rows_of(samples: Sequence[Sample], newest: int, count: int) -> list[Row]:
    """The rows of the frame whose newest reading is number `newest`, newest first."""
    rows = []
    for at in range(newest, newest - count, -1):
        interval = samples[at + 1].time - samples[at].time if at < newest else 0
        age = samples[newest].time - samples[at].time + AGE_S
        rows.append(Row(at, age, interval, samples[at].values, [OK] * len(CHANNELS)))
    return rows


def encode(samples: Sequence[Sample], count: int, newest: int) -> bytes:
    """One frame of exactly `count` readings, at the resolution that a station uses when nobody set one."""
    rows = rows_of(samples, newest, count)
    payload, taken = encode_readings(CHANNELS, iter(rows), LARGEST_PAYLOAD)
    assert taken == count
    return bytes(payload)


def series(readings: int, frames: int) -> Series:
    """`frames` payloads of `readings` each, from the cache; what is missing there is made, on all processors.

    Raises ValueError when the log is not long enough.
    """
    samples = gauge()
    if readings + frames - 1 > len(samples):
        raise ValueError(f"the log has {len(samples)} rows, {readings + frames - 1} are asked for")
    file = cache_folder() / "bench" / f"payloads-{readings}-{_mark()}.json"
    made = json.loads(file.read_text()) if file.is_file() else []
    if len(made) < frames:
        missing = range(readings - 1 + len(made), readings - 1 + frames)
        # Not forked: threads of whoever calls this would not come along, their locks would.
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
            new = pool.map(partial(encode, samples, readings), missing, chunksize=50)
            made += [payload.hex() for payload in new]
        _keep(file, made)
    payloads = [bytes.fromhex(text) for text in made[:frames]]
    return Series(readings, [sample.time for sample in samples], payloads)


def _keep(file: Path, made: Sequence[str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".new")
    unfinished.write_text(json.dumps(made))
    unfinished.rename(file)


def _mark() -> str:
    mark = hashlib.blake2b(f"{_THIN} {AGE_S} {LARGEST_PAYLOAD}".encode(), digest_size=8)
    for path in (GAUGE, *sorted(_WIRE.glob("*.py"))):
        mark.update(path.read_bytes())
    return mark.hexdigest()
