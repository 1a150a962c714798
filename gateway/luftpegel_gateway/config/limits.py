"""`[station.limits.distance]` in stations.toml: limits of the checks for one place, in the quantity's unit.

What a person writes, centimetres or degrees and hours, becomes whole base units and seconds here.
"""

import difflib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from luftpegel_gateway.config.options import Option, Wrong, number
from luftpegel_gateway.config.toml_lines import Path as KeyPath
from luftpegel_gateway.model.quantities import Quantity, named, names
from luftpegel_gateway.model.station import Limit

_LARGEST = 1e9


def _size(value: Any, folder: Path) -> float:
    """A number above zero."""
    size = number(0, _LARGEST)(value, folder)
    if not size:
        raise Wrong("LP-306", expected="> 0", got=value)
    return float(size)


# What may stand there; all but low and high are widths, hours for those in _SECONDS.
OPTIONS = {
    "low": Option(number(-_LARGEST, _LARGEST), None),
    "high": Option(number(-_LARGEST, _LARGEST), None),
    "rate": Option(_size, None),
    "jump": Option(_size, None),
    "spike": Option(_size, None),
    "flat_hours": Option(_size, None),
    "flat_within": Option(_size, None),
    "neighbour": Option(_size, None),
}
_SECONDS = {"flat_hours": "flat"}
_HOUR = 3600


class File(Protocol):
    """The file that is judged: it reads tables by their options, and takes note of mistakes."""

    def wrong(self, place: KeyPath, code: str, **words: object) -> None:
        """Note a mistake at `place`."""

    def read(self, place: KeyPath, table: Any, options: Mapping[str, Option]) -> dict[str, Any]:
        """A table by its options; what is wrong is noted, and None in the result."""


def limits_of(file: File, place: KeyPath, tables: Mapping[str, Any]) -> dict[str, Limit]:
    """The limits of a station by the name of a quantity or channel; mistakes are noted in `file`."""
    found = {}
    for name, table in tables.items():
        quantity = named(name)
        if quantity is None:
            file.wrong((*place, name), "LP-314", key=name, known=_like(name))
        elif not isinstance(table, dict):
            file.wrong((*place, name), "LP-304", key=name, expected="a table", got="a value")
        else:
            found[name] = _limit(file, (*place, name), quantity, table)
    return found


def _like(name: str) -> str:
    """The names that were probably meant, or all."""
    return ", ".join(difflib.get_close_matches(name, names(), 3, 0.5) or names())


def _limit(file: File, place: KeyPath, quantity: Quantity, table: Mapping[str, Any]) -> Limit:
    values = file.read(place, table, OPTIONS)
    told = {key: value for key, value in values.items() if value is not None}
    base = {_SECONDS.get(key, key): _base(quantity, key, value) for key, value in told.items()}
    for key, value in base.items():
        if value == 0 and key not in {"low", "high"}:
            file.wrong((*place, key), "LP-319", key=key, value=told[key], unit=quantity.symbol)
    for key in ("low", "high"):
        if key in base and not quantity.low <= base[key] <= quantity.high:
            edges = f"{_told(quantity, quantity.low)} .. {_told(quantity, quantity.high)} {quantity.symbol}"
            file.wrong((*place, key), "LP-316", key=key, value=f"{told[key]:.10g}", range=edges)
    low, high = base.get("low", quantity.low), base.get("high", quantity.high)
    if low >= high:
        file.wrong(place, "LP-315", low=_told(quantity, low), high=_told(quantity, high))
    return Limit(**base)


def _told(quantity: Quantity, base: int) -> str:
    """Base units as a number in the quantity's unit."""
    return f"{Decimal(base).scaleb(quantity.exponent).normalize():f}"


def _base(quantity: Quantity, key: str, value: float) -> int:
    """A number in the quantity's unit as whole base units, hours as seconds."""
    if key in _SECONDS:
        return round(value * _HOUR)
    return round(Decimal(str(value)).scaleb(-quantity.exponent))
