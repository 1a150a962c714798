"""A reading as the gateway keeps it: one sequence number of a station, with one cell a channel.

Values are whole base units (spec/channels.toml), times Unix seconds, ages seconds.
"""

import msgspec

from luftpegel_gateway.model.quality import RECORDED, TIME_UNSURE, quality_of


class Cell(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One channel of a reading.

    `wire` is the quality that the station told, `flags` are what the checks found (model/quality.py), and
    `memo` is what the checks remember from value to value; only they know what it means.
    """

    channel: int
    value: int | None
    wire: int
    flags: int = 0
    memo: tuple[int, ...] = ()

    @property
    def quality(self) -> int:
        """The one number that stands for `wire` and `flags`."""
        return quality_of(self.wire, self.flags)


class Reading(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that a station measured at one moment; no cells: the station says that it has no such reading.

    `time` is None when no clock is known. `age` is how old the reading was in the telling that its time comes
    from: the smallest is the truest. `unsure`: the clocks disagree about that time. `revision` counts how
    often it was told anew to the sinks with another time, quality or channel. `recorded`: it came from a
    recording.
    """

    seq: int
    time: int | None
    cells: tuple[Cell, ...]
    age: int | None = None
    unsure: bool = False
    revision: int = 0
    recorded: bool = False

    @property
    def absent(self) -> bool:
        """The station answered that it has no such reading: a name without cells."""
        return not self.cells

    @property
    def flags(self) -> int:
        """What is to be said of the whole reading."""
        return (TIME_UNSURE if self.unsure else 0) | (RECORDED if self.recorded else 0)

    def flags_of(self, cell: Cell) -> int:
        """What is to be said of a cell: its own flags, and those of the whole reading."""
        return cell.flags | self.flags


_ENCODER = msgspec.msgpack.Encoder()
_READING = msgspec.msgpack.Decoder(Reading)


def pack_reading(reading: Reading) -> bytes:
    """A reading as MessagePack: an array in the order of the fields."""
    return _ENCODER.encode(reading)


def unpack_reading(data: bytes) -> Reading:
    """What `pack_reading` wrote, by this version or an older one that knew fewer fields."""
    return _READING.decode(data)
