"""The simulated SX1262 alone: bytes in, bytes out, as the data sheet DS_SX1261-2 has it, without driver."""

import pytest

from luftpegel_tools.air.airtime import lora_airtime_us
from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.virtual_board.chips.sx1262 import RX, SLEEP, STDBY_RC, STDBY_XOSC, SX1262, TX
from luftpegel_tools.virtual_time.clock import VirtualClock

CHANNEL = "86 36419999"  # 868.1 MHz
MODULATION = "8B 07 04 01 00"  # SF7, 125 kHz, 4/5
TCXO, CALIBRATE, IMAGE, LORA = "97 02 000140", "89 7F", "98 D7 DB", "8A 01"
PUBLIC, CLAMP, QUALITY = "0D 0740 3444", "0D 08D8 DE", "0D 0889 05"
PREPARED = ("80 00", TCXO, "07 0000", CALIBRATE, IMAGE, "9D 01", LORA, CHANNEL, MODULATION)
TREATED = (PUBLIC, CLAMP, QUALITY, "95 02 02 00 01", "8E 16 04", "08 FFFF FFFF 0000 0000")
ALL_DAY_US = 60_000_000


class Host:
    """Bytes to the chip and back; it waits for BUSY, unless told not to."""

    board = None

    def __init__(self, **options):
        self.clock = VirtualClock()
        self.air = SharedAir(self.clock)
        self.frames = []
        self.air.observers.append(self.frames.append)
        self.levels = {}
        self.chip = SX1262(self.air, **options)
        self.chip.clock, self.chip.board = self.clock, self
        self.chip.busy_pin, self.chip.dio1_pin = "busy", "dio1"
        self.chip.power(True)

    def set_pin(self, name, level):
        self.levels[name] = level

    def wait(self):
        self.clock.run(lambda: not self.levels["busy"])

    def tell(self, text, *, patient=True):
        """Hex bytes to the chip -> what came back."""
        if patient:
            self.wait()
        self.chip.select()
        answer = self.chip.transfer(bytes.fromhex(text))
        self.chip.deselect()
        return answer

    def tell_all(self, *texts):
        for text in texts:
            self.tell(text)

    def irq(self):
        return int.from_bytes(self.tell("12 00 0000")[2:], "big")

    def reasons(self):
        return [reason for _, reason in self.chip.refusals]

    def flaws(self):
        return [flaw for _, flaw in self.chip.flaws]

    def pass_ms(self, ms):
        self.clock.run_until(self.clock.now_us + 1000 * ms)

    def send(self, payload, delay_us, *, crc=False, inverted=False):
        start_us = self.clock.now_us + delay_us
        end_us = start_us + lora_airtime_us(len(payload), 7, crc=crc)
        self.air.transmit(self, 868_100_000, 7, 125_000, 14, inverted, crc, payload, start_us, end_us)
        return end_us


@pytest.fixture
def host():
    return Host()


@pytest.fixture
def ready():
    host = Host()
    host.tell_all(*PREPARED, *TREATED, "8C 0008 00 04 01 00")
    assert host.reasons() == []
    return host


def test_busy_after_power_up_and_the_reset_values(host):
    assert host.levels["busy"] == 1
    host.wait()
    assert host.clock.now_us == 3500
    assert host.tell("1D 0740 00 0000 00")[4:6] == b"\x14\x24"
    assert host.tell("1D 0736 00 00")[4] == 0x0D


def test_a_command_while_busy_is_lost(host):
    host.tell("8A 01", patient=False)
    assert host.reasons() == ["command while BUSY"]
    assert host.tell("11 00 00")[2] == 0


def test_reset_makes_everything_forgotten(ready):
    ready.chip.hold_reset()
    assert ready.levels["busy"] == 1
    assert ready.tell("11 00 00", patient=False) == bytes(3)
    ready.chip.release_reset()
    assert ready.tell("11 00 00")[2] == 0
    assert ready.tell("1D 0740 00 00")[4] == 0x14


