"""What a frame tells beside readings: the radio link, the station's status, an alarm, an answer. Pure.

Any of these may come late, again, or with a wrong time; none of them may spoil what is newer.
"""

from zlib import crc32

import msgspec

from luftpegel_gateway.decode.uplink import Alarm, Configured, Status
from luftpegel_gateway.downlinks import commands
from luftpegel_gateway.ingest import names
from luftpegel_gateway.ingest.clocks import SECOND, Estimate
from luftpegel_gateway.ingest.draft import Draft
from luftpegel_gateway.ingest.lives import SLACK_S
from luftpegel_gateway.model.events import Carried, Joined, Queued, Reported, Uplink
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import AlarmRaised
from luftpegel_gateway.model.state import Link, NetworkTold, StationState
from luftpegel_gateway.model.state import Status as StatusTold
from luftpegel_gateway.model.station import Station

REMEMBERED_ALARMS = 32  # a recording of more of them, played again, is told again; sinks know them by name


def link(before: Link, event: Uplink, at: int, now: int, *, newest: bool) -> Link:
    """The link as the newest frame tells it; received at `at` (microseconds), taken by our clock at `now`.

    `newest`: it lengthens the current life, so it is the newest, whatever clocks say or once said. Another
    one that is as old or older, late or replayed, changes nothing.
    """
    if not newest and before.heard_at is not None and at <= before.heard_at:
        return before
    return Link(at, now, event.rssi, event.snr, event.dr, event.gateway, event.gateways)


def status(station: Station, state: StationState, told: Status, received: Estimate) -> StationState:
    """A status frame: how far the station's journal reaches, and whether its numbers went back."""
    if state.status is not None and received.at < min(state.status.at, state.link.heard_at or received.at):
        return state  # an older one; but one from later than the newest frame had a wrong clock
    newest, top = told.fields.get("newest_seq"), state.life.seen.newest
    back = isinstance(newest, int) and top is not None and newest < top and received.sure
    state = msgspec.structs.replace(
        state, status=StatusTold(received.at, told.fields), joined=state.joined or back
    )
    return state if back else reaching_back(station, state)


def reaching_back(station: Station, state: StationState) -> StationState:
    """The current life knows how far back its station's journal goes, from a status of the same numbering."""
    if state.status is None or not state.lives:
        return state
    oldest, newest = (state.status.fields.get(name) for name in ("oldest_seq", "newest_seq"))
    life, first = state.life, state.life.seen.oldest
    if not isinstance(oldest, int) or first is None or oldest >= first:
        return state
    if life.oldest_told is not None and life.oldest_told <= oldest:
        return state
    if (isinstance(newest, int) and newest < first) or _before(state.status, state):
        return state  # the numbering before this one
    life = names.reaching_back(life, oldest, station.interval_s)
    return msgspec.structs.replace(state, lives=(*state.lives[:-1], life))


def _before(status: StatusTold, state: StationState) -> bool:
    """Whether a status came before the current life had begun, which is not the station's first."""
    began = state.life.began
    return len(state.lives) > 1 and began is not None and status.at // SECOND < began


def configured(state: StationState, told: Configured, received: Estimate) -> StationState:
    """A station's answer to a command."""
    answered = commands.answered(state.commands, told.token, told.in_force, received.seconds)
    return state if answered is state.commands else msgspec.structs.replace(state, commands=answered)


def fold(
    state: StationState, event: Joined | Reported | Carried | Queued, received: Estimate
) -> StationState:
    """The state after an event without a frame."""
    if isinstance(event, Joined):
        # A new session counts its frames from 0 again: what looks like a repeat afterwards is none.
        return msgspec.structs.replace(state, marks=(), joined=True)
    if isinstance(event, Reported):
        return _reported(state, event, received)
    if isinstance(event, Queued):
        known = commands.queued(state.commands, event.dev_eui, event.id, event.item)
        return state if known is state.commands else msgspec.structs.replace(state, commands=known)
    return _carried(state, event, received)


def _reported(state: StationState, event: Reported, received: Estimate) -> StationState:
    """Battery and margin as the network server asked for them; an older telling changes nothing."""
    if state.network is not None and received.at < state.network.at:
        return state
    told = NetworkTold(received.at, event.battery, event.external, event.margin)
    return msgspec.structs.replace(state, network=told)


def _carried(state: StationState, event: Carried, received: Estimate) -> StationState:
    """A command that went on the air."""
    known = commands.carried(state.commands, event.dev_eui, event.id, received.seconds)
    return state if known is state.commands else msgspec.structs.replace(state, commands=known)


def alarm(
    station: Station, state: StationState, told: Alarm, received: Estimate, draft: Draft
) -> StationState:
    """An alarm, once. It is of the life in whose time it was raised: it may come after a new one has
    begun."""
    time = received.seconds - told.age
    lives = reversed(state.lives)
    life = next((life for life in lives if life.began is None or life.began <= time + SLACK_S), None)
    number = life.number if life else state.lives[0].number if state.lives else 0
    mark = crc32(f"{number} {told.seq} {told.channel} {told.kind} {told.value} {told.threshold}".encode())
    if mark in state.alarms:
        return state
    ref = Ref(station.tenant, station.id, number)
    raised = AlarmRaised(
        ref, told.seq, time, told.channel, told.kind, told.value, told.threshold, received.at
    )
    draft.items.append(raised)
    alarms = (mark, *state.alarms[: REMEMBERED_ALARMS - 1])
    return msgspec.structs.replace(state, alarms=alarms)
