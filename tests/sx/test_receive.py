"""Driver and chip: what is heard, what is not and why, and that nothing waits for ever."""

import pytest
from tests.sx.conftest import CHANNEL_HZ, RX2_HZ, TICKS_MASK

from lora_radio import PROTOCOL, RadioError


@pytest.mark.parametrize("sf", range(7, 13))
@pytest.mark.parametrize("length", [1, 12, 33, 255])
def test_a_downlink_without_crc_is_heard(bench, sf, length):
    bench.transmit()
    payload = bytes(range(256))[-length:]
    _, end_us = bench.send(payload, 20_000, sf=sf)
    packet = bench.receive(300_000, sf=sf)
    assert (packet.payload, packet.rssi, packet.snr_tenths) == (payload, -97, 62)
    assert 0 <= bench.time.ticks_diff(packet.done_ticks_us, end_us & TICKS_MASK) <= 1200
    assert bench.counters() == (0, 0, 0)


@pytest.mark.parametrize("snr", [-20.0, -7.25, -0.25, 0.0, 9.75])
@pytest.mark.parametrize("rssi", [-125, -64, -30])
def test_signal_strength_and_noise(bench, rssi, snr):
    bench.air._signal = lambda *_: (rssi, snr)
    bench.send(b"quiet", 20_000)
    packet = bench.receive(60_000)
    assert abs(packet.rssi - rssi) <= 1
    assert abs(packet.snr_tenths - 10 * snr) <= 0.5


def test_a_frame_after_a_frame_and_a_frame_after_silence(bench):
    for payload in (b"first", b"second", None, b"third"):
        bench.transmit()
        if payload:
            bench.send(payload, 30_000, sf=9, frequency_hz=RX2_HZ)
        packet = bench.receive(90_000, sf=9, frequency_hz=RX2_HZ)
        assert (packet and packet.payload) == (payload or False)
    assert bench.counters() == (1, 0, 0)


def test_silence_ends_with_a_time_out_and_costs_little_more_than_the_window(bench):
    started_us = bench.clock.now_us
    assert bench.receive(50_000) is False
    assert 50_000 <= bench.clock.now_us - started_us <= 65_000
    assert bench.counters() == (1, 0, 0)
    assert bench.phy.received() is False
    assert bench.counters() == (1, 0, 0)


def test_not_receiving_is_not_heard(bench):
    assert bench.phy.received() is False


@pytest.mark.parametrize(
    "other",
    [
        {"sf": 8},
        {"frequency_hz": CHANNEL_HZ + 200_000},
        {"bandwidth_hz": 250_000},
        {"inverted": False},
        {"sync_word": 0x12},
    ],
)
def test_a_frame_of_another_kind_is_not_heard(bench, other):
    bench.send(b"not for us", 20_000, **other)
    assert bench.receive(100_000) is False
    assert bench.counters() == (1, 0, 0)


def test_a_frame_with_a_broken_payload_crc_is_counted_apart(bench):
    bench.chip.faults.add("checksum")
    bench.send(b"uplink of a neighbour", 20_000, crc=True)
    assert bench.receive(60_000) is False
    assert bench.counters() == (0, 0, 1)


def test_a_frame_with_crc_is_heard_when_it_is_right(bench):
    bench.send(b"with crc", 20_000, crc=True)
    assert bench.receive(60_000).payload == b"with crc"
    bench.send(b"with crc", 20_000, crc=True)
    assert bench.receive(60_000, crc=True).payload == b"with crc"


def test_a_frame_without_crc_is_refused_when_one_was_wanted(bench):
    bench.send(b"no crc", 20_000)
    assert bench.receive(60_000, crc=True) is False
    assert bench.counters() == (0, 0, 1)


def test_normal_iq_for_direct_radio(bench):
    bench.send(bytes(100), 20_000, inverted=False, crc=True)
    assert bench.receive(60_000, inverted=False, crc=True).payload == bytes(100)


def test_a_broken_header_is_counted_apart(sx1262):
    sx1262.chip.faults.add("header")
    start_us, _ = sx1262.send(b"header broken", 20_000)
    assert sx1262.receive(60_000) is False
    assert sx1262.clock.now_us - start_us < 21 * 1024 + 1500
    assert sx1262.counters() == (0, 1, 0)


