"""One row of readings as a frame tells it."""

import msgspec

from luftpegel_gateway.model.readings import Cell

OLDEST_S = 10 * 365 * 86400  # an age beyond this is no age: a gap is measured by it


class Told(msgspec.Struct, frozen=True, gc=False):
    """One row as a frame tells it. `age`: seconds from sampling to transmission, None where the station has
    lost its clock. No cells: absent."""

    seq: int
    age: int | None
    cells: tuple[Cell, ...]
