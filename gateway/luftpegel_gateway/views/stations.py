"""A station as it is looked at: what stations.toml says, what its frames told, and its newest reading."""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from luftpegel_gateway.journal.port import Account, Reader, StationKey
from luftpegel_gateway.model.readings import Reading
from luftpegel_gateway.model.state import StationState
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.views.heard import AHEAD_S, heard_ago, silent, was_heard

Condition = Literal["retired", "new", "silent", "twin", "ok"]
InLife = tuple[int, Reading]  # number of the life, reading
LOOKED_AT = 24  # readings among which the newest by time is sought: told late, they come in any order


class View(msgspec.Struct, frozen=True):
    """One station. `newest`: its newest reading by time, with the number of its life."""

    station: Station
    state: StationState
    newest: InLife | None = None

    def ago(self, now: float) -> float | None:
        """Seconds since it was heard, or None."""
        return heard_ago(self.state.link, now)

    def condition(self, now: float) -> Condition:
        """The gravest that is to be said of it. `now`: Unix seconds of our clock."""
        if self.station.retired:
            return "retired"
        if not was_heard(self.state.link):
            return "new"
        if silent(self.state.link, now, self.station.interval_s):
            return "silent"
        return "ok" if self.state.twin is None else "twin"


class Overview(msgspec.Struct, frozen=True):
    """All stations, in the order of stations.toml, and where messages are."""

    stations: Sequence[View]
    account: Account


def key_of(station: Station) -> StationKey:
    """The journal's name of a station."""
    return station.tenant, station.id


def view_of(reader: Reader, station: Station, now: float) -> View:
    """One station."""
    return _view(reader, station, reader.states().get(key_of(station), StationState()), now)


def overview(reader: Reader, stations: Iterable[Station], sinks: Sequence[str], now: float) -> Overview:
    """Everything that the first page tells."""
    states = reader.states()
    views = [_view(reader, station, states.get(key_of(station), StationState()), now) for station in stations]
    return Overview(views, reader.account(sinks))


def _view(reader: Reader, station: Station, state: StationState, now: float) -> View:
    found = reader.history(key_of(station), LOOKED_AT) if state.lives else ()
    return View(station, state, next(iter(by_time(found, state, now)), None))


def by_time(readings: Iterable[InLife], state: StationState, now: float) -> list[InLife]:
    """Readings newest first by their time, over all lives.

    Those without a time come last, and before them those of the future: no reading is younger than both the
    newest frame and now, so their clock was wrong.
    """
    heard = state.link.heard_at
    end = max(now, 0 if heard is None else heard / 1_000_000) + AHEAD_S

    def rank(item: InLife) -> tuple[bool, bool, int, int, int]:
        life, reading = item
        told = reading.time is not None
        time = reading.time or 0
        return told, time <= end, time, life, reading.seq

    return sorted(readings, key=rank, reverse=True)
