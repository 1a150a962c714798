"""The simulated SX1276 alone: registers as the data sheet and its errata note have them, without a driver."""

import pytest

from luftpegel_tools.air.airtime import lora_airtime_us
from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.virtual_board.chips.sx1276 import RX_CONTINUOUS, SLEEP, STANDBY, SX1276, TX
from luftpegel_tools.virtual_time.clock import VirtualClock

CHANNEL = "86 D90666"  # 868.1 MHz
CALIBRATED = ("81 01", CHANNEL, "BB 42")
LORA = ("81 00", "81 80", "81 81", "B9 34")
LISTENS_WELL = ("B1 43", "AF 40 00")
READY_US, CALIBRATION_US = 5000, 10_000


class Host:
    """Bytes to the chip and back."""

    board = None

    def __init__(self):
        self.clock = VirtualClock()
        self.air = SharedAir(self.clock)
        self.frames = []
        self.air.observers.append(self.frames.append)
        self.levels = {}
        self.chip = SX1276(self.air)
        self.chip.clock, self.chip.board = self.clock, self
        self.chip.dio0_pin, self.chip.dio1_pin = "dio0", "dio1"
        self.chip.power(True)

    def set_pin(self, name, level):
        self.levels[name] = level

    def tell(self, *texts):
        """Hex bytes to the chip, one transaction each -> what came back in the last."""
        for text in texts:
            self.chip.select()
            answer = self.chip.transfer(bytes.fromhex(text))
            self.chip.deselect()
        return answer

    def read(self, register, count=1):
        return self.tell(f"{register:02x}" + "00" * count)[1:]

    def reasons(self):
        return [reason for _, reason in self.chip.refusals]

    def flaws(self):
        return [flaw for _, flaw in self.chip.flaws]

    def pass_us(self, us):
        self.clock.run_until(self.clock.now_us + us)

    def send(self, payload, delay_us, *, crc=False, inverted=False, sf=7):
        start_us = self.clock.now_us + delay_us
        end_us = start_us + lora_airtime_us(len(payload), sf, crc=crc)
        self.air.transmit(self, 868_100_000, sf, 125_000, 14, inverted, crc, payload, start_us, end_us)
        return end_us


@pytest.fixture
def host():
    host = Host()
    host.pass_us(READY_US)
    return host


@pytest.fixture
def ready(host):
    host.tell(*CALIBRATED)
    host.pass_us(CALIBRATION_US)
    host.tell(*LORA, *LISTENS_WELL, "8F 00", "8E 00")
    assert host.reasons() == []
    return host


def test_before_it_has_started_it_is_deaf():
    host = Host()
    host.tell("81 00")
    assert host.read(0x42) == b"\0"
    assert host.reasons() == ["access before it has started"] * 2


def test_version_and_reset_values(host):
    assert (host.read(0x42), host.read(0x01), host.read(0x06, 3)) == (b"\x12", b"\x09", b"\x6c\x80\x00")


def test_reset_makes_everything_forgotten(ready):
    ready.chip.hold_reset()
    assert ready.read(0x42) == b"\0"
    ready.chip.release_reset()
    ready.pass_us(READY_US)
    assert (ready.read(0x01), ready.read(0x39)) == (b"\x09", b"\x12")


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (("81 01",), "LongRangeMode changes in sleep only"),
        (("C2 00",), "register 42 is read-only"),
        (("A8 00",), "register 28 is reserved"),
        (("81 80", "80 00"), "register 00 is the FIFO, in sleep"),
        (("81 83", "89 FF"), "register 09 in mode 3"),
        (("81 86", "89 FF"), "register 09 in mode 6"),
        (("81 80", "81 01", "81 03"), "mode 3 with RegOpMode 03 at 868100000 Hz"),
        (("86 C80000", "81 83"), "mode 3 with RegOpMode 83 at 800000000 Hz"),
        (("9F 03", "81 86"), "time-out of 3 symbols"),
        (("9D 02 60", "81 83"), "modulation 0260"),
    ],
)
def test_what_the_data_sheet_forbids_is_refused(ready, texts, reason):
    ready.tell(*texts)
    assert ready.reasons() == [reason]


def test_lora_registers_are_not_there_in_fsk_mode(host):
    host.tell("9D 72")
    assert host.reasons() == ["register 1d is a LoRa register, in FSK mode"]


def test_no_fifo_in_sleep(ready):
    ready.tell("80 CAFE", "81 80")
    ready.read(0x00, 2)
    assert ready.reasons() == ["FIFO in sleep"] * 2
    ready.tell("81 81", "8D 00")
    assert ready.read(0x00, 2) == b"\0\0"


def transmit(ready, payload=b"\xca\xfe"):
    ready.tell("8D 00 00", "80" + payload.hex(), f"A2 {len(payload):02x}", "C0 40", "81 83")


def test_sending(ready):
    told_us = ready.clock.now_us
    transmit(ready)
    assert ready.chip.mode == TX
    ready.clock.run(lambda: ready.levels["dio0"] == 1)
    (frame,) = ready.frames
    assert (frame.payload, frame.crc, frame.power_dbm) == (b"\xca\xfe", False, 13)  # reset value: RFO
    assert ready.clock.now_us == frame.end_us == told_us + 250 + lora_airtime_us(2, 7, crc=False)
    assert (ready.read(0x12), ready.chip.mode) == (b"\x08", STANDBY)
    ready.tell("92 08")
    assert (ready.levels["dio0"], ready.read(0x12)) == (0, b"\0")


