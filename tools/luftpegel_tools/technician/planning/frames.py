"""How long a station's frames are: by the firmware's own encoder, over a day as it may be.

A frame takes the newest reading and as many older ones as fit, so it is nearly always full. How many readings
that are depends on how much they vary; here they wander as an ordinary day's do.
"""

import random
from collections.abc import Iterator, Sequence

from luftpegel_wire import encode_status
from luftpegel_wire.channels import TABLE
from luftpegel_wire.quality import OK
from luftpegel_wire.readings import MAX_ROWS, Row, encode_readings

_DAY_IN_STEPS = 2.0  # how far a value wanders from reading to reading: standard deviation, in steps
_SEED = 14  # the same answer each time
_SEQ = 50_000  # of a station that has run for a year at ten minutes
_STATUS: dict[str, int | str] = {
    "firmware": "0.3.0", "reset_cause": 4, "oldest_seq": _SEQ - 4000, "newest_seq": _SEQ, "interval_s": 600,
    "heap_free": 80_000, "crash": 0, "clock": 1, "faults": 0,
}  # fmt: skip


def readings_frame(
    channels: Sequence[int], steps: Sequence[int], room: int, interval_s: int
) -> tuple[int, int]:
    """(bytes, readings) of a frame of at most `room` bytes."""
    payload, taken = encode_readings(list(channels), _rows(channels, steps, interval_s), room, list(steps))
    return len(payload), taken


def status_bytes(room: int) -> int:
    """Bytes of the status that a station sends once a day."""
    return len(encode_status(_STATUS, room))


def _rows(channels: Sequence[int], steps: Sequence[int], interval_s: int) -> Iterator[Row]:
    draw = random.Random(_SEED)  # noqa: S311 - weather, not keys
    values = [(TABLE[channel >> 1].low + TABLE[channel >> 1].high) // 2 for channel in channels]
    for number in range(MAX_ROWS):
        between = interval_s if number else None
        yield Row(_SEQ - number, 4 + number * interval_s, between, list(values), [OK] * len(values))
        values = [
            value + round(draw.gauss(0, _DAY_IN_STEPS)) * step
            for value, step in zip(values, steps, strict=True)
        ]
