"""ZRXP, the format in which Kisters' WISKI and what stands around it exchange time series.

One segment a station and quantity: lines that begin with # hold keywords, each directly followed by its
value, with |*| behind; then a line a value. The encoding is ISO 8859-1, lines end with CR LF. Times are
local times in the one offset that TZ names. What has no number has that of RINVAL, and `status` is the
quality's number (docs/channels.md): which of WISKI's own states that is, its import decides.
"""

import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import BinaryIO

from luftpegel_gateway.model.quantities import name_of, of_channel
from luftpegel_gateway.sinks.value_rows import Row

SUFFIX = ".zrxp"
VERSION = "3014.03"
CREATOR = "Luftpegel"
INVALID = "-777"
END = "|*|"


def write(stream: BinaryIO, rows: Iterable[Row], zone: tzinfo, _decimal: str = ".") -> None:
    """Write all rows that have a time; they come by station, then channel. `zone`: of one offset all the
    year."""
    known = (row for row in rows if row.time is not None)
    for _, segment in itertools.groupby(known, lambda row: (row.tenant, row.station, row.channel)):
        first = next(segment)
        stream.writelines(_bytes(line) for line in _header(first, zone))
        stream.writelines(_bytes(_line(row, zone)) for row in itertools.chain([first], segment))


def _header(row: Row, zone: tzinfo) -> Iterator[str]:
    quantity = of_channel(row.channel)
    series = f"{row.station}.{name_of(row.channel)}"
    lines = (
        {"ZRXPVERSION": VERSION, "ZRXPCREATOR": CREATOR},
        {"SANR": row.station, "SNAME": row.name or row.station},
        {"CNR": name_of(row.channel), "CNAME": quantity.de if quantity else name_of(row.channel)},
        {"REXCHANGE": f"{row.tenant}.{series}" if row.tenant else series},
        {"TZ": _offset(zone), "CUNIT": quantity.symbol if quantity else "", "RINVAL": INVALID},
        {"LAYOUT": "(timestamp,value,status)"},
    )
    for line in lines:
        yield "#" + "".join(f"{key}{_plain(value)}{END}" for key, value in line.items())


def _line(row: Row, zone: tzinfo) -> str:
    local = datetime.fromtimestamp(row.time or 0, UTC).astimezone(zone)
    return f"{local:%Y%m%d%H%M%S} {row.number or INVALID} {row.quality}"


def _offset(zone: tzinfo) -> str:
    """`UTC+1`; `UTC+5:30` where it is no whole hour."""
    minutes = (zone.utcoffset(None) or timedelta()) // timedelta(minutes=1)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02}" if rest else "")


def _plain(value: str) -> str:
    """A value without what would end it: no line break, no separator."""
    return " ".join(value.replace("|", "/").split())


def _bytes(line: str) -> bytes:
    return f"{line}\r\n".encode("latin-1", "replace")
