"""Uplinks: confirmed and not, repetitions and their timing, acknowledgements, counters, sizes, channels."""

from itertools import pairwise

import pytest
from lorawan_town import ACKNOWLEDGED, BUSY, DOWNLINK, RECEIVED, TOO_LONG, RefusedError, Town


@pytest.fixture(autouse=True)
def _joined(town):
    town.join()
    town.silence()


@pytest.fixture
def town_here(here):
    """For mistakes of the caller, which end a device's process."""
    town = Town(here)
    town.join()
    town.silence()
    return town


def test_an_unconfirmed_uplink(town):
    heard = town.send(b"abc", port=7)
    assert (heard.confirmed, heard.port, heard.payload, heard.options) == (False, 7, b"abc", b"")
    assert town.silence() is None
    assert town.send().counter == 1


def test_a_confirmed_uplink(town):
    assert town.send(confirmed=True).confirmed
    assert town.hear(town.network.downlink(ack=True)) == [[DOWNLINK, 0, False], [ACKNOWLEDGED, 0, 0]]
    assert town.get("acknowledged") is True
    assert town.silence() is None
    town.quiet(confirmed=True)
    assert town.get("acknowledged") is False


def test_an_acknowledgement_that_nobody_wanted(town):
    town.send()
    assert town.hear(town.network.downlink(ack=True)) == [[DOWNLINK, 0, False]]
    assert town.get("acknowledged") is False


def test_data_downwards(town):
    town.send()
    assert town.hear(town.network.downlink(9, b"\x01\x02", pending=True)) == [
        [DOWNLINK, 0, True],
        [RECEIVED, 9, b"\x01\x02"],
    ]


def test_an_empty_payload_downwards(town):
    town.send()
    assert town.hear(town.network.downlink(9, b"")) == [[DOWNLINK, 0, False], [RECEIVED, 9, b""]]


@pytest.mark.parametrize("port", [225, 255])
def test_reserved_ports(town, port):
    town.send()
    assert town.hear(town.network.downlink(port, b"x")) == [[DOWNLINK, 0, False]]


def test_a_confirmed_downlink_is_acknowledged_once(town):
    town.send()
    town.hear(town.network.downlink(9, b"x", confirmed=True))
    assert town.quiet().ack
    assert not town.quiet().ack


def test_an_empty_uplink_carries_the_acknowledgement(town):
    town.send()
    town.hear(town.network.downlink(9, b"x", confirmed=True))
    heard = town.send(b"", port=None)
    assert (heard.ack, heard.port, heard.payload) == (True, None, b"")


@pytest.mark.parametrize("confirmed", [False, True])
@pytest.mark.parametrize("repeats", [1, 2, 3, 15])
def test_repetitions(town, confirmed, repeats):
    town.command(bytes([0x03, 0x5F, 0x07, 0x00, repeats]))
    first = town.send(confirmed=confirmed)
    copies = [town.sent[-1]]
    while again := town.silence():
        assert town.network.uplink(again.payload, repeated=True) == first
        copies.append(town.sent[-1])
    assert len(copies) == repeats
    assert len({copy.payload for copy in copies}) == 1
    for one, other in pairwise(copies):
        assert one.frequency_hz != other.frequency_hz
        pause = other.at - one.at - one.airtime_us() / 1000 - 2000
        assert pause >= (1000 if confirmed else 0)


def test_retransmission_waits_for_one_to_three_seconds(town):
    town.command(b"\x03\x5f\x07\x00\x0f")
    town.send(confirmed=True)
    pauses = []
    while True:
        closed = town.now + 2000
        if town.silence() is None:
            break
        pauses.append(town.sent[-1].at - closed)
    assert all(1000 <= pause <= 3000 for pause in pauses)
    assert len(set(pauses)) > 5


@pytest.mark.parametrize("acknowledged", [False, True])
def test_any_downlink_ends_the_repetitions(town, acknowledged):
    town.command(b"\x03\x5f\x07\x00\x05")
    town.send(confirmed=True)
    assert town.silence() is not None
    town.hear(town.network.downlink(ack=acknowledged))
    assert town.get("acknowledged") is acknowledged
    assert (town.get("quiet_until") > town.now + 2000) is not acknowledged
    assert town.silence() is None