def test_status_tells_mode_and_refusal(ready):
    assert ready.tell("C0 00")[1] >> 4 == STDBY_RC
    ready.tell("8E 17 04")
    assert ready.tell("C0 00")[1] >> 1 & 7 == 4


@pytest.mark.parametrize(
    ("before", "command", "reason"),
    [
        ("80 01", CALIBRATE, "Calibrate in mode 3"),
        ("80 01", TCXO, "SetDIO3AsTcxoCtrl in mode 3"),
        ("82 000000", LORA, "SetPacketType in mode 5"),
        ("82 000000", MODULATION, "SetModulationParams in mode 5"),
        ("82 000000", "84 00", "SetSleep in mode 5"),
        ("83 000000", "83 000000", "SetTx in mode 6"),
        ("83 000000", "82 000000", "SetRx in mode 6"),
        ("C0 00", "95 04 08 00 01", "PaConfig 04080001 is not one of table 13-21"),
        ("C0 00", "95 04 07 01 01", "PaConfig 04070101 is not one of table 13-21"),
        ("C0 00", "8E 17 04", "TxParams 1704"),
        ("C0 00", "8E F6 04", "TxParams f604"),
        ("C0 00", "8B 0D 04 01 00", "ModulationParams 0d040100"),
        ("C0 00", "8C 0000 00 04 01 00", "PacketParams 000000040100"),
        ("C0 00", "86 02625A00", "frequency 38146973 Hz"),
        ("C0 00", "80", "SetStandby with 0 bytes"),
        ("C0 00", "97 08 000140", "TCXO voltage 8"),
        ("C0 00", "93 10", "fallback mode 10"),
        ("C0 00", "8A 00", "packet types other than LoRa are not modelled"),
        ("C0 00", "D1", "opcode d1 is not modelled"),
    ],
)
def test_what_the_data_sheet_forbids_is_refused(ready, before, command, reason):
    ready.tell(before)
    ready.tell(command)
    assert ready.reasons() == [reason]


@pytest.mark.parametrize(
    ("left_out", "missing"),
    [
        (TCXO, "calibration"),
        (CALIBRATE, "calibration"),
        (IMAGE, "image calibration for its frequency"),
        (MODULATION, "modulation"),
    ],
)
def test_neither_sending_nor_listening_without_preparation(host, left_out, missing):
    host.tell_all(*[text for text in PREPARED if text != left_out], *TREATED, "8C 0008 00 04 01 00")
    for command, name in (("83 000000", "SetTx"), ("82 000000", "SetRx")):
        host.chip.refusals.clear()
        host.tell(command)
        assert host.reasons() == [f"{name} without {missing}"]
    assert not host.chip.sent


def test_no_modulation_before_the_packet_type(host):
    host.tell(MODULATION)
    assert host.reasons() == ["modulation before SetPacketType"]


def test_no_sending_without_power(host):
    host.tell_all(*PREPARED, PUBLIC, "8C 0008 00 04 01 00", "83 000000")
    assert host.reasons() == ["SetTx without power"]


@pytest.mark.parametrize("wrong", ["97 07 000140", "97 02 000010"])
def test_an_oscillator_with_the_wrong_supply_or_too_little_time(host, wrong):
    host.tell_all("07 0000", wrong, CALIBRATE)
    assert host.tell("17 00 0000")[2:] == b"\x00\x20"


def test_a_board_with_a_crystal_needs_no_tcxo():
    host = Host(tcxo_mv=0)
    assert host.tell("17 00 0000")[2:] == b"\x00\x00"
    host.tell_all(IMAGE, LORA, CHANNEL, MODULATION, *TREATED, "9D 01", "8C 0008 00 04 01 00", "82 000000")
    assert (host.reasons(), host.chip.mode) == ([], RX)


