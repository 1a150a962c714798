"""A load: which stations send how many frames of which shape, and what must be in a store afterwards.

Each station begins somewhere else in the log, so that no two send the same payload at the same time. Its
first frame (`first`) brings all its readings; from then on `fresh` readings of each frame are new.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from luftpegel_tools.figures.gateway.events import Uplink, event_maker, topic
from luftpegel_tools.figures.gateway.payloads import AGE_S, Series

INTERVAL_S = 600
_APART = 3  # numbers between the beginnings of two stations


@dataclass(frozen=True)
class Shape:
    """`frames` of `readings` each from `stations`, of which `fresh` are new; frames are told in rounds."""

    readings: int
    stations: int
    frames: int
    fresh: int = 1

    @property
    def rounds(self) -> int:
        """How often each station is heard after its first frame."""
        return -(-self.frames // self.stations)

    @property
    def payloads(self) -> int:
        """How long a series has to be for all of it."""
        return (self.stations - 1) * _APART + self.rounds * self.fresh + 1


Name = tuple[int, int]  # number of the station, number of the reading


@dataclass(frozen=True)
class Message:
    """One MQTT message, and the name of the newest reading that it brings."""

    topic: str
    payload: bytes
    name: Name


class Load:
    """The messages of a shape. Making them is cheap and always gives the same but for the times."""

    def __init__(self, shape: Shape, series: Series, now_s: int) -> None:
        """`now_s`: Unix time at which the last round has just been sent."""
        if series.readings != shape.readings:
            raise ValueError(f"a series of {series.readings} readings, {shape.readings} are asked for")
        self.shape = shape
        self._series = series
        self._now_s = now_s

    def first(self) -> Iterator[Message]:
        """Each station's first frame."""
        return self._round(0, self.shape.stations, event_maker(0))

    def messages(self) -> Iterator[Message]:
        """All frames after the first, in the order in which they were sent."""
        left = self.shape.frames
        event = event_maker(1)
        for number in range(1, self.shape.rounds + 1):
            heard = min(left, self.shape.stations)
            left -= heard
            yield from self._round(number, heard, event)

    def readings_after(self, frames: int) -> int:
        """Different readings that have been told when so many frames came after the first ones."""
        return self.shape.stations * self.shape.readings + frames * self.shape.fresh

    def messages_after(self, frames: int) -> int:
        """Messages by then."""
        return self.shape.stations + frames

    def _round(self, number: int, heard: int, event: Callable[[Uplink], bytes]) -> Iterator[Message]:
        for station in range(heard):
            begin = self.shape.readings - 1 + station * _APART
            newest = begin + number * self.shape.fresh
            sent_ms = self._sent_ms(begin, newest, station)
            uplink = Uplink(station, number, self._series.payload(newest), sent_ms)
            yield Message(topic(station), event(uplink), (station, newest))

    def _sent_ms(self, begin: int, newest: int, station: int) -> int:
        """The log's own times, moved so that the station's last frame lies just before now."""
        times = self._series.times
        last = begin + self.shape.rounds * self.shape.fresh
        within = (self.shape.stations - station) * INTERVAL_S * 1000 // self.shape.stations
        return (self._now_s - (times[last] - times[newest]) + AGE_S) * 1000 - within
