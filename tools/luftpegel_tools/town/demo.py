"""The demo's day: a town, a gateway that is killed again and again, and the proof at the end."""

import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from luftpegel_tools.air.losses import Tally
from luftpegel_tools.town.gateway_process import Gateway
from luftpegel_tools.town.proof import Proof, prove
from luftpegel_tools.town.station import TownStation
from luftpegel_tools.town.town import Town, Wishes

_DAY_US = 86_400_000_000
_SLICES = 144  # looks at progress a day
GRACE_WAKES = 48  # after the last day, for what is still on its way
_SETTLE_S = 0.15  # real time a slice of the grace gives the gateway


@dataclass(frozen=True)
class Result:
    """One station's line of the table."""

    id: str
    kind: str
    proof: Proof
    tally: Tally

    @property
    def bytes_per_reading(self) -> float:
        """Uplink payload bytes, lost frames too, for each reading sampled."""
        return self.tally.payload_bytes / max(1, self.proof.sampled)

    @property
    def airtime_ms_per_reading(self) -> float:
        """Uplink airtime, lost frames too, for each reading sampled."""
        return self.tally.airtime_us / 1000 / max(1, self.proof.sampled)


@dataclass(frozen=True)
class Progress:
    """Where the run is: share of the days (above 1: the grace after them), frames, kills."""

    share: float
    frames: int
    frames_lost: int
    kills: int


class Day:
    """A run of whole days; a context manager that leaves the gateway running until the end of its block."""

    def __init__(
        self, folder: Path, wishes: Wishes, *, days: float, kills: int, grace_wakes: int = GRACE_WAKES
    ) -> None:
        self._slice_us = _DAY_US // _SLICES
        self._interval_us = wishes.interval_s * 1_000_000
        self._grace_us = grace_wakes * self._interval_us
        self.kills = 0
        with ExitStack() as stack:
            self.town = stack.enter_context(Town(folder, wishes))
            entries = [station.entry for station in self.town.stations]
            self.gateway = Gateway(folder / "gateway", self.town.broker, entries)
            stack.callback(self.gateway.stop)
            self.gateway.start()
            self.gateway.wait_ready()
            self._stack = stack.pop_all()
        self.since_us = self.town.clock.now_us
        self._until_us = self.since_us + round(days * _DAY_US)
        for moment_us in kill_moments(kills, self.since_us, self._until_us, wishes.seed):
            self.town.clock.call_at(moment_us, self._kill_gateway)

    def run(self, tell: Callable[[Progress], None]) -> list[Result]:
        """Live through the days, and after them until all readings have arrived or the grace is over."""
        clock = self.town.clock
        self.town.switch_on()
        while clock.now_us < self._until_us:
            self._live_until(min(clock.now_us + self._slice_us, self._until_us), tell)
        tallies = {station.identity.id: station.link.tally for station in self.town.stations}
        time.sleep(_SETTLE_S)
        while not self._all_here() and clock.now_us < self._until_us + self._grace_us:
            self._live_until(clock.now_us + self._interval_us, tell)
            time.sleep(_SETTLE_S)
        return [
            Result(
                station.identity.id, station.identity.kind, self._proof(station), tallies[station.identity.id]
            )
            for station in self.town.stations
        ]

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(self, *_error: object) -> None:
        """End the gateway and the town."""
        self._stack.close()

    def _live_until(self, when_us: int, tell: Callable[[Progress], None]) -> None:
        self.town.clock.run_until(when_us)
        self.gateway.check()
        self.town.broker.check()
        tell(self._progress())

    def _kill_gateway(self) -> None:
        self.gateway.kill()
        self.kills += 1
        self.gateway.start()

    def _progress(self) -> Progress:
        tallies = [station.link.tally for station in self.town.stations]
        return Progress(
            share=(self.town.clock.now_us - self.since_us) / (self._until_us - self.since_us),
            frames=sum(tally.uplinks for tally in tallies),
            frames_lost=sum(tally.uplinks_lost for tally in tallies),
            kills=self.kills,
        )

    def _all_here(self) -> bool:
        return all(self._proof(station).lost == 0 for station in self.town.stations)

    def _proof(self, station: TownStation) -> Proof:
        stored = self.gateway.stored(station.identity.id)
        return prove(station.measurements(), stored, station.terms(self.since_us, self._until_us))


def kill_moments(kills: int, since_us: int, until_us: int, seed: int) -> list[int]:
    """Virtual times, one in each of `kills` equal parts of the run."""
    generator = random.Random(f"kills/{seed}")  # noqa: S311
    part_us = (until_us - since_us) / max(1, kills)
    return [since_us + round((number + generator.random()) * part_us) for number in range(kills)]
