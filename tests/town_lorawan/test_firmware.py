"""The firmware's MAC against this network server, which shares no code with it, through long random lives.

Frames get lost both ways. Whatever is heard must be understood, and both ends must agree on every window.
"""

import random
import types
from pathlib import Path

import pytest
from model_air import APP_KEY, DEV_EUI, JOIN_EUI

from luftpegel_tools.desk import cryptolib
from luftpegel_tools.network_server.lorawan import (
    Arrival,
    Heard,
    Identity,
    Joined,
    NetworkServer,
    Payload,
    Plan,
)
from luftpegel_tools.network_server.lorawan.commands import (
    DevStatusReq,
    DlChannelReq,
    DutyCycleReq,
    LinkAdrReq,
    NewChannelReq,
    Raw,
    RxParamSetupReq,
    RxTimingSetupReq,
    TxParamSetupReq,
)
from luftpegel_tools.network_server.lorawan.region import EU868


@pytest.fixture
def firmware(monkeypatch):
    """The firmware's packages, importable as on a board."""
    cryptolib.install()
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "firmware" / "lib"))
    import lorawan.mac  # noqa: PLC0415
    import lorawan.regions.eu868  # noqa: PLC0415

    return lorawan


class Storage(dict):
    def read(self, name):
        return self.get(name, 0)

    def write(self, name, value):
        self[name] = value


def request(dice):
    """A MAC command, in one of four cases one that nobody may agree to."""
    bad = dice.random() < 0.25
    index = dice.randrange(8, 16)
    extra = 865_100_000 + 200_000 * (index - 8)  # of its own: a network tells channels by their frequency
    return dice.choice(
        [
            lambda: RxParamSetupReq(7 if bad else dice.randrange(6), dice.choice([0, 3, 5]), 869_525_000),
            lambda: RxParamSetupReq(0, 15 if bad else dice.randrange(6), 900_000_000 if bad else 869_525_000),
            lambda: RxTimingSetupReq(dice.randrange(16)),
            lambda: DlChannelReq(
                dice.choice([15 if bad else 0, 1, 2]), dice.choice([868_100_000, 868_300_000, 868_500_000])
            ),
            lambda: NewChannelReq(0 if bad else index, extra),
            lambda: LinkAdrReq(15 if bad else dice.randrange(6), dice.randrange(8), 0 if bad else 0xFF, 1),
            lambda: LinkAdrReq(dice.randrange(6), 0, 0xFF, dice.randrange(1, 4)),
            lambda: DutyCycleReq(0),
            DevStatusReq,
            lambda: TxParamSetupReq(5),
            lambda: Raw(bytes([0x80 + dice.randrange(64), 1, 2])),
        ]
    )()


class Life:
    def __init__(self, firmware, seed, loss, **plan):
        self.dice = random.Random(seed)
        self.loss = loss
        self.firmware = firmware
        known = {DEV_EUI: Identity(DEV_EUI, APP_KEY, JOIN_EUI)}
        self.core = NetworkServer(known.get, random.Random(seed), Plan(**plan))
        region = firmware.regions.eu868
        self.mac = firmware.mac.Mac(region, Storage(), self.dice.randrange, DEV_EUI, JOIN_EUI, APP_KEY)
        self.now = 0
        self.heard, self.received = [], []

    def lost(self):
        return self.dice.random() < self.loss

    def join(self):
        """Anew, if need be."""
        joined = False
        while not joined:
            self.now = self.mac.next_join_at(self.now)
            self.fly(self.mac.join_request(self.now), [])
            joined = self.mac.joined

    def send(self, port, payload, confirmed, queue):
        """One frame with all its repetitions; downlinks come from `queue`."""
        self.now = self.mac.next_transmission_at(len(payload), self.now)
        transmission = self.mac.uplink(port, payload, confirmed, self.now)
        while transmission is not None:
            transmission = self.fly(transmission, queue)

    def fly(self, sent, queue):
        self.now = max(self.now, sent.at)
        answer = None if self.lost() else self.hear(sent, queue)
        if answer is not None and not self.lost():
            window = self.dice.choice(answer.windows)
            where = (window.delay_us, window.frequency_hz, *rate(window.data_rate))
            assert where in [tuple(sent.rx1), tuple(sent.rx2)], (where, sent.rx1, sent.rx2)
            packet = types.SimpleNamespace(payload=answer.phy_payload, snr_tenths=50)
            events = self.mac.received(packet, self.now)
            assert events, "the device threw a good downlink away"
            self.received += events
        self.now += 20_000
        return self.mac.windows_closed(self.now)

    def hear(self, sent, queue):
        data_rate = EU868.data_rate_of(sent.sf, sent.bandwidth_hz)
        snr = self.dice.uniform(-15, 10)
        arrival = Arrival(sent.payload, sent.frequency_hz, data_rate, self.now * 1000, snr)
        outcome = self.core.receive(arrival)
        if isinstance(outcome, Joined):
            return outcome.accept
        assert isinstance(outcome, Heard), outcome
        self.heard.append(outcome)
        ours = outcome.session.windows(EU868, arrival.frequency_hz, data_rate)
        windows = [(w.delay_us, w.frequency_hz, *rate(w.data_rate)) for w in ours]
        assert windows == [tuple(sent.rx1), tuple(sent.rx2)]
        room = self.core.room(outcome)
        payload = queue.pop(0) if queue and len(queue[0].data) <= room else None
        return self.core.answer(outcome, payload, more=bool(queue))


def rate(number):
    data_rate = EU868.radio.data_rates[number]
    return data_rate.spreading_factor, data_rate.bandwidth_hz


@pytest.mark.parametrize("seed", range(12))
def test_a_long_random_life(firmware, seed):
    plan = random.Random(seed)
    life = Life(
        firmware,
        seed,
        loss=(0.0, 0.2, 0.5)[seed % 3],
        rx1_delay_s=plan.randrange(1, 16),
        rx1_dr_offset=plan.randrange(6),
        rx2_data_rate=plan.choice([0, 3]),
        adr=seed % 2 == 0,
    )
    life.join()
    told = []
    for number in range(400):
        if life.dice.random() < 0.3:
            life.core.request(DEV_EUI, request(life.dice))
        if life.dice.random() < 0.1:
            life.mac.request_time()
            life.mac.link_check()
        payload = number.to_bytes(2, "big") + life.dice.randbytes(life.dice.randrange(20))
        down = Payload(life.dice.randrange(1, 200), life.dice.randbytes(10), life.dice.random() < 0.3)
        queue = [down] if life.dice.random() < 0.3 else []
        port, confirmed = life.dice.randrange(1, 200), life.dice.random() < 0.3
        told.append((port, payload))
        life.send(port, payload, confirmed, queue)
        if life.dice.random() < 0.01:
            life.join()

    fresh = [(heard.f_port, heard.data) for heard in life.heard if not heard.repeated]
    assert all(one in told for one in fresh)
    assert len(fresh) == len(set(fresh))
    if life.loss == 0:
        assert fresh == told
