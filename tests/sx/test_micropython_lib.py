"""The adapter for micropython-lib's modems, with a modem that behaves as that package's README says."""

import pytest
from tests.sx.conftest import BAND_HZ, CAP_DBM, CHANNEL_HZ, BoardTime

from lora_radio import PROTOCOL, SILENT, RadioError
from lora_radio.micropython_lib import MicropythonLib
from luftpegel_tools.air.airtime import lora_airtime_us
from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.virtual_time.clock import VirtualClock

KEYS = {
    "freq_khz", "sf", "bw", "coding_rate", "crc_en", "syncword", "output_power", "preamble_len",
    "invert_iq_tx", "invert_iq_rx",
}  # fmt: skip
START_US = 800  # what settings and start of a reception take


class RxPacket(bytearray):
    rssi = -97
    snr = 25  # quarters of a dB


class Modem:
    """Sends by prepare_send, start_send, poll_send until it is a time; receives by start_recv, poll_recv."""

    def __init__(self, clock, air):
        self.clock, self.air = clock, air
        self.settings = {}
        self.powers = []
        self.calls = []
        self.fails = None
        self._sending = self._received = None
        self._until_us = None

    def configure(self, settings):
        assert settings.keys() <= KEYS
        self.settings |= settings
        self.powers.append(settings["output_power"])
        if self.fails:
            raise self.fails

    def _where(self, side):
        at = self.settings
        return (
            at["freq_khz"] * 1000,
            at["sf"],
            int(at["bw"]) * 1000,
            *((at["output_power"],) if side == "tx" else ()),
            at.get(f"invert_iq_{side}", False),
        )

    def prepare_send(self, packet):
        self._packet = bytes(packet)

    def start_send(self):
        at = self.settings
        end_us = self.clock.now_us + lora_airtime_us(len(self._packet), at["sf"], crc=at["crc_en"])
        where = self._where("tx")
        self.air.transmit(
            self, *where, at["crc_en"], self._packet, self.clock.now_us, end_us, sync_word=at["syncword"]
        )
        self._sending = end_us
        return True

    def poll_send(self):
        if self._sending is None:
            return False
        if self.clock.now_us < self._sending:
            return True
        end_us, self._sending = self._sending, None
        return end_us // 1000

    def start_recv(self, timeout_ms):
        from_us = self.clock.now_us + START_US
        self._received, self._until_us = None, from_us + 1000 * timeout_ms
        self.air.listen(self, *self._where("rx"), from_us, None, sync_word=self.settings["syncword"])

    def hear(self, payload, rssi, snr, start_us, end_us, *, crc, preamble):
        self._until_us = end_us
        self._received = RxPacket(payload)

    def poll_recv(self):
        if self._until_us is None:
            return False
        if self.clock.now_us < self._until_us:
            return True
        self._until_us = None
        return self._received or False

    def standby(self):
        self.calls.append("standby")
        self.air.stop(self)
        self._sending = self._until_us = None

    def sleep(self):
        self.calls.append("sleep")

    def calibrate_image(self):
        self.calls.append(("calibrate_image", self.settings["freq_khz"]))


class Bench:
    def __init__(self):
        self.clock = VirtualClock()
        self.time = BoardTime(self.clock)
        self.air = SharedAir(self.clock)
        self.frames = []
        self.air.observers.append(self.frames.append)
        self.modem = Modem(self.clock, self.air)
        self.phy = MicropythonLib(self.modem, CAP_DBM, BAND_HZ, clock=self.time)
        self.phy.begin()

    def transmit(self, payload=b"uplink", frequency_hz=CHANNEL_HZ, power_dbm=14, **changes):
        self.phy.transmit(frequency_hz, 7, 125_000, power_dbm, payload, **changes)
        ticks = self.phy.transmitted()
        return self.frames[-1], ticks

    def receive(self, timeout_us):
        self.phy.prepare_receive(CHANNEL_HZ, 7, 125_000, timeout_us)
        self.phy.receive()
        while (outcome := self.phy.received()) is None:
            self.time.sleep_ms(1)
        return outcome

    def send(self, payload, delay_us):
        start_us = self.clock.now_us + delay_us
        end_us = start_us + lora_airtime_us(len(payload), 7, crc=False)
        self.air.transmit(self, CHANNEL_HZ, 7, 125_000, 14, True, False, payload, start_us, end_us)
        return end_us


@pytest.fixture
def bench():
    return Bench()


def test_begin_calibrates_for_the_band(bench):
    assert bench.modem.calls[-1] == ("calibrate_image", 866_500)


@pytest.mark.parametrize(("asked", "sent"), [(20, 14), (14, 14), (3, 3)])
def test_sending_with_no_more_than_the_cap(bench, asked, sent):
    frame, ticks = bench.transmit(power_dbm=asked)
    assert (frame.payload, frame.power_dbm, frame.tuning.sync_word) == (b"uplink", sent, 0x34)
    assert 0 <= ticks - frame.end_us < 100
    assert max(bench.modem.powers) <= CAP_DBM


def test_power_goes_with_each_setting_and_never_above_the_cap(bench):
    for power_dbm in (20, 5, 22):
        bench.transmit(power_dbm=power_dbm)
        bench.receive(20_000)
    assert max(bench.modem.powers) == CAP_DBM


def test_receiving(bench):
    end_us = bench.send(b"downlink", 30_000)
    packet = bench.receive(60_000)
    assert (packet.payload, packet.rssi, packet.snr_tenths) == (b"downlink", -97, 62)
    assert 0 <= packet.done_ticks_us - end_us < 1200


def test_a_long_frame_that_begins_late_is_waited_for(bench):
    bench.send(bytes(255), 62_000)
    assert bench.receive(70_000).payload == bytes(255)


def test_silence(bench):
    assert bench.receive(30_000) is False
    assert bench.phy.timeouts == 1


def test_a_frequency_outside_the_band_or_between_kilohertz(bench):
    for frequency_hz, words in ((862_000_000, "outside the band"), (868_100_500, "whole kHz")):
        with pytest.raises(RadioError) as failure:
            bench.transmit(frequency_hz=frequency_hz)
        assert words in str(failure.value)


@pytest.mark.parametrize(
    "error", [RuntimeError("BUSY timeout"), ValueError("sf"), KeyError("lna"), OSError(5)]
)
def test_whatever_the_modem_raises_becomes_a_radio_error(bench, error):
    bench.modem.fails = error
    with pytest.raises(RadioError) as failure:
        bench.transmit()
    assert failure.value.kind == PROTOCOL


def test_a_modem_that_does_not_end_a_frame(bench):
    bench.modem.poll_send = lambda: True
    with pytest.raises(RadioError) as failure:
        bench.transmit()
    assert failure.value.kind == SILENT


def test_sleep_and_wake(bench):
    bench.phy.sleep()
    assert bench.modem.calls[-1] == "sleep"
    bench.phy.wake()
    assert bench.transmit()[0].payload == b"uplink"
