"""Setting a chip up, what is told when that fails, sleep and waking."""

import pytest
from tests.sx.conftest import CHANNEL_HZ

from lora_radio import PROTOCOL, SILENT, RadioError

LISTEN_US = 30_000


def fault(attempt):
    with pytest.raises(RadioError) as failure:
        attempt()
    return failure.value


def test_nobody_answers(bench):
    bench.chip.faults.add("silent")
    failure = fault(bench.phy.begin)
    assert (failure.kind, "check its supply" in str(failure)) == (SILENT, True)


def test_busy_that_never_ends(sx1262):
    sx1262.chip.faults.add("stuck")
    sx1262.chip._set_busy(True)
    started_us = sx1262.clock.now_us
    failure = fault(sx1262.phy.begin)
    assert (failure.kind, "BUSY" in str(failure)) == (SILENT, True)
    assert sx1262.clock.now_us - started_us < 150_000


def test_every_command_waits_for_busy(sx1262):
    sx1262.phy.transmit(CHANNEL_HZ, 7, 125_000, 14, b"uplink")
    started_us = sx1262.clock.now_us
    assert sx1262.chip.busy
    assert sx1262.phy.flags() == 0
    assert sx1262.clock.now_us - started_us > 5000


@pytest.mark.parametrize("wrong", [{"tcxo_mv": 0}, {"tcxo_mv": 3300}, {"tcxo_us": 1000}])
def test_an_oscillator_that_does_not_start_is_told(sx1262, wrong):
    failure = fault(sx1262.driver(**wrong).begin)
    assert (failure.kind, "faults 0x020: check tcxo_mv" in str(failure)) == (PROTOCOL, True)


def test_a_calibration_that_does_not_end_is_told(sx1276):
    sx1276.chip.faults.add("calibration")
    failure = fault(sx1276.phy.begin)
    assert (failure.kind, "calibration" in str(failure)) == (PROTOCOL, True)


def test_the_regulator_saves_current(sx1262):
    assert sx1262.chip.dc_dc


def test_the_receivers_have_their_highest_gain(sx1262, sx1276):
    assert (sx1262.chip.registers[0x08AC], sx1276.chip.registers[0x0C]) == (0x96, 0x23)


def test_the_chip_waits_between_frames_in_standby_without_oscillator(sx1262):
    sx1262.transmit()
    sx1262.phy.prepare_receive(CHANNEL_HZ, 7, 125_000, LISTEN_US)
    assert [data for _, data in sx1262.chip.log if data[0] == 0x80] == [b"\x80\x00"] * 3
    sx1262.phy.receive()
    assert sx1262.outcome() is False


@pytest.mark.parametrize("band_hz", [(433_050_000, 434_790_000), (865_000_000, 867_000_000)])
def test_other_bands(bench, band_hz):
    bench.lawful = False
    bench.phy = bench.driver(band_hz=band_hz)
    bench.phy.begin()
    middle_hz = sum(band_hz) // 2 // 25_000 * 25_000
    assert bench.transmit(bytes(40), frequency_hz=middle_hz)[0].tuning.frequency_hz == middle_hz
    bench.send(bytes(40), 20_000, frequency_hz=middle_hz)
    packet = bench.receive(60_000, frequency_hz=middle_hz)
    assert (packet.payload, abs(packet.rssi + 97) <= 1) == (bytes(40), True)
    assert bench.chip.refusals == bench.chip.flaws == []


@pytest.mark.parametrize("bandwidth_hz", [250_000, 500_000])
def test_errata_at_other_bandwidths(bench, bandwidth_hz):
    for width_hz in (125_000, bandwidth_hz, 125_000):
        bench.transmit(bytes(40), bandwidth_hz=width_hz)
        start_us = bench.clock.now_us + 20_000
        end_us = start_us + bench.phy.airtime_us(7, width_hz, 40, crc=False)
        bench.air.transmit(bench, CHANNEL_HZ, 7, width_hz, 14, True, False, bytes(40), start_us, end_us)
        assert bench.receive(60_000, bandwidth_hz=width_hz).payload == bytes(40)


def test_sleep_and_waking(bench):
    for _ in range(3):
        bench.phy.sleep()
        assert bench.chip.mode == 0
        bench.time.sleep_ms(600_000)
        bench.phy.wake()
        assert bench.transmit(bytes(60))[0].payload == bytes(60)
        bench.send(bytes(60), 20_000)
        assert bench.receive(60_000).payload == bytes(60)


def test_a_new_driver_takes_over_a_chip_in_any_state(bench):
    def sleeping():
        bench.phy.sleep()

    def listening():
        bench.phy.prepare_receive(CHANNEL_HZ, 7, 125_000, 900_000)
        bench.phy.receive()

    def sending():
        bench.phy.transmit(CHANNEL_HZ, 12, 125_000, 14, bytes(20))

    for state in (sleeping, listening, sending):
        state()
        bench.phy = bench.driver()
        bench.phy.begin()
        assert bench.transmit()[0].payload == b"uplink"


def test_the_antenna_is_switched_to_the_receiver_only_while_it_listens(sx1262):
    pin = sx1262.pin("rx_enable")
    sx1262.phy = sx1262.driver(rx_enable=pin)
    sx1262.phy.begin()
    sx1262.phy.prepare_receive(CHANNEL_HZ, 7, 125_000, LISTEN_US)
    assert sx1262.wires.levels["rx_enable"] == 1
    sx1262.phy.receive()
    assert sx1262.outcome() is False
    assert sx1262.wires.levels["rx_enable"] == 0
    sx1262.phy.prepare_receive(CHANNEL_HZ, 7, 125_000, LISTEN_US)
    sx1262.phy.transmit(CHANNEL_HZ, 7, 125_000, 14, b"uplink")
    assert sx1262.wires.levels["rx_enable"] == 0
