"""What an uplink tells: readings row by row, newest first, or a status, or an alarm.

Reading a row costs time, and most rows of a frame are history that is known already; so rows are read one
at a time, by whoever knows when to stop. A frame that is not read to its end is not checked to its end
either; its bytes were covered by LoRaWAN's own integrity code.
"""

import msgspec

import luftpegel_wire as wire
from luftpegel_gateway.decode.first_rows import first_rows
from luftpegel_gateway.decode.reader import COMPILED, ReadingsReader
from luftpegel_gateway.decode.told import OLDEST_S, Told
from luftpegel_gateway.model.events import Uplink
from luftpegel_gateway.model.faults import Refused
from luftpegel_gateway.model.readings import Cell
from luftpegel_wire.readings_reader import ReadingsReader as WireReader


class Readings:
    """A readings frame. `rows` are those read so far, newest first."""

    def __init__(self, payload: bytes) -> None:
        """Read the head, and what is read of nearly every frame. Raises Refused where the head is damaged."""
        self._payload = payload
        self._reader: WireReader | None = None  # where the quick way ends
        self.rows: list[Told] = []
        quick = None if COMPILED else first_rows(payload)
        self._ahead: list[Told] = []
        # A channel without a step is of a newer table: its unit is unknown. Only the raw frame keeps it.
        self.steps: dict[int, int]
        if quick is None:
            reader = self._open()
            self.newest: int = reader.seq
            self.oldest: int = reader.seq - reader.count + 1
            steps = zip(reader.channels, reader.steps, strict=True)
            self.steps = {channel: step for channel, step in steps if step is not None}
        else:
            self.newest, count, self.steps, self._ahead = quick
            self.oldest = self.newest - count + 1

    def next(self) -> Told | None:
        """The next row, or None behind the last. Raises Refused when the frame is damaged there."""
        at = len(self.rows)
        if at < len(self._ahead):
            told: Told | None = self._ahead[at]
        else:
            told = self._read(self._reader or self._open())
        if told is not None:
            self.rows.append(told)
        return told

    def _open(self) -> WireReader:
        """The wire's reader, behind the rows that were read without it."""
        try:
            reader = self._reader = ReadingsReader(self._payload)
            for _ in self.rows:
                reader.next()
        except wire.WireError as error:
            raise _refused(error) from error
        return reader

    def _read(self, reader: WireReader) -> Told | None:
        try:
            row = reader.next()
            if row is None:
                reader.finish()
                return None
        except wire.WireError as error:
            raise _refused(error) from error
        cells: tuple[Cell, ...] = ()
        if not row.absent:
            steps = self.steps
            columns = zip(reader.channels, row.values, row.quality, strict=True)
            cells = tuple(
                [Cell(channel, value, told) for channel, value, told in columns if channel in steps]
            )
        age = row.age
        return Told(row.seq, None if row.absent or age is None or age > OLDEST_S else age, cells)

    def rest(self) -> list[Told]:
        """All rows, those read before among them."""
        while len(self.rows) <= self.newest - self.oldest and self.next() is not None:
            pass
        if len(self.rows) == self.newest - self.oldest + 1:
            self.next()
        return self.rows


class Status(msgspec.Struct, frozen=True, gc=False):
    """A status frame: fields by their names in the wire's table; unknown ones by number, as text."""

    fields: dict[str, int | str]


class Alarm(msgspec.Struct, frozen=True, gc=False):
    """An alarm frame. `age`: seconds; `value` and `threshold`: base units; `kind`: the wire's word."""

    seq: int
    age: int
    channel: int
    kind: str
    value: int
    threshold: int


class Configured(msgspec.Struct, frozen=True, gc=False):
    """The answer to a configuration: its token, and what is in force now, by the wire's names."""

    token: int
    in_force: dict[str, int | str]


class Nothing(msgspec.Struct, frozen=True, gc=False):
    """A frame that tells nothing here: MAC commands only."""


def decode_uplink(uplink: Uplink) -> Readings | Status | Alarm | Configured | Nothing:
    """What the uplink tells. Raises Refused with the wire's own code, or LP-251; nothing else, for any
    bytes."""
    if uplink.encrypted:
        raise Refused("LP-251", "joinServerContext is set: the payload is still encrypted")
    if not uplink.f_port or not uplink.data:
        return Nothing()
    if uplink.f_port == wire.PORT_READINGS:
        return Readings(uplink.data)
    try:
        content = wire.decode(uplink.f_port, uplink.data)
    except wire.WireError as error:
        raise _refused(error) from error
    if isinstance(content, wire.Status):
        return Status({str(name): value for name, value in content.fields.items()})
    if isinstance(content, wire.Alarm):
        kind = str(content.kind)
        return Alarm(content.seq, content.age, content.channel, kind, content.value, content.threshold)
    if isinstance(content, wire.Config):
        return Configured(content.token, {str(name): value for name, value in content.fields.items()})
    return Nothing()


def _refused(error: wire.WireError) -> Refused:
    return Refused(error.code, str(error).removeprefix(f"{error.code}: "))
