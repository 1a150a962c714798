"""Items that sinks have still to get, packed: the station as its number, readings whole.

Whole and not by reference: a sink gets what was known when it was told, and a later correction as what it is.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from luftpegel_gateway.journal.port import StationKey
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import AlarmRaised, Item, Observed, Stranger
from luftpegel_gateway.model.readings import Reading


class _Reading(msgspec.Struct, frozen=True, array_like=True, tag=0, gc=False):
    station: int
    life: int
    reading: Reading
    received_at: int
    late: bool


class _Alarm(msgspec.Struct, frozen=True, array_like=True, tag=1, gc=False):
    station: int
    life: int
    seq: int
    time: int | None
    channel: int
    kind: str
    value: int
    threshold: int
    received_at: int


class _Stranger(msgspec.Struct, frozen=True, array_like=True, tag=2, gc=False):
    """With its own name: strangers get no number, or the table of stations would grow with them."""

    item: Stranger


_ENCODE = msgspec.msgpack.Encoder()
_DECODE = msgspec.msgpack.Decoder(list[_Reading | _Alarm | _Stranger])


def pack_items(items: Sequence[Item], number: Callable[[StationKey], int]) -> bytes:
    """Items as MessagePack; `number` tells a station's number in this journal."""
    return _ENCODE.encode([_stored(item, number) for item in items])


def unpack_items(data: bytes, stations: Mapping[int, StationKey]) -> list[Item]:
    """What `pack_items` wrote."""
    refs: dict[tuple[int, int], Ref] = {}
    items: list[Item] = []
    for stored in _DECODE.decode(data):
        if isinstance(stored, _Stranger):
            items.append(stored.item)
            continue
        place = (stored.station, stored.life)
        ref = refs.get(place)
        if ref is None:
            ref = refs[place] = Ref(*stations[stored.station], stored.life)
        if isinstance(stored, _Reading):
            items.append(Observed(ref, stored.reading, stored.received_at, stored.late))
        else:
            items.append(
                AlarmRaised(
                    ref, stored.seq, stored.time, stored.channel, stored.kind, stored.value,
                    stored.threshold, stored.received_at,
                )
            )  # fmt: skip
    return items


def _stored(item: Item, number: Callable[[StationKey], int]) -> _Reading | _Alarm | _Stranger:
    if isinstance(item, Stranger):
        return _Stranger(item)
    station, life = number((item.ref.tenant, item.ref.station)), item.ref.life
    if isinstance(item, Observed):
        return _Reading(station, life, item.reading, item.received_at, item.late)
    return _Alarm(
        station, life, item.seq, item.time, item.channel, item.kind, item.value, item.threshold,
        item.received_at,
    )  # fmt: skip
