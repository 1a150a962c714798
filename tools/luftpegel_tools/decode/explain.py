"""Shows what each byte of a frame means: the CBOR part byte by byte, the packed rows item by item.

Packed rows have no borders between bytes, so each item is shown with the information that it took and the
byte up to which the decoder had to read for it.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from luftpegel_wire import (
    PORT_ALARM,
    PORT_BACKFILL,
    PORT_CONFIG,
    PORT_READINGS,
    PORT_STATUS,
    WireError,
    decode,
)
from luftpegel_wire.cbor_reader import loads
from luftpegel_wire.channels import format_value, name_of, quantity_of
from luftpegel_wire.frames import ALARM_KINDS, CONFIG_FIELDS, STATUS_FIELDS
from luftpegel_wire.rangecoder import ONE
from luftpegel_wire.rangedecoder import Decoder
from luftpegel_wire.readings import Row, Rows, code_channels, code_steps
from luftpegel_wire.readings_reader import parts

_KINDS = ("unsigned integer", "negative integer", "byte string", "text", "array", "map")
_MEMBERS: dict[int, tuple[str, ...]] = {
    PORT_READINGS: ("version", "number of the newest reading", "its age in seconds", "packed rows"),
    PORT_STATUS: ("version", "fields"),
    PORT_ALARM: ("version", "reading number", "age in seconds", "channel", "kind", "value", "threshold"),
    PORT_CONFIG: ("version", "token", "settings"),
    PORT_BACKFILL: ("version", "first reading asked for", "how many"),
}
_FIELDS: dict[int, dict[int, str]] = {PORT_STATUS: STATUS_FIELDS, PORT_CONFIG: CONFIG_FIELDS}


@dataclass(frozen=True)
class Line:
    """One step of the explanation: bytes [start, end) of the frame, bits for packed items."""

    start: int
    end: int
    hex: str
    meaning: str
    bits: float | None = None


def guess_port(payload: bytes) -> int:
    """The FPort that a frame of this shape travels on; WireError if it is a frame of no kind."""
    first: WireError | None = None
    for port in _MEMBERS:
        try:
            decode(port, payload)
        except WireError as error:
            first = first or error
        else:
            return port
    raise first or WireError("LP-213", "a frame of no kind")


def explain(port: int, payload: bytes) -> list[Line]:
    """All of a frame, in the order of its bytes. Raises WireError like decode."""
    decode(port, payload)
    lines = list(_cbor_lines(port, payload))
    if port == PORT_READINGS:
        body = parts(loads(payload))[2]
        lines += _packed_lines(payload, len(payload) - len(body))
    return lines


def describe_row(row: Row, channels: tuple[int, ...]) -> str:
    """One reading in words: "#812, 30 s before transmission: temperature 21.50 °C, humidity silent"."""
    if row.absent:
        return f"#{row.seq}: the station has no such reading"
    when = "time unknown" if row.age is None else f"{row.age} s before transmission"
    cells = zip(channels, row.values, row.quality, strict=True)
    return f"#{row.seq}, {when}: " + ", ".join(describe_cell(*cell) for cell in cells)


def describe_cell(channel: int, value: int | None, quality: int) -> str:
    """One value with its unit, and its quality unless it is good."""
    quantity = quantity_of(channel)
    text = f" {format_value(channel, value)}" if value is not None else ""
    unit = f" {quantity.symbol}" if quantity and value is not None else ""
    return f"{name_of(channel)}{text}{unit}{'' if quality == 0 else ' ' + quality_name(quality)}"


def quality_name(quality: int) -> str:
    """The lower-case name of a quality, as luftpegel_wire.quality has it."""
    from luftpegel_wire import quality as names  # noqa: PLC0415  (a table as module attributes)

    return next((n.lower() for n, v in vars(names).items() if n.isupper() and v == quality), str(quality))


def _cbor_lines(port: int, payload: bytes) -> Iterator[Line]:
    """Walks the items as luftpegel_wire.cbor_reader does; the frame is known to be well-formed."""
    members = iter(_MEMBERS[port])
    labels: list[str] = []
    at = 0
    while at < len(payload):
        kind, argument, content = _head(payload, at)
        end = content + (argument if kind in (2, 3) else 0)
        if at == 0:
            meaning = f"array of {argument}"
        elif labels:
            meaning = labels.pop(0)
        else:
            meaning = next(members)
        if kind == 5:
            meaning += f", map of {argument}"
            labels = ["field", "value"] * argument
        elif kind == 3:
            meaning += f": {payload[content:end].decode()!r}"
        elif kind == 2:
            meaning += f", {argument} bytes"
            end = content
        elif kind in (0, 1):
            meaning += f": {_number(port, meaning, argument if kind == 0 else -1 - argument)}"
        yield Line(at, end, payload[at:end].hex(" "), meaning)
        if kind == 2:
            return
        at = end


def _number(port: int, meaning: str, number: int) -> str:
    names: dict[str, Callable[[int], str]] = {
        "field": lambda n: _FIELDS.get(port, {}).get(n, "unknown"),
        "channel": name_of,
        "kind": lambda n: ALARM_KINDS.get(n, "unknown"),
    }
    return f"{number} ({names[meaning](number)})" if meaning in names else str(number)


def _head(payload: bytes, at: int) -> tuple[int, int, int]:
    info = payload[at] & 31
    size = 0 if info < 24 else 1 << (info - 24)
    argument = info if size == 0 else int.from_bytes(payload[at + 1 : at + 1 + size], "big")
    return payload[at] >> 5, argument, at + 1 + size


class _MeasuringDecoder(Decoder):
    """Counts the information that the decisions carried."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.used = 0.0

    def bit(self, probability: int, value: int = 0) -> int:
        value = super().bit(probability, value)
        self.used -= math.log2((probability if value else ONE - probability) / ONE)
        return value


def _packed_lines(payload: bytes, start: int) -> Iterator[Line]:
    seq, age, body = parts(loads(payload))
    count = f"{body[0] + 1} readings follow, newest first"
    yield Line(start, start + 1, payload[start : start + 1].hex(), count)
    coder = _MeasuringDecoder(body[1:])
    reached, used = start + 1, 0.0

    def line(meaning: str) -> Line:
        nonlocal reached, used
        begin, reached = reached, max(reached, min(len(payload), start + 1 + math.ceil(coder.used / 8)))
        bits, used = coder.used - used, coder.used
        return Line(begin, reached, payload[begin:reached].hex(" "), meaning, round(bits, 1))

    channels = code_channels(coder, None)
    yield line("channels: " + (", ".join(f"{channel} {name_of(channel)}" for channel in channels) or "none"))
    steps = code_steps(coder, channels, None)
    yield line("steps in base units: " + (", ".join(map(str, steps)) or "none"))
    rows = Rows(len(channels))
    nothing = [0] * len(channels)
    for number in range(seq, seq - body[0] - 1, -1):
        absent, interval, values, quality = rows.code(coder, False, 0, nothing, nothing)
        if not absent:
            age = None if age is None or interval is None else age + interval
        scaled = [v if v is None else v * (step or 1) for v, step in zip(values, steps, strict=True)]
        row = Row(number, age, interval, scaled, quality, absent)
        yield line(describe_row(row, channels))
