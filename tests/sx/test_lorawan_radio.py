"""The radio made of chip and MAC, under CPython: its windows bear a clock that is wrong, and follow it."""

import pytest
from tests.sx.conftest import BAND_HZ, CAP_DBM, RX2_HZ

from lora_radio import NO_CHANNEL, NOT_JOINED, TOO_LONG, RadioError
from lora_radio.lorawan_radio import MARGIN_US, LorawanRadio
from lorawan import DEVICE_TIME
from luftpegel_tools.air.modem_messages import Downlink, JoinAccept
from luftpegel_tools.desk import cryptolib
from luftpegel_tools.network_server.lone_gateway import UNIX_GPS_S, LoneGateway
from luftpegel_tools.network_server.lorawan import Identity

IDENTITY = Identity(bytes(range(8)), app_key=bytes(16), join_eui=bytes(8))


class Memory:
    radio = b""

    def keep_radio(self, data):
        self.radio = bytes(data)


class Storage(dict):
    def read(self, name):
        return self.get(name, 0)

    def write(self, name, value):
        self[name] = value


class Network:
    """Answers each uplink on port 9."""

    def __init__(self):
        self.uplinks = []

    def join(self, request):
        return JoinAccept(0)

    def uplink(self, uplink):
        self.uplinks.append(uplink)
        return Downlink(9, b"down", acknowledges=False)


class Site:
    def __init__(self, bench):
        self.bench, self.network = bench, Network()
        self.gateway = LoneGateway(bench.clock, bench.air, self.network, IDENTITY)
        self.memory, self.storage = Memory(), Storage()
        self.opened = []
        self.radio = self.boot()

    def boot(self, data_rate=5):
        radio = LorawanRadio(
            self.open_phy,
            self.storage,
            self.memory,
            lambda: self.bench.clock.now_us // 1000,
            clock=self.bench.time,
        )
        radio.configure("EU868", IDENTITY.dev_eui, IDENTITY.join_eui, IDENTITY.app_key, data_rate, False)
        return radio

    def open_phy(self, most, band):
        self.opened.append((most, band))
        return self.bench.phy

    def sleep_s(self, seconds):
        self.bench.time.spend(seconds * 1_000_000)


@pytest.fixture
def site(sx1262):
    cryptolib.install()
    return Site(sx1262)


def test_the_cap_of_the_region_is_handed_to_the_chip(site):
    assert site.opened == [(CAP_DBM, BAND_HZ)]


@pytest.mark.parametrize("window", [0, 1])
@pytest.mark.parametrize("data_rate", range(6))
@pytest.mark.parametrize("late_us", [-MARGIN_US, 0, MARGIN_US])
def test_downlinks_are_heard_with_any_error_within_the_margin(site, window, data_rate, late_us):
    assert site.radio.join()
    radio = site.boot(data_rate)
    site.gateway.answers_in, site.gateway.late_us = window, late_us
    (received,) = radio.send(1, b"up")
    assert (received.port, received.payload, received.rssi, received.snr) == (9, b"down", -97, 62)
    assert site.network.uplinks[0].data_rate == data_rate


@pytest.mark.parametrize("late_us", [-50_000, 50_000])
def test_a_join_bears_more(site, late_us):
    site.gateway.late_us = late_us
    assert site.radio.join()


def test_a_steady_error_is_learnt_and_remembered(site):
    assert site.radio.join()
    site.gateway.late_us = 8_000
    for _ in range(20):
        assert site.radio.send(1, b"up")
        site.sleep_s(60)
    site.radio.sleep()
    again = site.boot()
    assert again.joined()
    assert again.rx_offset_us == pytest.approx(8_000, abs=1_500)
    site.gateway.late_us = 8_000 + MARGIN_US - 2_000
    assert again.send(1, b"up")


def test_the_network_tells_the_time(site):
    assert site.radio.join()
    assert site.radio.network_time() is None
    site.radio.send(1, b"up")
    true = site.bench.clock.epoch + site.bench.clock.now_us / 1e6
    assert site.radio.network_time() == pytest.approx(true, abs=1)
    assert true > UNIX_GPS_S


def test_the_time_is_asked_for_once(site, monkeypatch):
    asked = []
    request = site.radio._mac.request_time if site.radio._mac else None
    assert request is not None
    monkeypatch.setattr(site.radio._mac, "request_time", lambda: asked.append(1) or request())
    assert site.radio.join()
    site.radio.network_time()
    site.radio.send(1, b"up")
    assert site.radio.network_time(False)
    assert len(asked) == 1
    assert site.radio._mac._requests == b""


@pytest.mark.parametrize("gps_s", [0, 1_000_000_000, 4_000_000_000])
def test_a_time_that_cannot_be_is_no_time(site, monkeypatch, gps_s):
    assert site.radio.join()
    site.radio.network_time()
    received = site.radio._mac.received

    def lied(packet, now):
        return [(event[0], gps_s, 0) if event[0] == DEVICE_TIME else event for event in received(packet, now)]

    monkeypatch.setattr(site.radio._mac, "received", lied)
    site.radio.send(1, b"up")
    assert site.radio.network_time() is None


