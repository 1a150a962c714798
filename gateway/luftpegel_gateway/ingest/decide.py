"""Decides a batch: each delivery behind a bulkhead of its own, the next one knowing what the last one
changed.

Pure: what is known comes in as a snapshot, what is to be known goes out as outcomes. Never raises for a bad
message: it comes out with faults, and every good reading of the same frame beside them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from zlib import crc32

import msgspec

from luftpegel_gateway.decode.uplink import Alarm, Configured, Readings, Status, decode_uplink
from luftpegel_gateway.downlinks import airtime, backfill, commands
from luftpegel_gateway.ingest import beside, counters, strangers, uplink
from luftpegel_gateway.ingest.clocks import Estimate, estimate
from luftpegel_gateway.ingest.draft import Draft
from luftpegel_gateway.ingest.neighbourhood import Concerned, judge_anew
from luftpegel_gateway.journal.port import Outcome, Outcomes, Snapshot
from luftpegel_gateway.model.events import (
    Carried,
    Delivery,
    Downlink,
    Event,
    Joined,
    Notice,
    Passed,
    Queued,
    Reported,
    Uplink,
)
from luftpegel_gateway.model.faults import Fault, Refused
from luftpegel_gateway.model.state import Asked, Life, StationState
from luftpegel_gateway.model.station import Station
from luftpegel_wire import PORT_BACKFILL, PORT_CONFIG, encode_backfill

REMEMBERED_FRAMES = 16  # a redelivery follows within the network server's and the broker's in-flight window
REPLAYED = "counter used"  # of a frame that was recorded and sent again
DOWNLINK_US_PER_HOUR = 9_000_000  # a quarter of the 1 % that the band of the first receive window allows

Parse = Callable[[Delivery], Event]  # raises Refused
Resolve = Callable[[str, str], Station | None]  # source and device EUI -> station


_Ours = Uplink | Joined | Notice | Reported | Carried | Queued


class Filter(Protocol):
    """What of a source's events is ours (sources/filter.py)."""

    def kept_out(self, event: _Ours) -> Passed | None:
        """How to count an event that is nothing for us; None for one that is to be read."""

    def unknown(self, event: _Ours) -> Passed | None:
        """How to count the event of a device that nobody knows; None: it goes into quarantine."""

    def passed_to(self) -> str | None:
        """The tenant whose sinks get the uplinks of such devices raw; None: nobody."""


class _Batch(msgspec.Struct, frozen=True):
    """What all deliveries of a batch share; `again`: they come from quarantine."""

    draft: Draft
    now: int
    again: bool


