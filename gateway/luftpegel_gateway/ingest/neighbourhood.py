"""Holds readings against those of the stations around, whichever of them comes last.

A reading that comes may be a neighbour of others that are here already: those are judged anew as well, so the
order of arrival changes no verdict.
"""

from collections.abc import Callable, Sequence

import msgspec

from luftpegel_gateway.checks import judge_neighbours, limits_for
from luftpegel_gateway.ingest.draft import Draft
from luftpegel_gateway.journal.port import StationKey
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import Observed
from luftpegel_gateway.model.quality import CLOCK_STANDS, CONTRADICTORY, FLAT, GROSS_RANGE, SPIKE
from luftpegel_gateway.model.readings import Reading
from luftpegel_gateway.model.station import Station
from luftpegel_wire.quality import OK

# Stations that a reading of this one concerns: itself if it has neighbours, and those whose neighbour it is.
Concerned = Callable[[StationKey], Sequence[Station]]
_NO_WITNESS = GROSS_RANGE | SPIKE | FLAT | CLOCK_STANDS | CONTRADICTORY


def judge_anew(draft: Draft, concerned: Concerned) -> None:
    """Set and clear NEIGHBOUR wherever the batch's readings change it; what changes is told to the sinks."""
    pairs: dict[tuple[str, int, int], tuple[Station, Ref, Reading]] = {}
    for (ref, _), reading in list(draft.readings.items()):
        if reading.time is None:
            continue
        for station in concerned((ref.tenant, ref.station)):
            for life, other in _around(draft, station, station.id, reading.time):
                place = Ref(station.tenant, station.id, life)
                pairs[station.id, life, other.seq] = (station, place, other)
    for station, ref, reading in pairs.values():
        _judge(draft, station, ref, reading)


def _judge(draft: Draft, station: Station, ref: Ref, reading: Reading) -> None:
    after = judge_neighbours(reading, _values(draft, station, reading), limits_for(station))
    if after is reading:
        return
    told = next((at for at, item in enumerate(draft.items) if _is(item, ref, reading.seq)), None)
    if told is None:
        after = msgspec.structs.replace(after, revision=reading.revision + 1)
        heard_at = draft.state((ref.tenant, ref.station)).link.heard_at or 0
        draft.items.append(Observed(ref, after, heard_at, late=True))
    else:  # it goes out with this very batch
        draft.items[told] = msgspec.structs.replace(draft.items[told], reading=after)
    draft.put(ref, after)


def _is(item: object, ref: Ref, seq: int) -> bool:
    return isinstance(item, Observed) and item.reading.seq == seq and item.ref == ref


def _values(draft: Draft, station: Station, reading: Reading) -> dict[int, list[int]]:
    """Channel -> what each neighbour told nearest to the reading's time, where nothing speaks against it."""
    found: dict[int, list[int]] = {}
    if reading.time is None:
        return found
    time = reading.time
    for name in station.neighbours:
        seen: set[int] = set()
        near = sorted(_around(draft, station, name, time), key=lambda one: abs((one[1].time or 0) - time))
        for _, other in near:
            for cell in other.cells:
                sound = cell.wire == OK and cell.value is not None and not cell.flags & _NO_WITNESS
                if sound and cell.channel not in seen and cell.value is not None:
                    seen.add(cell.channel)
                    found.setdefault(cell.channel, []).append(cell.value)
    return found


def _around(draft: Draft, station: Station, name: str, time: int) -> Sequence[tuple[int, Reading]]:
    """Readings of a station that were measured about when one of `station` was."""
    return draft.around((station.tenant, name), time - station.interval_s, time + station.interval_s)
