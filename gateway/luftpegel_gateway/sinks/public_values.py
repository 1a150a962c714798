"""What may leave the town for everybody to see: values of stations that are named, that nobody doubts, with a
sure time. And where a named station's key stands: a station of another tenant is another one.
"""

from collections.abc import Iterator
from typing import Any

from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import Item, Observed
from luftpegel_gateway.model.readings import Cell
from luftpegel_wire.quality import OK


def key_of(ref: Ref) -> str:
    """A station as the options of a sink name it."""
    return f"{ref.tenant}/{ref.station}" if ref.tenant else ref.station


def readings_of(items: Any, stations: Any) -> Iterator[tuple[str, Observed]]:
    """The dated readings of named stations, with the station's key, in order."""
    for item in items:
        if isinstance(item, Observed) and item.reading.time is not None:
            key = key_of(item.ref)
            if key in stations:
                yield key, item


def good(item: Item) -> list[Cell]:
    """The cells of a reading that nobody doubts."""
    if not isinstance(item, Observed):
        return []
    reading = item.reading
    return [
        cell
        for cell in reading.cells
        if cell.value is not None and cell.wire == OK and not reading.flags_of(cell)
    ]