def test_a_broken_header_ends_as_a_time_out_on_the_sx1276(sx1276):
    sx1276.chip.faults.add("header")
    sx1276.send(b"header broken", 20_000)
    started_us = sx1276.clock.now_us
    assert sx1276.receive(60_000) is False
    assert sx1276.clock.now_us - started_us < 90_000
    assert sx1276.counters() == (1, 0, 0)


@pytest.mark.parametrize("sf", [7, 12])
def test_noise_that_looks_like_a_preamble_does_not_hold_the_receiver(bench, sf):
    # The preamble stops the chip's timer; then nothing follows.
    start_us, _ = bench.send(b"gone", 20_000, sf=sf)
    symbol_us = (1 << sf) * 8
    bench.clock.call_at(start_us + 7 * symbol_us, bench.air.stop, bench)
    bench.clock.call_at(start_us + 8 * symbol_us, lambda: bench.chip._cancel("header", "end"))
    started_us = bench.clock.now_us
    assert bench.receive(300_000, sf=sf) is False
    assert bench.clock.now_us - started_us <= 320_000 + 21 * symbol_us
    assert bench.counters() == (1, 0, 0)


def test_a_frame_that_ends_behind_its_header_does_not_hold_the_receiver(bench):
    start_us, _ = bench.send(bytes(100), 20_000)
    bench.clock.call_at(start_us + 25 * 1024, lambda: bench.chip._cancel("end"))
    assert bench.receive(60_000) is False
    assert bench.clock.now_us - start_us < 600_000
    assert bench.counters() == (1, 0, 0)


def test_a_packet_is_told_once(bench):
    bench.send(b"once", 20_000)
    assert bench.receive(60_000).payload == b"once"
    assert bench.phy.received() is False
    assert bench.counters() == (0, 0, 0)


def test_the_longest_frame_at_the_end_of_the_window_is_waited_for(bench):
    bench.send(bytes(255), 150_000, sf=12)
    assert bench.receive(320_000, sf=12).payload == bytes(255)


def test_a_chip_that_dies_while_listening_ends_as_silence(bench):
    bench.lawful = False
    bench.phy.prepare_receive(CHANNEL_HZ, 7, 125_000, 50_000)
    bench.phy.receive()
    bench.chip.faults.add("silent")
    assert bench.outcome() is False


def test_receive_is_only_the_start(bench):
    bench.phy.prepare_receive(CHANNEL_HZ, 7, 125_000, 50_000)
    logged = len(bench.chip.log)
    bench.time.sleep_ms(950)
    bench.phy.receive()
    assert len(bench.chip.log) == logged + 1


def test_the_receiver_listens_after_the_delay_that_the_driver_tells(bench):
    bench.phy.prepare_receive(CHANNEL_HZ, 7, 125_000, 50_000)
    started_us = bench.clock.now_us
    bench.phy.receive()
    (listening,) = bench.air._listening.values()
    assert abs(listening.from_us - started_us - bench.phy.rx_delay_us) < 200


def test_a_window_longer_than_the_sx1276_can_count(sx1276):
    with pytest.raises(RadioError) as failure:
        sx1276.receive(1_100_000)
    assert failure.value.kind == PROTOCOL


def test_headers_are_always_explicit_so_no_timer_outlives_a_frame(bench):
    # Section 15.3 of the SX1261/2 data sheet: without a header the timer runs on, into the next operation.
    bench.transmit()
    bench.send(b"downlink", 20_000)
    assert bench.receive(60_000).payload == b"downlink"
    settings = {"SX1262": (0x8C, 3), "SX1276": (0x9D, 1)}  # opcode or register, and the byte with the bit
    opcode, at = settings[type(bench.chip).__name__]
    assert [data[at] & 1 for _, data in bench.chip.log if data[0] == opcode] == [0, 0]
    bench.time.sleep_ms(2000)
    assert bench.phy.flags() == 0


def test_standby_ends_listening(bench):
    bench.phy.prepare_receive(CHANNEL_HZ, 7, 125_000, 50_000)
    bench.phy.receive()
    bench.phy.standby()
    assert bench.phy.received() is False
    assert bench.air._listening == {}
    assert bench.counters() == (0, 0, 0)
