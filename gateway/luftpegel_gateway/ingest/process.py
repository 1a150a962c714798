"""What becomes of one delivery: the way parse, find the station, decode, names, check, backfill.

Pure but for the `Ledger` that answers what is known so far. Never raises for a bad frame: it comes out as
faults, with every good reading of the same frame beside them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from luftpegel_gateway import sources
from luftpegel_gateway.checks.check import check_reading
from luftpegel_gateway.decode.uplink import Told, decode_uplink
from luftpegel_gateway.downlinks import backfill
from luftpegel_gateway.ingest.state import State, Station
from luftpegel_gateway.model.events import Delivery, Downlink, Joined, Notice, Refused, UplinkFrame
from luftpegel_gateway.model.intervals import same_time, same_value
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_wire import PORT_BACKFILL, encode_backfill


class Ledger(Protocol):
    """What the journal answers inside the transaction that takes the frame."""

    def state(self, station: str) -> State:
        """The station's state; an empty one for a new station."""

    def readings_around(self, station: str, first: int, last: int) -> dict[int, Reading]:
        """Known readings with sequence numbers first..last, and the nearest one below."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why (a part of) a frame cannot be used: an LP code, and what was seen."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What the journal has to write for one delivery. `repeated`: the frame itself is here already."""

    dev_eui: str | None = None
    station: str | None = None
    received_at: int | None = None
    readings: tuple[Reading, ...] = ()  # what is new, for the sinks
    rows: tuple[Reading, ...] = ()  # the same rows whole, for the table of names
    state: State | None = None
    faults: tuple[Fault, ...] = ()
    notice: Notice | None = None
    downlink: Downlink | None = None
    repeated: bool = False


def process(delivery: Delivery, stations: Mapping[str, Station], ledger: Ledger, now: int) -> Taken:
    """Everything that one delivery means. `stations` by device EUI; `now`: when it came (unix s)."""
    try:
        event = sources.parse(delivery)
    except Refused as refusal:
        return Taken(faults=(Fault(refusal.code, refusal.detail),))
    station = stations.get(event.dev_eui)
    if isinstance(event, Notice):
        return Taken(event.dev_eui, station.id if station else None, notice=event)
    if isinstance(event, Joined):
        return _join(event, station, ledger)
    if station is None:
        fault = Fault("LP-320", f"device {event.dev_eui}")
        return Taken(event.dev_eui, None, event.received_at, faults=(fault,))
    return _uplink(event, station, ledger.state(station.id), ledger, now)


def _join(event: Joined, station: Station | None, ledger: Ledger) -> Taken:
    """A new session counts its frames from 0 again: what looks like a repeat afterwards is none."""
    if station is None:
        return Taken(event.dev_eui)
    return Taken(event.dev_eui, station.id, state=replace(ledger.state(station.id), recent=()))


def _mark(frame: UplinkFrame) -> bytes:
    """What makes two uplinks of a device the same frame."""
    place = f"{frame.dev_addr} {frame.f_cnt} {frame.f_port} ".encode()
    return hashlib.blake2b(place + frame.data, digest_size=8).digest()


def _uplink(frame: UplinkFrame, station: Station, state: State, ledger: Ledger, now: int) -> Taken:
    mark = _mark(frame)
    if mark in state.recent:
        seen_again = replace(state, repeated_frames=state.repeated_frames + 1)
        return Taken(frame.dev_eui, station.id, frame.received_at, state=seen_again, repeated=True)
    state = replace(
        state,
        recent=state.remember(mark),
        frames=state.frames + 1,
        heard_at=max(frame.received_at, state.heard_at or 0),
        taken_at=max(now, state.taken_at or 0),
        rssi=frame.rssi,
        snr=frame.snr,
        dr=frame.dr,
    )
    try:
        content = decode_uplink(frame)
    except Refused as refusal:
        fault = Fault(refusal.code, refusal.detail)
        return Taken(frame.dev_eui, station.id, frame.received_at, state=state, faults=(fault,))
    if content.oldest_seq is not None:
        state = state.reaching_back_to(content.oldest_seq)
    if not content.rows:
        return Taken(frame.dev_eui, station.id, frame.received_at, state=state)
    return _readings(frame, station, state, content.rows, ledger)


