"""Names of readings: (tenant, station, life), sequence number, channel.

A station's numbering has *lives*. A board that is swapped, or whose flash was erased, begins to count at 0
again: that is a new life of the same station, and its numbers are other names than those of the life before.
"""

import msgspec


class Ref(msgspec.Struct, frozen=True, order=True, gc=False):
    """One life of one station. `tenant` is "" where a gateway serves one town; lives count from 0."""

    tenant: str
    station: str
    life: int = 0


class Name(msgspec.Struct, frozen=True, order=True, gc=False):
    """One value: which life, which reading of it, which channel."""

    ref: Ref
    seq: int
    channel: int
