"""From items to columns for PostgreSQL, and which items no column can hold. Pure."""

import functools
from collections.abc import Iterator, Sequence

from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.model.observations import AlarmRaised, Item, Observed, Rejection, Stranger
from luftpegel_gateway.model.quality import quality_of, words_of

_BIGINT = 2**63
_FIRST_TIME, _LAST_TIME = -62_135_596_800, 253_402_300_799  # the years 1 to 9999
_LAST_RECEIVED = 2**53  # microseconds that a double holds exactly: the year 2255

# place of the item, tenant, station, life, seq, channel, time, value,
# quality, flags, revision, late, received
Row = tuple[int, str, str, int, int, int, int | None, int | None, int, str, int, bool, int]
# place of the item, tenant, station, life, seq, channel, kind, time, value, threshold, received
AlarmRow = tuple[int, str, str, int, int, int, str, int | None, int, int, int]


def fitting(items: Sequence[Item]) -> tuple[list[Item], list[Rejection]]:
    """Those that the tables can hold, and why the others are refused."""
    good: list[Item] = []
    refused: list[Rejection] = []
    for item in items:
        reason = _misfit(item)
        if reason:
            refused.append(Rejection(item, Fault("LP-422", f"{item.ref.station}: {reason}")))
        else:
            good.append(item)
    return good, refused


def _misfit(item: Item) -> str:
    assert not isinstance(item, Stranger)  # no sink without RAW gets one
    ref = item.ref
    if isinstance(item, AlarmRaised):
        words = (ref.tenant, ref.station, item.kind)
        seq, time, revision, values = item.seq, item.time, 0, [item.value, item.threshold]
        channels = [item.channel]
    else:
        words = (ref.tenant, ref.station, "")
        reading = item.reading
        seq, time, revision = reading.seq, reading.time, reading.revision
        values = [cell.value for cell in reading.cells if cell.value is not None]
        channels = [cell.channel for cell in reading.cells]
    if any("\0" in word for word in words):
        return "a name with a zero byte"
    if time is not None and not _FIRST_TIME <= time <= _LAST_TIME:
        return f"time {time} is outside the years 1 to 9999"
    if not 0 <= item.received_at < _LAST_RECEIVED:
        return f"received at {item.received_at}"
    whole = [seq, *values, *(number * 2**32 for number in (ref.life, revision, *channels))]
    if not all(-_BIGINT <= number < _BIGINT for number in whole):
        return f"reading {seq} has a number that is too large"
    return ""


def rows(items: Sequence[Item]) -> list[Row]:
    """One row a value of all readings."""
    return [
        row for place, item in enumerate(items) if isinstance(item, Observed) for row in _rows_of(place, item)
    ]


def _rows_of(place: int, item: Observed) -> Iterator[Row]:
    ref, reading = item.ref, item.reading
    doubt = reading.flags
    for cell in reading.cells:
        flags = cell.flags | doubt
        yield (
            *(place, ref.tenant, ref.station, ref.life, reading.seq, cell.channel, reading.time, cell.value),
            *(quality_of(cell.wire, flags), _words(flags), reading.revision, item.late, item.received_at),
        )


@functools.lru_cache(maxsize=4096)
def _words(flags: int) -> str:
    return ",".join(words_of(flags))


def alarm_rows(items: Sequence[Item]) -> list[AlarmRow]:
    """One row an alarm."""
    return [
        (
            *(place, alarm.ref.tenant, alarm.ref.station, alarm.ref.life, alarm.seq, alarm.channel),
            *(alarm.kind, alarm.time, alarm.value, alarm.threshold, alarm.received_at),
        )
        for place, alarm in enumerate(items)
        if isinstance(alarm, AlarmRaised)
    ]


def columns(found: Sequence[Row] | Sequence[AlarmRow]) -> list[list[object]]:
    """Rows as columns."""
    return [list(column) for column in zip(*found, strict=True)]
