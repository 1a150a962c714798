"""From readings to InfluxDB's line protocol. Pure.

Grammar: `measurement,tag=value field=value time`. Comma, space and equals sign are escaped by a backslash; a
backslash before anything else is itself. So there is no way to write a line's end, nor a backslash before one
of those three, before another backslash or at the end: these are replaced.
"""

import functools
import re
from collections.abc import Iterator, Sequence

from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import Item, Observed
from luftpegel_gateway.model.quality import quality_of
from luftpegel_gateway.model.quantities import decimal, name_of, of_channel
from luftpegel_gateway.model.readings import Cell, Reading

PREFIX = "luftpegel_"
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_AMBIGUOUS = re.compile(r"\\(?=[\\,= ]|\Z)")
_SPECIAL = re.compile(r"([,= ])")
Point = tuple[str, int]  # series and time: what overwrites what


def lines_of(items: Sequence[Item]) -> list[tuple[int, str]]:
    """(place of the item, line) of each value with number and time; of each point the newest telling alone.

    By measurement, because what a server refuses is mostly a whole one: halves then end early.
    """
    found: dict[Point, tuple[int, str]] = {}
    for place, item in enumerate(items):
        if isinstance(item, Observed):
            for point, fields in _points(item):
                found[point] = (place, f"{point[0]} {fields} {point[1]}")
    return [found[point] for point in sorted(found)]


def escaped(text: str) -> str:
    """A measurement or the value of a tag."""
    plain = _AMBIGUOUS.sub("/", _CONTROLS.sub(" ", text))
    return _SPECIAL.sub(r"\\\1", plain)


def milliseconds(time: int, seq: int) -> int:
    """The point's time: Unix seconds, and the number in place of milliseconds, so that two readings of one
    second stay apart.
    """
    return time * 1000 + seq % 1000


def _points(item: Observed) -> Iterator[tuple[Point, str]]:
    reading = item.reading
    if reading.time is None:
        return
    time = milliseconds(reading.time, reading.seq)
    for cell in reading.cells:
        if cell.value is not None:
            yield (_series(item.ref, cell.channel), time), _fields(item.ref, reading, cell, cell.value)


def _fields(ref: Ref, reading: Reading, cell: Cell, value: int) -> str:
    """`value` is a float, also where it has no decimals; `i` marks whole numbers."""
    flags = reading.flags_of(cell)
    return (
        f"value={decimal(cell.channel, value)},quality={quality_of(cell.wire, flags)}i,flags={flags}i,"
        f"life={ref.life}i,seq={reading.seq}i,revision={reading.revision}i"
    )


@functools.lru_cache(maxsize=4096)
def _series(ref: Ref, channel: int) -> str:
    """Measurement and tags, these in the order of their names, which the server would make anyway."""
    quantity = of_channel(channel)
    name = quantity.name if quantity else name_of(channel)
    tags = {"sensor": str(1 + (channel & 1)), "station": ref.station, "tenant": ref.tenant}
    told = "".join(f",{key}={escaped(value)}" for key, value in tags.items() if value)
    return escaped(PREFIX + name) + told