@pytest.mark.parametrize(
    ("millivolts", "level"), [(0, 255), (2900, 1), (3000, 1), (3600, 127), (4200, 254), (4300, 254)]
)
def test_the_network_may_ask_for_the_battery(site, millivolts, level):
    site.radio.battery_mv = millivolts
    site.radio.configure("EU868", IDENTITY.dev_eui, bytes(8), IDENTITY.app_key, 5, False)
    assert site.radio._mac.battery == level


def test_a_network_that_counts_its_joins_from_the_start_is_told_from_silence(site):
    assert site.radio.behind == 0
    site.storage["join_nonce"] = 5
    assert not site.radio.join()
    assert 0 < site.radio.behind <= 5
    site.sleep_s(60)
    while not site.radio.join():
        site.sleep_s(60)
    assert site.radio.behind == 0


def test_off_puts_a_chip_to_sleep_that_nobody_has_configured(site):
    bare = LorawanRadio(site.open_phy, site.storage, site.memory, lambda: 0, clock=site.bench.time)
    bare.off("EU868")
    assert site.bench.chip.log[-1][1][0] == 0x84  # SetSleep


def test_confirmed_frames_tell_whether_they_were_acknowledged(site):
    assert site.radio.join()
    site.radio.send(1, b"up", confirmed=True)
    assert site.radio.acknowledged
    site.radio.send(1, b"up")
    assert not site.radio.acknowledged


def test_errors_are_those_of_the_interface(site):
    with pytest.raises(RadioError) as not_joined:
        site.radio.send(1, b"up")
    assert not_joined.value.kind == NOT_JOINED
    assert str(not_joined.value) == "LP-233 not joined"
    assert site.radio.join()
    with pytest.raises(RadioError) as too_long:
        site.radio.send(1, bytes(243))
    assert too_long.value.kind == TOO_LONG
    slow = site.boot(data_rate=0)
    send_all = [slow.send] * 100
    with pytest.raises(RadioError) as no_channel:
        [send(1, bytes(51)) for send in send_all]
    assert no_channel.value.kind == NO_CHANNEL
    assert no_channel.value.wait_ms > 10_000


def behind_the_next_uplink(site, delay_us, act):
    """Does something so long behind the end of the next frame of the device."""
    uplinks = []

    def after(frame):
        if not frame.tuning.inverted and not uplinks:
            uplinks.append(frame)
            site.bench.clock.call_later(delay_us, act, frame.tuning)

    site.bench.air.observers.append(after)


def foreign(site, delay_us, payload=b"\x60for somebody else", **where):
    """Lets a downlink of somebody else come so long behind the next uplink, in RX1 if not told otherwise."""

    def send(at):
        site.bench.send(payload, **{"sf": at.sf, "frequency_hz": at.frequency_hz, **where})

    behind_the_next_uplink(site, delay_us, send)


def test_a_window_goes_on_behind_a_frame_for_somebody_else(site):
    assert site.radio.join()
    foreign(site, 981_000, b"\x60")
    site.gateway.late_us = 19_500
    (received,) = site.radio.send(1, b"up")
    assert received.payload == b"down"
    assert len(site.bench.chip.heard) == 3  # the join accept, somebody else's, ours


def test_so_does_that_of_a_join(site):
    foreign(site, 4_960_000)
    site.gateway.late_us = 49_000
    assert site.radio.join()
    assert len(site.bench.chip.heard) == 2


def test_a_frame_that_arrives_broken_does_not_close_a_window(site):
    assert site.radio.join()
    foreign(site, 981_000, b"\x60")
    behind_the_next_uplink(site, 900_000, lambda _: site.bench.chip.faults.add("header"))
    behind_the_next_uplink(site, 1_000_000, lambda _: site.bench.chip.faults.clear())
    site.gateway.late_us = 19_500
    (received,) = site.radio.send(1, b"up")
    assert received.payload == b"down"
    assert site.bench.counters() == (0, 1, 0)


def test_frames_for_somebody_else_do_not_keep_it_for_long(site):
    assert site.radio.join()
    foreign(site, 990_000)
    foreign(site, 1_990_000, sf=12, frequency_hz=RX2_HZ)
    site.network.uplink = lambda _: None
    started_us = site.bench.clock.now_us
    assert site.radio.send(1, b"up") == []
    assert site.bench.clock.now_us - started_us < 4_000_000
    assert len(site.bench.chip.heard) == 3


def test_a_window_that_is_over_is_not_opened(site):
    assert site.radio.join()
    site.radio = site.boot(data_rate=0)
    foreign(site, 990_000, bytes(51))
    site.network.uplink = lambda _: None
    site.bench.chip.log.clear()
    assert site.radio.send(1, b"up") == []
    assert [data[0] for _, data in site.bench.chip.log].count(0x82) == 1  # SetRx


def test_what_it_learns_is_not_an_end_that_it_noticed_late(site):
    assert site.radio.join()
    before = site.radio.rx_offset_us
    received = site.bench.phy.received

    def late():
        packet = received()
        if packet:
            packet.done_ticks_us += 100_000
        return packet

    site.bench.phy.received = late
    assert site.radio.send(1, b"up")
    assert site.radio.rx_offset_us == before
