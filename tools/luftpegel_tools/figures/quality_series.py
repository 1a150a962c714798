"""The real series in tests/data as readings in base units, with what a technician or physics says of them.

A row of the Logan River counts as faulty where the logger had no value, where the technician left none, or
where the corrected value departs from the logged one by more than it does around: a slow drift is no fault
that a gateway could see. A distance of Trout Creek, whose sensor takes now one, now another echo, counts as
faulty where it lies 12 cm and more off the middle of seven. The other series have no labels.
"""

import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from luftpegel_gateway.checks import judge, limits_for
from luftpegel_gateway.checks.table import TABLE
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.model.station import Station
from luftpegel_tools.figures.compactness import GAUGE, PROFILES, read_gauge
from luftpegel_tools.generate.table import REPOSITORY
from luftpegel_wire.quality import MISSING, OK
from luftpegel_wire.quantities import channel_of

DATA = REPOSITORY / "tests" / "data"
_AROUND = 12  # rows before and after, whose correction is the usual one
_NO_VALUE = -9999.0
_OFF_THE_MIDDLE = 120  # mm
Rows = Sequence[tuple[int, int | None]]  # Unix time, base units


# Column of the log: quantity, base units a logged unit.
_ABERDEEN = {
    "dht22": {"temperature_degC": ("temperature", 100), "humidity_percent": ("humidity", 100)},
    "sds011": {"pm10_ug_m3": ("pm10", 10), "pm25_ug_m3": ("pm25", 10)},
}


@dataclass(frozen=True)
class Series:
    """One quantity of one site, and the rows that are known to be wrong."""

    name: str
    quantity: str
    interval_s: int
    rows: Rows
    faulty: frozenset[int] = frozenset()

    @property
    def isolated(self) -> frozenset[int]:
        """Faulty rows with a value, between sound rows with one."""
        return frozenset(
            row
            for row in self.faulty
            if 0 < row < len(self.rows) - 1
            and not {row - 1, row + 1} & self.faulty
            and all(self.rows[near][1] is not None for near in (row - 1, row, row + 1))
        )

    def judged(self, rows: Rows | None = None) -> list[int]:
        """The flags of each row, or of other rows at the same site."""
        station = Station("LP-0001", "0" * 16, self.name, "level", self.interval_s)
        channel = channel_of(self.quantity)
        window = [
            Reading(seq, time, (Cell(channel, value, MISSING if value is None else OK),))
            for seq, (time, value) in enumerate(self.rows if rows is None else rows)
        ]
        return [reading.cells[0].flags for reading in judge(window, 0, limits_for(station))]


def all_series() -> Iterator[Series]:
    """Every quantity of every site."""
    for site in ("main-street", "franklin-basin"):
        yield from _logan(site)
    yield from _trout_creek()
    for sensor, columns in _ABERDEEN.items():
        yield from _aberdeen(sensor, columns)


def _logan(site: str) -> Iterator[Series]:
    rows = list(_table(f"logan-{site}.csv.gz"))
    times = [_time(row["datetime"]) for row in rows]
    for column, quantity, scale in (
        ("temp", "water_temperature", 100), ("cond", "conductivity", 1), ("stage", "level", 10),
    ):  # fmt: skip
        raw = [_base(row[column], scale) for row in rows]
        left = [_base(row[f"{column}_cor"], scale) for row in rows]
        faulty = _faulty(raw, left, noise=2 * TABLE[quantity].step)
        yield Series(f"{site} {quantity}", quantity, 900, list(zip(times, raw, strict=True)), faulty)


def _faulty(raw: Sequence[int | None], left: Sequence[int | None], noise: int) -> frozenset[int]:
    shifts = [
        None if one is None or other is None else one - other for one, other in zip(raw, left, strict=True)
    ]
    return frozenset(row for row, shift in enumerate(shifts) if shift is None or _departs(shifts, row, noise))


def _departs(shifts: Sequence[int | None], row: int, noise: int) -> bool:
    around = [shift for shift in shifts[max(0, row - _AROUND) : row + _AROUND + 1] if shift is not None]
    shift = shifts[row]
    return shift is not None and abs(shift - median(around)) > noise


def _trout_creek() -> Iterator[Series]:
    """The gauge's own log; its temperature is that of a box in the sun, hence left out."""
    for profile in PROFILES.values():
        for place, column in enumerate(profile):
            rows = [(sample.time, sample.values[place]) for sample in read_gauge(GAUGE, profile)]
            faulty = _off_the_middle(rows) if column.quantity == "distance" else frozenset()
            if column.quantity != "temperature":
                yield Series(f"trout creek {column.quantity}", column.quantity, 300, rows, faulty)


def _off_the_middle(rows: Rows) -> frozenset[int]:
    """The rows that lie off the middle of seven values; every row of this log has one."""
    values = [value or 0 for _, value in rows]
    near = (values[max(0, row - 3) : row + 4] for row in range(len(values)))
    return frozenset(
        row for row, seven in enumerate(near) if abs(values[row] - median(seven)) >= _OFF_THE_MIDDLE
    )


def _aberdeen(sensor: str, columns: dict[str, tuple[str, int]]) -> Iterator[Series]:
    rows = list(_table(f"aberdeen-{sensor}.csv.gz"))
    times = [_time(row["time_utc"]) for row in rows]
    for column, (quantity, scale) in columns.items():
        values = [_base(row[column], scale) for row in rows]
        yield Series(f"aberdeen {quantity}", quantity, 600, list(zip(times, values, strict=True)))


def _table(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(DATA / name, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _time(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def _base(text: str, scale: int) -> int | None:
    """A number of the log in base units; None where it had none."""
    try:
        number = float(text)
        return None if number == _NO_VALUE else round(number * scale)
    except ValueError:  # "", "NULL", and round(nan)
        return None