def _readings(
    frame: UplinkFrame, station: Station, state: State, told: Sequence[Told], ledger: Ledger
) -> Taken:
    known = ledger.readings_around(station.id, told[0].reading.seq, told[-1].reading.seq)
    fresh, conflicts = _sort(told, known, state)
    checked = _check(fresh, known)
    after = _names(state, fresh, repeats=len(told) - len(fresh) - len(conflicts))
    after, downlink = _ask(frame, state, after)
    return Taken(
        dev_eui=frame.dev_eui,
        station=station.id,
        received_at=frame.received_at,
        readings=checked,
        rows=tuple(_merge(known.get(reading.seq), reading) for reading in checked),
        state=after,
        faults=tuple(conflicts),
        downlink=downlink,
    )


def _sort(
    told: Sequence[Told], known: Mapping[int, Reading], state: State
) -> tuple[list[Reading], list[Fault]]:
    """What is new (a time found late, too), and what contradicts a reading known under the same name.

    Plain repeats are in neither.
    """
    fresh, conflicts = [], []
    for item in told:
        reading = item.reading
        before = known.get(reading.seq)
        if before is None and reading.seq not in state.seen:
            fresh.append(reading)
        elif before is None or reading.absent:
            continue  # known, but older than what the journal holds; or known here and forgotten there
        elif contradiction := _contradiction(before, item):
            conflicts.append(Fault("LP-253", f"sequence {reading.seq}: {contradiction}"))
        elif before.time is None and reading.time is not None:
            fresh.append(_merge(before, reading))  # a clock that was lost has been found again
        elif new := _cells_beside(before, reading):
            fresh.append(Reading(reading.seq, reading.time, new))
    return fresh, conflicts


def _contradiction(known: Reading, told: Told) -> str | None:
    """What differs between two tellings of one name, or None when they agree."""
    if not same_time(known.time, told.reading.time, told.age):
        return f"time {told.reading.time}, known with {known.time}"
    cells = {cell.channel: cell for cell in known.cells}
    for cell in told.reading.cells:
        before = cells.get(cell.channel)
        if before is not None and not same_value(before.value, cell.value, told.steps[cell.channel]):
            return f"channel {cell.channel} is {cell.value}, known with {before.value}"
    return None


def _cells_beside(known: Reading, told: Reading) -> tuple[Cell, ...]:
    """Cells of channels that the known reading does not have: names of their own."""
    here = {cell.channel for cell in known.cells}
    return tuple(cell for cell in told.cells if cell.channel not in here)


def _merge(known: Reading | None, checked: Reading) -> Reading:
    """The whole reading under one sequence number: what came now, and what was known beside it."""
    if known is None:
        return checked
    return Reading(checked.seq, checked.time, checked.cells + _cells_beside(checked, known))


def _check(fresh: Sequence[Reading], known: Mapping[int, Reading]) -> tuple[Reading, ...]:
    """The new readings with the gateway's checks, each against its neighbour before it, oldest first."""
    checked = []
    before = None
    new = {reading.seq: reading for reading in fresh}
    for seq in sorted({**known, **new}):
        reading = known.get(seq)
        if seq in new:
            checked.append(check_reading(new[seq], before))
            reading = _merge(reading, checked[-1])
        if reading is not None and not reading.absent:
            before = reading
    return tuple(checked)


def _names(state: State, fresh: Sequence[Reading], repeats: int) -> State:
    here = [reading.seq for reading in fresh if not reading.absent]
    gone = [reading.seq for reading in fresh if reading.absent]
    return replace(
        state,
        seen=state.seen.add(here + gone),
        absent=state.absent.remove(here).add(gone),
        repeated_readings=state.repeated_readings + repeats,
    )


def _ask(frame: UplinkFrame, before: State, after: State) -> tuple[State, Downlink | None]:
    """The state with the request that is outstanding now, and the downlink if it has to go out."""
    if after.seen.newest == before.seen.newest:
        return after, None  # an answer to a request, or a repeat: says nothing about the station's history
    asked, send = backfill.plan(after.asked, backfill.oldest_gap(after.gaps))
    after = replace(after, asked=asked)
    if asked is None or not send:
        return after, None
    return after, _request(frame, asked)


def _request(frame: UplinkFrame, asked: backfill.Asked) -> Downlink:
    data = bytes(encode_backfill(asked.first, asked.count))
    return Downlink(
        frame.reply_topic, frame.dev_eui, PORT_BACKFILL, data, backfill.request_id(frame.dev_eui, asked)
    )