def test_sending(ready):
    ready.tell_all("0E 00 CAFEBABE", "83 000000")
    assert (ready.levels["busy"], ready.chip.mode) == (1, TX)
    told_us = ready.clock.now_us
    ready.wait()
    assert ready.clock.now_us - told_us == 126 + 320 * 125 // 8
    ready.clock.run(lambda: ready.levels["dio1"] == 1)
    (frame,) = ready.frames
    assert (frame.payload, frame.power_dbm, frame.end_us) == (b"\xca\xfe\xba\xbe", 14, ready.clock.now_us)
    assert frame.end_us - frame.start_us == lora_airtime_us(4, 7)
    assert (ready.irq(), ready.chip.mode, ready.flaws()) == (1, STDBY_RC, [])
    ready.tell("02 FFFF")
    assert (ready.levels["dio1"], ready.irq()) == (0, 0)


def test_a_sending_that_lasts_longer_than_its_limit_is_cut_off(ready):
    ready.tell("83 000100")  # 4 ms
    ready.pass_ms(100)
    assert (ready.irq(), ready.chip.mode, ready.frames) == (0x200, STDBY_RC, [])


def test_standby_cuts_a_frame_off(ready):
    ready.tell_all("83 000000", "80 00")
    ready.pass_ms(100)
    assert (ready.irq(), ready.frames) == (0, [])


@pytest.mark.parametrize(
    ("amplifier", "told", "dbm"),
    [("0407", "16", 22), ("0407", "F7", -9), ("0407", "0E", 14), ("0305", "16", 20), ("0203", "16", 17)],
)
def test_power(ready, amplifier, told, dbm):
    ready.tell_all(f"95 {amplifier} 00 01", f"8E {told} 04", "83 000000")
    ready.pass_ms(100)
    assert (ready.frames[0].power_dbm, ready.flaws()) == (dbm, [])


@pytest.mark.parametrize(
    ("untreated", "flaw"),
    [
        ("0D 08D8 C8", "section 15.2: resistance to antenna mismatch"),
        ("0D 0889 01", "section 15.1: modulation quality at 500 kHz"),
        ("0D 08E7 18", "over-current protection cuts the power"),
        ("9D 00", "the antenna is not switched to the transmitter"),
        ("0D 0736 09", "section 15.4: IQ polarity"),
    ],
)
def test_what_the_data_sheet_warns_of_is_noted(ready, untreated, flaw):
    ready.tell_all(untreated, "83 000000")
    assert ready.flaws() == [flaw]


def test_the_amplifiers_settings_renew_the_current_limit(ready):
    ready.tell_all("0D 08E7 18", "95 02 02 00 01")
    assert ready.tell("1D 08E7 00 00")[4] == 0x38


@pytest.mark.parametrize(("length", "whole"), [(24, True), (25, False), (60, False)])
def test_the_wrong_iq_polarity_spoils_long_frames_both_ways(ready, length, whole):
    ready.tell_all(
        "0D 0736 09", f"8C 0008 00 {length:02x} 01 00", f"0E 00 {bytes(length).hex()}", "83 000000"
    )
    ready.pass_ms(200)
    assert (ready.frames[0].payload == bytes(length)) is whole
    ready.tell_all("8C 0008 00 FF 00 01", "0D 0736 0D", "82 000000")
    ready.send(bytes(length), 20_000, inverted=True)
    ready.pass_ms(300)
    assert (list(ready.chip.heard) == [bytes(length)]) is whole


def receive(ready, timeout="000C80", on_preamble="01"):  # 50 ms
    ready.tell_all(f"9F {on_preamble}", "8C 0008 00 FF 00 00", f"82 {timeout}")


def test_listening(ready):
    receive(ready)
    end_us = ready.send(b"downlink", 30_000)
    ready.clock.run(lambda: ready.irq() & 2 != 0)
    assert end_us <= ready.clock.now_us < end_us + 100
    assert ready.irq() == 0x016  # preamble, header, done
    length, start = ready.tell("13 00 0000")[2:]
    assert ready.tell(f"1E {start:02x} 00" + "00" * length)[3:] == b"downlink"
    assert ready.tell("14 00 000000")[2:4] == bytes([160, 32])
    assert ready.chip.mode == STDBY_RC