@pytest.mark.parametrize(
    ("config", "dac", "limit", "dbm"),
    [
        ("80", "84", "2B", 2),
        ("8F", "84", "2B", 17),
        ("8F", "87", "31", 20),
        ("7E", "84", "2B", 14),
        ("95", "84", "2B", 7),
    ],
)
def test_power(ready, config, dac, limit, dbm):
    ready.tell(f"89 {config}", f"CD {dac}", f"8B {limit}")
    transmit(ready)
    ready.pass_us(100_000)
    assert (ready.frames[0].power_dbm, ready.flaws()) == (dbm, [])


def test_too_low_a_current_limit_is_noted(ready):
    ready.tell("89 8F", "CD 87", "8B 2B")
    transmit(ready)
    assert ready.flaws() == ["over-current protection cuts the power"]


@pytest.mark.parametrize(("iq", "inverted"), [("27", False), ("26", True), ("67", False)])
def test_iq_of_the_transmitter(ready, iq, inverted):
    ready.tell(f"B3 {iq}", "BB 19" if inverted else "BB 1D")
    transmit(ready)
    ready.pass_us(100_000)
    assert (ready.frames[0].tuning.inverted, ready.flaws()) == (inverted, [])


def test_listening_once(ready):
    ready.tell("81 86")
    end_us = ready.send(b"downlink", 20_000)
    ready.clock.run(lambda: ready.levels["dio0"] == 1)
    assert (ready.clock.now_us, ready.chip.mode, ready.flaws()) == (end_us, STANDBY, [])
    assert ready.read(0x12) == b"\x50"
    start, count = ready.read(0x10)[0], ready.read(0x13)[0]
    ready.tell(f"8D {start:02x}")
    assert ready.read(0x00, count) == b"downlink"
    assert ready.read(0x19, 2) == bytes([32, 77])
    assert ready.read(0x1C)[0] & 0x40 == 0


def test_silence(ready):
    told_us = ready.clock.now_us
    ready.tell("9E 70 28", "81 86")  # 40 symbols
    ready.clock.run(lambda: ready.levels["dio1"] == 1)
    assert ready.clock.now_us == told_us + 250 + 40 * 1024
    assert (ready.read(0x12), ready.chip.mode) == (b"\x80", STANDBY)


def test_listening_for_ever(ready):
    ready.tell("81 85")
    for payload in (b"one", b"two"):
        ready.send(payload, 500_000)
        ready.pass_us(700_000)
    assert (list(ready.chip.heard), ready.chip.mode) == ([b"one", b"two"], RX_CONTINUOUS)


def test_a_broken_payload_crc_and_a_broken_header(ready):
    ready.chip.faults.add("checksum")
    ready.tell("81 86")
    ready.send(b"broken", 20_000, crc=True)
    ready.pass_us(200_000)
    assert ready.read(0x12) == b"\x70"
    ready.chip.faults.add("header")
    ready.tell("92 FF", "81 86")
    ready.send(b"broken", 20_000)
    ready.pass_us(200_000)
    assert ready.read(0x12) == b"\0"


@pytest.mark.parametrize(
    ("texts", "flaw"),
    [
        (("B1 C3",), "errata 2.3: spurious reception"),
        (("AF 20",), "errata 2.3: spurious reception"),
        (("9D 92",), "errata 2.1: sensitivity at 500 kHz"),
        (("B6 02",), "errata 2.1: sensitivity at 500 kHz"),
        (
            ("81 89", "86 6C8000", "81 81"),
            "LowFrequencyModeOn: the errata's registers are those of the other band",
        ),
        (("B3 67",), "RegInvertIQ2 does not fit RegInvertIQ"),
    ],
)
def test_errata_left_untreated_are_noted(ready, texts, flaw):
    ready.tell(*texts, "81 86")
    assert flaw in ready.flaws()


def test_images_calibrated_elsewhere_are_noted(host):
    host.tell(*LORA, *LISTENS_WELL, CHANNEL, "81 86")
    assert host.flaws() == ["images are calibrated for another band"]


def test_the_wrong_iq_register_spoils_long_frames(ready):
    ready.tell("B3 67", "81 86")
    ready.send(bytes(60), 20_000, inverted=True)
    ready.pass_us(300_000)
    assert len(ready.chip.heard[0]) == 60
    assert ready.chip.heard[0] != bytes(60)


def test_calibration_takes_its_time_and_may_fail(host):
    host.tell(*CALIBRATED)
    assert host.read(0x3B)[0] & 0x20
    host.pass_us(CALIBRATION_US)
    assert not host.read(0x3B)[0] & 0x20
    host.chip.faults.add("calibration")
    assert host.read(0x3B)[0] & 0x20


def test_sleep_keeps_the_registers(ready):
    ready.tell("81 80")
    ready.pass_us(1_000_000)
    assert (ready.chip.mode, ready.read(0x39)) == (SLEEP, b"\x34")
