"""A model device and the network server's core with ideal air between them."""

import random

from model_device import ModelDevice

from luftpegel_tools.network_server.lorawan import Arrival, Heard, Identity, Joined, NetworkServer, Plan

APP_KEY = bytes.fromhex("98929b92c49edba9676d646d3b612456")
DEV_EUI = bytes.fromhex("70b3d57ed0050001")
JOIN_EUI = bytes.fromhex("70b3d57ed0050000")


class Air:
    """One model device and the network server, with nothing lost unless a test says so."""

    DEV_EUI = DEV_EUI

    def __init__(self, **plan):
        self.identity = Identity(DEV_EUI, APP_KEY, JOIN_EUI)
        self.known = {DEV_EUI: self.identity}
        self.server = NetworkServer(self.known.get, random.Random(7), Plan(**plan))
        self.device = ModelDevice(DEV_EUI, JOIN_EUI, APP_KEY)
        self.frequency_hz, self.data_rate, self.gps_us = 868_100_000, 0, 1_400_000_000_000_000

    def arrival(self, phy_payload, **facts):
        given = {
            "frequency_hz": self.frequency_hz,
            "data_rate": self.data_rate,
            "gps_us": self.gps_us,
            "snr": -5.0,
        }
        return Arrival(phy_payload, **(given | facts))

    def receive(self, phy_payload, **facts):
        return self.server.receive(self.arrival(phy_payload, **facts))

    def join(self):
        joined = self.receive(self.device.join_request())
        assert isinstance(joined, Joined), joined
        self.device.join_accept(joined.accept.phy_payload)
        return joined

    def uplink(self, payload=b"\x01", f_port=1, air=None, **fields):
        heard = self.receive(self.device.uplink(payload, f_port, **fields), **(air or {}))
        assert isinstance(heard, Heard), heard
        return heard

    def exchange(self, payload=b"\x01", f_port=1, air=None, answer=None, **fields):
        """An uplink and whatever is answered; gives (heard, downlink as the device reads it or None)."""
        heard = self.uplink(payload, f_port, air, **fields)
        downlink = self.server.answer(heard, **(answer or {}))
        return heard, downlink and self.device.downlink(downlink.phy_payload)

    @property
    def session(self):
        return self.server.session(DEV_EUI)


def joined(**plan):
    """A world whose device has joined; it is not steered unless asked."""
    air = Air(**({"adr": False} | plan))
    air.join()
    return air