class Decider:
    """The rules, with what they need to know of the outside: how to parse, and who a device is."""

    def __init__(
        self,
        parse: Parse,
        resolve: Resolve,
        filters: Mapping[str, Filter] = {},
        concerned: Concerned = lambda _key: (),
        downlink_us_per_hour: int = DOWNLINK_US_PER_HOUR,
        *,
        decoded: Callable[[Delivery], bytes] = lambda _delivery: b"",
        tenant: Callable[[str], str] = lambda _source: "",
    ) -> None:
        """`filters`: by the source's name; a source without one is read whole. `concerned`: neighbours.
        `decoded`: what a network server made of a payload, JSON; asked for frames passed on raw. `tenant`:
        whose a source is."""
        self._decoded = decoded
        self._parse = parse
        self._resolve = resolve
        self._filters = filters
        self._concerned = concerned
        self._budget_us = downlink_us_per_hour
        self._tenant = tenant

    def decide(self, deliveries: Sequence[Delivery], snapshot: Snapshot, now: int) -> Outcomes:
        """What a batch means. `now`: when it came, Unix seconds of our clock."""
        draft = Draft(snapshot)
        each = [self._one(delivery, draft, now) for delivery in deliveries]
        judge_anew(draft, self._concerned)
        return draft.outcomes(each)

    def decide_again(self, deliveries: Sequence[Delivery], snapshot: Snapshot, now: int) -> Outcomes:
        """The same for messages from quarantine: they are no repeats, say nothing of today's link, ask
        nothing."""
        draft = Draft(snapshot)
        each = [self._one(delivery, draft, now, again=True) for delivery in deliveries]
        judge_anew(draft, self._concerned)
        return draft.outcomes(each)

    def _one(self, delivery: Delivery, draft: Draft, now: int, *, again: bool = False) -> Outcome:
        """One delivery: nothing that it does wrong touches its neighbours."""
        outcome = self._outcome(delivery, draft, now, again=again)
        outcome.tenant = self._tenant(delivery.source)
        return outcome

    def _outcome(self, delivery: Delivery, draft: Draft, now: int, *, again: bool) -> Outcome:
        try:
            event = self._parse(delivery)
        except Refused as refusal:
            return Outcome(faults=(Fault(refusal.code, refusal.detail),))
        try:
            return self._event(delivery, event, _Batch(draft, now, again))
        except Refused as refusal:
            fault = Fault(refusal.code, refusal.detail)
        except Exception as error:  # a mistake of ours costs this frame's delivery, not its bytes
            fault = Fault("LP-254", f"{type(error).__name__}: {error}")
        return Outcome(dev_eui=event.dev_eui, faults=(fault,))

    def _event(self, delivery: Delivery, event: Event, batch: _Batch) -> Outcome:
        source = delivery.source
        if isinstance(event, Passed):
            return Outcome(dev_eui=event.dev_eui, passed=event.reason)
        sieve = self._filters.get(source)
        if sieve and not isinstance(event, Queued) and (out := sieve.kept_out(event)):
            return Outcome(dev_eui=event.dev_eui, passed=out.reason)
        station = self._resolve(source, event.dev_eui)
        if station is None:
            return self._stranger(delivery, event, sieve, batch)
        if isinstance(event, Notice):
            return Outcome(dev_eui=event.dev_eui, notice=event)
        key = (station.tenant, station.id)
        if isinstance(event, Uplink):
            return self._uplink(event, station, batch)
        state = batch.draft.state(key)
        told = beside.fold(state, event, estimate(event.clocks, batch.now))
        if told is not state:
            batch.draft.states[key] = told
        return Outcome(keep=isinstance(event, Joined), key=key, dev_eui=event.dev_eui)

    def _raw(self, event: Uplink, delivery: Delivery, tenant: str, batch: _Batch) -> Outcome:
        """A stranger's frame, for the sinks that take it as it is."""
        if len(event.data) > strangers.LARGEST_FRAME:
            return Outcome(dev_eui=event.dev_eui, passed=strangers.TOO_LONG)
        account = strangers.counted(batch.draft.spent(), delivery.source, batch.now)
        if account is None:
            return Outcome(dev_eui=event.dev_eui, passed=strangers.TOO_MANY)
        batch.draft.airtime[strangers.account_of(delivery.source)] = account
        received = estimate(event.clocks, batch.now)
        decoded = self._decoded(delivery)
        batch.draft.items.append(strangers.passed_on(event, tenant, delivery.source, received, decoded))
        return Outcome(dev_eui=event.dev_eui, passed=strangers.PASSED_ON)

    def _stranger(self, delivery: Delivery, event: _Ours, sieve: Filter | None, batch: _Batch) -> Outcome:
        """An event of a device in nobody's list: readings wait in quarantine or are passed on raw, the
        rest is counted."""
        tenant = sieve.passed_to() if sieve else None
        if tenant is not None and isinstance(event, Uplink) and event.f_port:
            return self._raw(event, delivery, tenant, batch)
        out = sieve.unknown(event) if sieve else None
        if out is None and isinstance(event, Uplink):
            return Outcome(dev_eui=event.dev_eui, faults=(Fault("LP-320", f"device {event.dev_eui}"),))
        reason = out.reason if out else "no uplink of an unknown device"
        return Outcome(dev_eui=event.dev_eui, passed=reason)

    def _uplink(self, event: Uplink, station: Station, batch: _Batch) -> Outcome:
        draft, now, again = batch.draft, batch.now, batch.again
        key = (station.tenant, station.id)
        state = draft.state(key)
        mark = _mark(event)
        if mark in state.marks and not again:
            repeated = state.repeated_frames + 1
            draft.states[key] = msgspec.structs.replace(state, repeated_frames=repeated)
            return Outcome(key=key, dev_eui=event.dev_eui)
        if event.once and event.f_cnt is not None:
            if not again and counters.used(state.counters, event.f_cnt):
                return Outcome(key=key, dev_eui=event.dev_eui, passed=REPLAYED)
            state = msgspec.structs.replace(state, counters=counters.use(state.counters, event.f_cnt))
        if event.recorded_at is not None:
            now = event.recorded_at
        received = estimate(event.clocks, now)
        outcome = Outcome(keep=True, key=key, dev_eui=event.dev_eui, received_at=received.at)
        grew = False
        try:
            state, grew = self._content((event, received), station, state, batch, outcome)
        except Refused as refusal:
            outcome.keep = False
            outcome.faults = (Fault(refusal.code, refusal.detail),)
        if not again:
            state = msgspec.structs.replace(
                state,
                marks=(mark, *state.marks[: REMEMBERED_FRAMES - 1]),
                frames=state.frames + 1,
                link=beside.link(state.link, event, outcome.received_at or received.at, now, newest=grew),
            )
        if not again and event.recorded_at is None:  # of a recording nobody waits for an answer
            state = self._answer((event, received), state, batch, outcome, grew=grew)
        draft.states[key] = state
        return outcome

    def _answer(
        self,
        told: tuple[Uplink, Estimate],
        state: StationState,
        batch: _Batch,
        outcome: Outcome,
        *,
        grew: bool,
    ) -> StationState:
        """The state after what goes down in answer, if anything does: a command before a request.

        `grew`: the station's history is as deep as it gets, so what is missing has to be asked for.
        """
        event, received = told
        if not state.commands:
            return self._ask(event, state, batch, outcome) if grew else state
        queued, command = commands.due(state.commands, batch.now, received.seconds, state.frames)
        if queued is not state.commands:
            state = msgspec.structs.replace(state, commands=queued)
        if command is not None and event.reply_topic:
            data, number = commands.payload(command), commands.command_id(event.dev_eui, command)
            if self._send(event, (PORT_CONFIG, data, number), batch, outcome, until=command.expires_at):
                out = commands.sent(queued, command, state.frames)
                state = msgspec.structs.replace(state, commands=out)
            return state
        return self._ask(event, state, batch, outcome) if grew else state

    @staticmethod
    def _content(
        told: tuple[Uplink, Estimate], station: Station, state: StationState, batch: _Batch, outcome: Outcome
    ) -> tuple[StationState, bool]:
        """Fold what the frame tells into the state; readings, items and faults go where they belong.

        Also whether the current life's newest number grew: then the station's history is as deep as it gets.
        """
        event, received = told
        draft = batch.draft
        content = decode_uplink(event)
        if isinstance(content, Readings):
            recorded = event.recorded_at is not None
            change = uplink.take(
                station, state, content, received, draft, whole=batch.again, recorded=recorded
            )
            outcome.faults = change.faults
            outcome.received_at = change.received_at
            for reading in change.readings:
                draft.put(change.ref, reading)
            draft.items.extend(change.items)
            grew = change.grew and change.ref.life == change.state.life.number
            return beside.reaching_back(station, change.state), grew
        if isinstance(content, Status):
            return beside.status(station, state, content, received), False
        if isinstance(content, Alarm):
            return beside.alarm(station, state, content, received, draft), False
        if isinstance(content, Configured):
            return beside.configured(state, content, received), False
        return state, False

    def _ask(self, event: Uplink, state: StationState, batch: _Batch, outcome: Outcome) -> StationState:
        """The state with the request that is outstanding now. One that cannot go out now is not made, and
        comes up again later."""
        life = state.life
        asked, send = backfill.plan(life.asked, life.gaps)
        if asked is None or not send:
            return _asked(state, asked)
        data = bytes(encode_backfill(asked.first, asked.count))
        number = backfill.request_id(event.dev_eui, life.number, asked)
        if not event.reply_topic or not self._send(event, (PORT_BACKFILL, data, number), batch, outcome):
            return state
        return _asked(state, asked)

    def _send(
        self,
        event: Uplink,
        frame: tuple[int, bytes, str],
        batch: _Batch,
        outcome: Outcome,
        *,
        until: int | None = None,
    ) -> bool:
        """Answer with a frame (port, payload, id) if the radio gateway's airtime allows it now. `until`: when
        nobody wants it any more, Unix seconds."""
        port, data, number = frame
        needed = airtime.airtime_us(event.dr, len(data))
        account = airtime.spend(batch.draft.spent(), event.gateway, batch.now, needed, self._budget_us)
        if account is None:
            outcome.held_by = event.gateway
            return False
        batch.draft.airtime[event.gateway] = account
        outcome.downlink = Downlink(event.reply_topic, event.dev_eui, port, data, number, event.json, until)
        return True


def _mark(event: Uplink) -> int:
    """What makes two uplinks of a device the same frame."""
    digest = crc32(event.data, crc32(event.dev_addr.encode(), event.f_port or 0))
    return (event.f_cnt or 0) << 32 | digest


def _asked(state: StationState, asked: Asked | None) -> StationState:
    life: Life = state.life
    if life.asked == asked:
        return state
    return msgspec.structs.replace(
        state, lives=(*state.lives[:-1], msgspec.structs.replace(life, asked=asked))
    )
