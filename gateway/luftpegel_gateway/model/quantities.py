"""The table of quantities, typed: a view on `luftpegel_wire.channels`, which is made from the one source.

A channel is `2 * number + index`: the first or second sensor of a quantity.
"""

from typing import Protocol, cast

from luftpegel_wire import channels


class Quantity(Protocol):
    """One row of the table; `low` and `high` in base units. What checks know beyond: `checks/table.py`."""

    name: str
    en: str
    de: str
    unit: str
    symbol: str
    exponent: int
    step: int
    low: int
    high: int
    sensorthings: str


def of_channel(channel: int) -> Quantity | None:
    """The quantity of a channel, or None when this gateway does not know it yet."""
    return cast(Quantity | None, channels.TABLE.get(channel >> 1))


def name_of(channel: int) -> str:
    """`temperature`, `temperature-2` for the second sensor, `channel-90` for an unknown quantity."""
    return str(channels.name_of(channel))


def decimal(channel: int, value: int) -> str:
    """A value of base units as an exact decimal number in the quantity's unit: 2153 -> '21.53'."""
    return str(channels.format_value(channel, value))


def named(name: str) -> Quantity | None:
    """The quantity of a channel's name: `distance`, `distance-2`."""
    return cast(Quantity | None, channels.BY_NAME.get(name.removesuffix("-2")))


def numbers() -> tuple[int, ...]:
    """The numbers of all quantities, rising."""
    return tuple(sorted(channels.TABLE))


def names() -> tuple[str, ...]:
    """The names of all quantities."""
    return tuple(channels.BY_NAME)
