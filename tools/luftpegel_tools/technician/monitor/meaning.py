"""What a line of a station's console means: whose it is, its values with names and units, frames decoded."""

import re
from collections.abc import Sequence

from luftpegel_tools.decode.explain import describe_row
from luftpegel_wire import WireError, decode_readings
from luftpegel_wire.channels import format_value, name_of, quantity_of

_STARTS = re.compile(r"([A-Za-z0-9-]{1,32}) starts in \d+ s; Ctrl-C stops it\.")
_READING = re.compile(r"reading (\d+): (.+)")
_FRAME = re.compile(r"(?<![0-9A-Fa-f])84[0-9A-Fa-f]{18,484}(?![0-9A-Fa-f])")
_MOST_ROWS = 3  # of a frame that are told; the older ones came before


def station_in(line: str) -> str:
    """The station that says so of itself, or ""."""
    found = _STARTS.fullmatch(line)
    return found[1] if found else ""


def meaning_of(line: str, channels: Sequence[int]) -> list[str]:
    """What a line tells, in words; nothing for a line that speaks for itself.

    `channels`: those of the station's file, in their order; empty where it is not known.
    """
    if found := _READING.fullmatch(line):
        return _values(found[2].split(), channels)
    told = []
    for frame in _FRAME.findall(line):
        told += _frame(frame)
    return told


def _values(cells: Sequence[str], channels: Sequence[int]) -> list[str]:
    if len(cells) != len(channels):
        return []  # another file than the board has
    words = [_value(cell, channel) for cell, channel in zip(cells, channels, strict=True)]
    return [", ".join(words)]


def _value(cell: str, channel: int) -> str:
    quantity = quantity_of(channel)
    if not re.fullmatch(r"-?\d{1,12}", cell):
        return f"{name_of(channel)} -"
    return (
        f"{name_of(channel)} {format_value(channel, int(cell))} {quantity.symbol if quantity else ''}".strip()
    )


def _frame(text: str) -> list[str]:
    try:
        frame = decode_readings(bytes.fromhex(text))
    except (WireError, ValueError):
        return []
    rows = [describe_row(row, frame.channels) for row in frame.rows]
    more = len(rows) - _MOST_ROWS
    return rows[:_MOST_ROWS] + ([f"+ {more}"] if more > 0 else [])