@pytest.mark.parametrize(("on_preamble", "heard"), [("01", True), ("00", False)])
def test_the_timer_stops_at_the_preamble_or_only_at_the_header(ready, on_preamble, heard):
    receive(ready, on_preamble=on_preamble)
    ready.send(b"late", 5_000 + 44_000)  # 5 symbols fit into what is left of 50 ms, the header does not
    ready.pass_ms(200)
    assert (ready.irq() & 0x202) == (0x002 if heard else 0x200)


def test_silence(ready):
    receive(ready)
    ready.wait()
    listening_us = ready.clock.now_us
    ready.clock.run(lambda: ready.levels["dio1"] == 1)
    assert (ready.irq(), ready.chip.mode) == (0x200, STDBY_RC)
    assert abs(ready.clock.now_us - listening_us - 50_000) < 20


def test_listening_for_ever_hears_two_frames(ready):
    receive(ready, timeout="FFFFFF")
    for payload in (b"one", b"two"):
        ready.send(payload, 20_000)
        ready.pass_ms(100)
    assert (list(ready.chip.heard), ready.chip.mode) == ([b"one", b"two"], RX)


def test_listening_once_without_limit(ready):
    receive(ready, timeout="000000")
    ready.pass_ms(ALL_DAY_US // 1000)
    ready.send(b"late", 20_000)
    ready.pass_ms(100)
    assert (list(ready.chip.heard), ready.chip.mode) == ([b"late"], STDBY_RC)


@pytest.mark.parametrize(("treatment", "irq"), [((), 0x202), (("0D 0902 00", "0D 0944 02"), 0x002)])
def test_without_a_header_the_timer_runs_on_after_the_frame(ready, treatment, irq):
    ready.tell_all("8C 0008 01 08 00 00", "9F 00", "82 004000")  # 262 ms
    ready.send(b"implicit", 20_000)
    ready.pass_ms(100)
    ready.tell_all(*treatment)
    ready.pass_ms(300)
    assert ready.irq() & 0x202 == irq


def test_the_wrong_low_data_rate_setting_spoils_a_frame(ready):
    ready.tell_all("8B 07 04 01 01", "0E 00 CAFEBABE", "83 000000")
    ready.pass_ms(200)
    assert ready.frames[0].payload != b"\xca\xfe\xba\xbe"


def test_a_foreign_sync_word_is_not_heard(ready):
    ready.tell("0D 0740 1424")
    receive(ready)
    ready.send(b"public", 20_000)
    ready.pass_ms(200)
    assert not ready.chip.heard


@pytest.mark.parametrize(("kind", "kept"), [("04", 0x34), ("00", 0x14)])
def test_sleep_and_waking(ready, kind, kept):
    ready.tell(f"84 {kind}")
    assert (ready.chip.mode, ready.levels["busy"]) == (SLEEP, 1)
    ready.tell("C0 00", patient=False)
    assert ready.chip.mode == STDBY_RC
    assert ready.tell("1D 0740 00 00")[4] == kept
    assert ready.reasons() == []


def test_interrupts_outside_the_mask_are_not_seen(ready):
    ready.tell_all("08 0200 0200 0000 0000", "83 000000")
    ready.pass_ms(100)
    assert (ready.irq(), ready.levels["dio1"]) == (0, 0)


def test_standby_with_the_oscillator_makes_the_start_quick(ready):
    ready.tell("80 01")
    ready.wait()
    assert ready.chip.mode == STDBY_XOSC
    told_us = ready.clock.now_us
    ready.tell("82 000000")
    ready.wait()
    assert ready.clock.now_us - told_us == 62


def test_the_buffer_wraps_round(ready):
    ready.tell_all("0E FE 01020304")
    assert ready.tell("1E FE 00 00000000")[3:] == b"\x01\x02\x03\x04"
    assert ready.tell("1E 00 00 0000")[3:] == b"\x03\x04"
