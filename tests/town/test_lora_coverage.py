"""Frames of several stations at once: gateways hear what is alone, or much louder than the rest."""

import pytest

from luftpegel_tools.air.lora_link import LoRaLink
from luftpegel_tools.air.modem_link import GatewaySite
from luftpegel_tools.town.lora_coverage import CAPTURE_DB, LoRaCoverage
from luftpegel_tools.virtual_time.clock import VirtualClock

CHANNEL, LENGTH_US = 868_100_000, 70_000
UPLINK = bytes([0x40]) + bytes(20)


class Scene:
    """Two stations and two gateways; `levels`: of each station, its dBm at each gateway."""

    def __init__(self, *levels):
        self.clock = VirtualClock()
        reached = [
            [GatewaySite(f"0016c001f150000{n}", rssi, 5.0) for n, rssi in enumerate(each)] for each in levels
        ]
        self.links = [LoRaLink(sites, seed=str(n)) for n, sites in enumerate(reached)]
        self.coverage = LoRaCoverage(self.clock, reached[0], 1)
        self.chips = [self.coverage.chip(link) for link in self.links]
        self.heard = [[] for _ in self.coverage.gateways]
        self.coverage.air.observers.append(self.listen)

    def listen(self, frame):
        for heard, gateway in zip(self.heard, self.coverage.gateways, strict=True):
            if gateway.hear(frame) is not None:
                heard.append(self.chips.index(frame.sender))

    def send(self, station, after_us=0, frequency_hz=CHANNEL, sf=7):
        self.clock.call_at(after_us, self._send, station, frequency_hz, sf)

    def _send(self, station, frequency_hz, sf):
        chip, now_us = self.chips[station], self.clock.now_us
        self.coverage.air.transmit(
            chip, frequency_hz, sf, 125_000, 14, False, True, UPLINK, now_us, now_us + LENGTH_US
        )

    def finish(self):
        self.clock.run_until(1_000_000)
        return self.heard


def test_the_louder_of_two_survives_and_only_where_it_is_louder():
    scene = Scene((-80, -110), (-80 - CAPTURE_DB, -100))
    scene.send(0)
    scene.send(1, LENGTH_US // 2)
    assert scene.finish() == [[0], [1]]
    assert [link.tally.uplinks_lost for link in scene.links] == [0, 0]


def test_of_two_that_are_alike_none_survives():
    scene = Scene((-80, -81), (-80, -80))
    scene.send(0)
    scene.send(1, LENGTH_US - 1)
    assert scene.finish() == [[], []]
    assert [link.tally.uplinks_lost for link in scene.links] == [1, 1]


@pytest.mark.parametrize(
    "other", [{"after_us": LENGTH_US}, {"frequency_hz": CHANNEL + 200_000}, {"sf": 8}], ids=str
)
def test_what_differs_in_time_channel_or_spreading_factor_does_not_disturb(other):
    scene = Scene((-80, -80), (-80, -80))
    scene.send(0)
    scene.send(1, **other)
    assert [sorted(heard) for heard in scene.finish()] == [[0, 1], [0, 1]]
