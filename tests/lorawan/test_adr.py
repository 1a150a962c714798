"""Adaptive data rate: up by the network, down by the device alone, to the end and back."""

import pytest


@pytest.fixture(autouse=True)
def _joined(town):
    town.join()
    town.silence()


def radio(town):
    return [town.session(name) for name in ("data_rate", "power", "repeats", "channels.mask")]


def test_the_table_of_the_specification(town):
    """TS001-1.0.4, table 9: data rate 1, reduced power, three transmissions, not all default channels."""
    town.command(b"\x07\x03\x18\x4f\x84\x50\x03\x14\x0a\x00\x03")
    town.hear(town.network.downlink())
    town.send()
    town.hear(town.network.downlink())
    rows = {}
    for count in range(170):
        before = radio(town)
        heard = town.quiet()
        rows[count] = (heard.adr_ack_request, town.sent[-1].sf, town.sent[-1].power_dbm)
        if count >= 160:
            assert before == [0, 0, 1, 0b1111]
    expected = {
        range(64): (False, 11, 8),
        range(64, 96): (True, 11, 8),
        range(96, 128): (True, 11, 16),
        range(128, 170): (True, 12, 16),
    }
    assert rows == {count: row for counts, row in expected.items() for count in counts}


def test_up_down_to_silence_and_back(town):
    assert town.command(b"\x03\x55\x07\x00\x01").options == b"\x03\x07"
    rates = []
    for _ in range(64 + 32 * 8):
        town.quiet(payload=b"", port=None)
        rates.append(12 - town.sent[-1].sf)
    assert rates == sorted(rates, reverse=True)
    assert radio(town) == [0, 0, 1, 0b111]
    assert town.send().adr_ack_request
    town.hear(town.network.downlink(options=b"\x03\x52\x03\x00\x01"))
    heard = town.quiet()
    assert (heard.adr_ack_request, heard.options) == (False, b"\x03\x07")
    assert radio(town) == [5, 2, 1, 0b011]


def test_any_downlink_begins_the_count_anew(town):
    for _ in range(3):
        for count in range(70):
            assert town.send().adr_ack_request is (count >= 64)
            if count < 69:
                town.silence()
        town.hear(town.network.downlink(1, b"x"))
    assert town.session("data_rate") == 5


def test_repetitions_do_not_count(town):
    town.command(b"\x03\x5f\x07\x00\x04")
    assert town.session("adr_count") == 1
    town.quiet(count=9)
    assert town.session("adr_count") == 10


def test_the_count_stays_small_for_ever(town):
    town.device.put("session.adr_count", 0xEFFF)
    for _ in range(100):
        assert town.quiet().adr_ack_request
        assert town.session("adr_count") < 0x10000


def test_a_data_rate_that_no_enabled_channel_has(town):
    """Stepping down then takes the default channels in again."""
    town.command(b"\x07\x03\x18\x4f\x84\x55\x03\x50\x08\x00\x01")
    assert town.session("channels.mask") == 8
    town.device.put("session.adr_count", 95)
    town.quiet()
    assert radio(town)[0] == 4
    assert town.session("channels.mask") == 0b1111
    town.quiet()
    assert town.sent[-1].frequency_hz in (868_100_000, 868_300_000, 868_500_000)


def test_without_adr_nothing_steps_back(town):
    town.device.put("session.adr", False)
    town.device.put("session.adr_count", 0)
    for _ in range(200):
        heard = town.quiet()
        assert (heard.adr, heard.adr_ack_request) == (False, False)
    assert radio(town) == [5, 0, 1, 0b111]
