"""Driver and chip: what goes on the air, when its end is noticed, and what power and errata it goes with."""

import itertools

import pytest
from tests.sx.conftest import CHANNEL_HZ, RX2_HZ

from lora_radio import PROTOCOL, SILENT, TOO_LONG, RadioError
from luftpegel_tools.air.airtime import lora_airtime_us

LATE_US = 50


@pytest.mark.parametrize("sf", range(7, 13))
def test_a_frame_goes_out_as_asked_and_its_end_is_noticed_at_once(bench, sf):
    frame, late_us = bench.transmit(b"a frame of the station", sf=sf)
    assert (frame.payload, frame.power_dbm, frame.crc) == (b"a frame of the station", 14, True)
    tuning = frame.tuning
    assert (tuning.frequency_hz, tuning.sf, tuning.bandwidth_hz) == (CHANNEL_HZ, sf, 125_000)
    assert (tuning.inverted, tuning.sync_word) == (False, 0x34)
    assert 0 <= late_us <= LATE_US
    assert frame.end_us - frame.start_us == lora_airtime_us(22, sf)


@pytest.mark.parametrize("bandwidth_hz", [125_000, 250_000, 500_000])
@pytest.mark.parametrize("length", [1, 13, 51, 115, 255])
def test_the_length_on_the_air_is_the_computed_one(bench, bandwidth_hz, length):
    for sf, crc in ((7, True), (7, False), (12, True), (12, False)):
        frame, _ = bench.transmit(bytes(length), sf=sf, bandwidth_hz=bandwidth_hz, crc=crc)
        expected = lora_airtime_us(length, sf, bandwidth_hz, crc=crc)
        assert frame.end_us - frame.start_us == expected
        assert bench.phy.airtime_us(sf, bandwidth_hz, length, crc=crc) == expected


def test_the_wait_for_the_end_sleeps_but_for_the_last_milliseconds(bench):
    looks = []
    event = bench.phy._event
    bench.phy._event = lambda: looks.append(bench.clock.now_us) or event()
    frame, _ = bench.transmit(bytes(51), sf=12)
    assert frame.end_us - 6500 <= looks[0]
    assert max(later - look for look, later in itertools.pairwise(looks)) < 30


@pytest.mark.parametrize(("asked", "sent"), [(22, 14), (15, 14), (14, 14), (13, 13), (7, 7), (2, 2)])
def test_power_is_what_was_asked_for_but_never_above_the_cap(bench, asked, sent):
    frame, _ = bench.transmit(power_dbm=asked)
    assert frame.power_dbm == sent


def test_power_does_not_escalate_over_many_frames(bench):
    asked = (14, 20, 10, 14, 22, 2, 14, 17)
    assert [bench.transmit(power_dbm=dbm)[0].power_dbm for dbm in asked] == [min(dbm, 14) for dbm in asked]


@pytest.mark.parametrize("dbm", range(2, 21))
def test_every_power_of_a_higher_cap_is_exact(bench, dbm):
    bench.lawful = False
    bench.phy = bench.driver(max_power_dbm=20)
    bench.phy.begin()
    assert bench.transmit(power_dbm=dbm)[0].power_dbm == dbm
    assert bench.chip.refusals == bench.chip.flaws == []


@pytest.mark.parametrize(("asked", "sent"), [(-30, -9), (-9, -9), (22, 22), (30, 22)])
def test_power_at_the_ends_of_the_sx1262(sx1262, asked, sent):
    sx1262.lawful = False
    sx1262.phy = sx1262.driver(max_power_dbm=99)
    sx1262.phy.begin()
    assert sx1262.transmit(power_dbm=asked)[0].power_dbm == sent
    assert sx1262.chip.refusals == sx1262.chip.flaws == []


def test_power_at_rfo_of_the_sx1276(sx1276):
    sx1276.lawful = False
    sx1276.phy = sx1276.driver(pa_boost=False)
    sx1276.phy.begin()
    assert [sx1276.transmit(power_dbm=dbm)[0].power_dbm for dbm in (-5, 0, 7, 14)] == [0, 0, 7, 14]


def test_current_limit_fits_the_strongest_power(bench):
    bench.lawful = False
    bench.phy = bench.driver(max_power_dbm=20)
    bench.phy.begin()
    bench.transmit(power_dbm=20)
    assert bench.chip.flaws == []


def test_inverted_and_normal_frames_alternate(bench):
    kinds = [True, False, True, True, False]
    sent = [bench.transmit(bytes(40), inverted=inverted)[0] for inverted in kinds]
    assert [frame.tuning.inverted for frame in sent] == kinds
    assert {frame.payload for frame in sent} == {bytes(40)}


@pytest.mark.parametrize("frequency_hz", [862_999_999, 870_000_001, 433_175_000, 868_100])
def test_a_frequency_outside_the_band_is_never_told_to_the_chip(bench, frequency_hz):
    logged = len(bench.chip.log)
    for attempt in (bench.transmit, lambda **where: bench.receive(10_000, **where)):
        with pytest.raises(RadioError) as failure:
            attempt(frequency_hz=frequency_hz)
        assert failure.value.kind == PROTOCOL
    assert len(bench.chip.log) == logged


@pytest.mark.parametrize("payload", [b"", bytes(256)])
def test_a_frame_that_no_chip_can_send(bench, payload):
    with pytest.raises(RadioError) as failure:
        bench.transmit(payload)
    assert failure.value.kind == TOO_LONG


@pytest.mark.parametrize("wrong", [{"sf": 6}, {"sf": 13}, {"bandwidth_hz": 62_500}])
def test_a_modulation_that_lorawan_has_not(bench, wrong):
    with pytest.raises(RadioError) as failure:
        bench.transmit(**wrong)
    assert failure.value.kind == PROTOCOL


def test_a_chip_that_loses_its_supply_while_sending(bench):
    bench.lawful = False
    bench.phy.transmit(RX2_HZ, 12, 125_000, 14, bytes(20))
    bench.chip.power(False)
    with pytest.raises(RadioError) as failure:
        bench.phy.transmitted()
    assert failure.value.kind == SILENT


def test_a_frame_that_the_chip_itself_gives_up(sx1262):
    sx1262.phy.transmit(RX2_HZ, 12, 125_000, 14, bytes(20))
    sx1262.chip._cancel("tx")
    with pytest.raises(RadioError) as failure:
        sx1262.phy.transmitted()
    assert failure.value.kind == PROTOCOL
    assert sx1262.transmit()[0].payload == b"uplink"


def test_another_sync_word_for_a_net_of_its_own(bench):
    bench.phy = bench.driver(sync_word=0x12)
    bench.phy.begin()
    assert bench.transmit()[0].tuning.sync_word == 0x12