def test_a_new_frame_waits_after_a_missed_acknowledgement(town):
    town.send(confirmed=True)
    town.silence()
    assert 1000 <= town.call("next_transmission_at", 7, town.now) - town.now <= 3000
    with pytest.raises(RefusedError):
        town.call("uplink", 1, b"", False, town.now)


def test_one_frame_at_a_time(town):
    town.send()
    with pytest.raises(RefusedError) as refused:
        town.call("uplink", 1, b"", False, town.now)
    assert refused.value.kind == BUSY
    town.call("cancel")
    town.send()


@pytest.mark.parametrize(("rate", "limit"), list(enumerate([51, 51, 51, 115, 242, 242])))
def test_sizes(town, rate, limit):
    town.device.put("session.data_rate", rate)
    assert town.call("max_payload") == limit
    town.wait_for_uplink(limit)
    with pytest.raises(RefusedError) as refused:
        town.call("uplink", 1, bytes(limit + 1), False, town.now)
    assert refused.value.kind == TOO_LONG
    assert town.send(bytes(limit)).payload == bytes(limit)


def test_mac_answers_leave_less_room(town):
    town.send()
    town.hear(town.network.downlink(options=b"\x06\x06\x06\x06\x06"))
    assert town.call("max_payload") == 242 - 15
    with pytest.raises(RefusedError):
        town.call("uplink", 1, bytes(242 - 14), False, town.now + 200_000)


@pytest.mark.parametrize("counter", [0xFFFE, 0xFFFF, 0x10000, 0x12FFFF, 0xFFFFFFF0])
def test_counters_beyond_16_bits(town, counter):
    town.device.put("session.up", counter)
    town.network.fcnt_up = counter
    town.network.fcnt_down = counter
    town.device.put("session.down", max(0, counter - 5))
    for step in range(4):
        assert town.send().counter == counter + step
        assert town.hear(town.network.downlink(1, b"x"))[0] == [DOWNLINK, counter + step, False]
        town.silence()


def test_the_last_counter(town):
    town.device.put("session.up", 0xFFFFFFFE)
    town.device.put("session.down", 0xFFFFFFFE)
    town.network.fcnt_up = 0xFFFFFFFE
    assert town.send().counter == 0xFFFFFFFE
    assert town.hear(town.network.downlink(1, b"x", counter=0xFFFFFFFF)) == []
    assert town.hear(town.network.downlink(1, b"x", counter=0xFFFFFFFE))
    assert town.call("load", town.call("dump", town.now), town.now, True) is True
    with pytest.raises(RefusedError):
        town.quiet()


def test_all_channels_are_used_in_turn(town):
    town.command(
        b"".join(
            bytes([0x07, i]) + (8671000 + 2000 * (i - 3)).to_bytes(3, "little") + b"\x50" for i in (3, 4)
        )
    )
    for _ in range(10):
        town.quiet()
    start = next(
        i for i in range(-10, 0) if town.sent[i - 1].frequency_hz == town.sent[i + 4].frequency_hz or i == -10
    )
    used = [transmission.frequency_hz for transmission in town.sent[start:]]
    assert {len(set(used[i : i + 5])) for i in range(len(used) - 4)} >= {5}
    assert set(used) == {868_100_000, 868_300_000, 868_500_000, 867_100_000, 867_300_000}


def test_rx_windows_follow_the_uplink(town):
    town.quiet()
    uplink = town.sent[-1]
    assert (uplink.rx1.delay_us, uplink.rx1.frequency_hz, uplink.rx1.sf) == (
        1_000_000,
        uplink.frequency_hz,
        uplink.sf,
    )
    assert (uplink.rx2.delay_us, uplink.rx2.frequency_hz, uplink.rx2.sf) == (2_000_000, 869_525_000, 12)
    assert (uplink.bandwidth_hz, uplink.power_dbm) == (125_000, 16)


@pytest.mark.parametrize("port", [0, -1, 225, 256])
def test_ports_that_are_not_an_applications(town_here, port):
    with pytest.raises(ValueError, match="port"):
        town_here.call("uplink", port, b"", False, town_here.now)


def test_data_rates_that_the_region_has_not(town_here):
    town_here.options = {"data_rate": 6}
    with pytest.raises(ValueError, match="EU868 has no data rate 6"):
        town_here.power_on()
