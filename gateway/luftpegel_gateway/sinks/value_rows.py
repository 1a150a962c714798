"""One value as it stands in files and exports: a row with the same columns everywhere (docs/files.md).

Numbers are exact: base units here, decimals in the quantity's unit where they are written. A value that is
not there is a row without a number whose quality says why; a reading that is not there is no row.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo

import msgspec

from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.quality import quality_of, quality_word, words_of
from luftpegel_gateway.model.quantities import decimal, name_of, of_channel
from luftpegel_gateway.model.readings import Reading

COLUMNS = ("time", "station", "name", "quantity", "unit", "value", "quality", "flags",
           "revision", "life", "seq", "tenant")  # fmt: skip
FIRST_TIME, LAST_TIME = 0, 253_370_764_800  # Unix seconds that are dates in every zone: 1970 to 9998


class Row(msgspec.Struct, frozen=True, gc=False):
    """One value. `time`: Unix seconds or None; `value`: base units or None; `name`: the station's."""

    time: int | None
    tenant: str
    station: str
    name: str
    channel: int
    value: int | None
    quality: int
    flags: str
    life: int
    seq: int
    revision: int

    @property
    def number(self) -> str:
        """The value as an exact decimal in the quantity's unit; empty where there is none."""
        return "" if self.value is None else decimal(self.channel, self.value)

    @property
    def unit(self) -> str:
        """UCUM code; empty for a quantity that this gateway does not know yet."""
        quantity = of_channel(self.channel)
        return quantity.unit if quantity else ""

    def texts(self, zone: tzinfo) -> tuple[str | int, ...]:
        """The row in the order of COLUMNS."""
        return (
            *(iso(self.time, zone), self.station, self.name, name_of(self.channel), self.unit, self.number),
            *(quality_word(self.quality), self.flags, self.revision, self.life, self.seq, self.tenant),
        )


def rows_of(ref: Ref, name: str, reading: Reading) -> Iterator[Row]:
    """All values of a reading."""
    time = dated(reading.time)
    for cell in reading.cells:
        flags = reading.flags_of(cell)
        yield Row(
            *(time, ref.tenant, ref.station, name, cell.channel, cell.value, quality_of(cell.wire, flags)),
            *(",".join(words_of(flags)), ref.life, reading.seq, reading.revision),
        )


def dated(time: int | None) -> int | None:
    """The time, or None for one that no calendar has."""
    return time if time is not None and FIRST_TIME <= time <= LAST_TIME else None


def iso(time: int | None, zone: tzinfo) -> str:
    """ISO 8601 with the offset of the zone; empty where no time is known."""
    return "" if time is None else datetime.fromtimestamp(time, UTC).astimezone(zone).isoformat()
