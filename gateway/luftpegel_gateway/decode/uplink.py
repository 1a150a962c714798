"""What an uplink tells: readings row by row, newest first, or a status, or an alarm.

Reading a row costs time, and most rows of a frame are history that is known already; so rows are read one
at a time, by whoever knows when to stop. A frame that is not read to its end is not checked to its end
either; its bytes were covered by LoRaWAN's own integrity code.
"""

import msgspec

import luftpegel_wire as wire
from luftpegel_gateway.decode.reader import ReadingsReader
from luftpegel_gateway.model.events import Uplink
from luftpegel_gateway.model.faults import Refused
from luftpegel_gateway.model.readings import Cell

OLDEST_S = 10 * 365 * 86400  # an age beyond this is no age: a gap is measured by it


class Told(msgspec.Struct, frozen=True, gc=False):
    """One row as a frame tells it. `age`: seconds from sampling to transmission, None where the station has
    lost its clock. No cells: absent."""

    seq: int
    age: int | None
    cells: tuple[Cell, ...]


class Readings:
    """A readings frame. `rows` are those read so far, newest first."""

    def __init__(self, payload: bytes) -> None:
        """Read the head only. Raises Refused."""
        try:
            self._reader = ReadingsReader(payload)
        except wire.WireError as error:
            raise _refused(error) from error
        self.newest: int = self._reader.seq
        self.oldest: int = self._reader.seq - self._reader.count + 1
        self.rows: list[Told] = []
        # A channel without a step is of a newer table: its unit is unknown. Only the raw frame keeps it.
        steps = zip(self._reader.channels, self._reader.steps, strict=True)
        self.steps: dict[int, int] = {channel: step for channel, step in steps if step is not None}

    def next(self) -> Told | None:
        """The next row, or None behind the last. Raises Refused when the frame is damaged there."""
        try:
            row = self._reader.next()
            if row is None:
                self._reader.finish()
                return None
        except wire.WireError as error:
            raise _refused(error) from error
        cells: tuple[Cell, ...] = ()
        if not row.absent:
            steps = self.steps
            columns = zip(self._reader.channels, row.values, row.quality, strict=True)
            cells = tuple(
                [Cell(channel, value, told) for channel, value, told in columns if channel in steps]
            )
        age = row.age
        told = Told(row.seq, None if row.absent or age is None or age > OLDEST_S else age, cells)
        self.rows.append(told)
        return told

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
