"""Sees what happens on the town's air, and tells it in words: who joins, what goes up, what comes down.

It reads what LoRaWAN leaves in clear, so it needs no keys. Whether a station received a frame is what its
chip says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from luftpegel_tools.air.lora_link import LoRaLink
from luftpegel_tools.air.shared_air import Frame
from luftpegel_tools.network_server.lorawan import frames
from luftpegel_tools.town.lora_coverage import LoRaCoverage
from luftpegel_tools.town.station import TownStation
from luftpegel_tools.virtual_board.chips.lora_chip import LoRaChip
from luftpegel_tools.virtual_time.clock import VirtualClock

_JOIN_ACCEPT, _DATA_DOWN, _CONFIRMED_DOWN = 1, 3, 5
_SHORTEST_DATA = 12
_ACK = 0x20
_OPTIONS_LENGTH = 0x0F


@dataclass(frozen=True)
class Happening:
    """Something that happened at a time (Unix seconds), to a station if it names one."""

    time: float
    what: str
    station: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


class Sniffer:
    """Tells join-request, join-accept, uplink and downlink of the stations that are covered."""

    def __init__(
        self,
        clock: VirtualClock,
        coverage: LoRaCoverage,
        stations: Sequence[TownStation],
        tell: Callable[[Happening], None],
    ) -> None:
        self._clock = clock
        self._tell = tell
        self._stations = {id(station.radio): station for station in stations}
        self._gateways = {id(gateway): gateway.site.gateway_id for gateway in coverage.gateways}
        self._addresses: dict[int, str] = {}  # station by device address
        coverage.air.observers.append(self._observe)

    def _observe(self, frame: Frame) -> None:
        station = self._stations.get(id(frame.sender))
        if station is not None:
            self._up(station, frame)
        elif id(frame.sender) in self._gateways:
            # the station's own radio learns at the frame's end, too: ask it afterwards
            self._clock.call_later(1, self._down, frame)

    def _up(self, station: TownStation, frame: Frame) -> None:
        link = station.link
        said = frames.parse_uplink(frame.payload)
        details = _tuning(frame) | {"lost": isinstance(link, LoRaLink) and link.is_lost}
        if isinstance(said, frames.JoinRequest):
            self._say("join-request", station.identity.id, {"dev_nonce": said.dev_nonce} | details)
            return
        self._addresses[said.dev_addr] = station.identity.id
        known = {
            "f_cnt": said.f_cnt,
            "f_port": said.f_port,
            "bytes": len(said.encrypted),
            "confirmed": said.confirmed,
            "ack": said.ack,
        }
        self._say("uplink", station.identity.id, known | details)

    def _down(self, frame: Frame) -> None:
        receiver = next((one for one in self._stations.values() if _received(one, frame)), None)
        name = None if receiver is None else receiver.identity.id
        details = _tuning(frame) | {"gateway": self._gateways[id(frame.sender)], "lost": name is None}
        kind = frame.payload[0] >> 5
        if kind == _JOIN_ACCEPT:
            self._say("join-accept", name, details)
        elif kind in {_DATA_DOWN, _CONFIRMED_DOWN} and len(frame.payload) >= _SHORTEST_DATA:
            known = _read_down(frame.payload) | {"confirmed": kind == _CONFIRMED_DOWN}
            address = int.from_bytes(frame.payload[1:5], "little")
            self._say("downlink", name or self._addresses.get(address), known | details)

    def _say(self, what: str, station: str | None, details: dict[str, Any]) -> None:
        self._tell(Happening(self._clock.utc(), what, station, details))


def _received(station: TownStation, frame: Frame) -> bool:
    radio = station.radio
    return isinstance(radio, LoRaChip) and bool(radio.heard) and radio.heard[-1] == frame.payload


def _tuning(frame: Frame) -> dict[str, Any]:
    return {"frequency_hz": frame.tuning.frequency_hz, "sf": frame.tuning.sf}


def _read_down(payload: bytes) -> dict[str, Any]:
    """The clear part of a data frame for a device (TS001, section 4.3)."""
    options_end = 8 + (payload[5] & _OPTIONS_LENGTH)
    rest = payload[options_end:-4]
    return {
        "f_cnt": int.from_bytes(payload[6:8], "little"),
        "f_port": rest[0] if rest else None,
        "bytes": max(0, len(rest) - 1),
        "ack": bool(payload[5] & _ACK),
    }
