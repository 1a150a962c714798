"""Joining: numbers that never repeat, lost and late accepts, replays, the channel list, the back-off."""

import pytest
from lorawan_town import (
    APP_KEY,
    BUSY,
    JOIN_FAILED,
    JOINED,
    NO_CHANNEL,
    NOT_JOINED,
    PowerCutError,
    RefusedError,
)

CF_LIST = bytes.fromhex("184f84e85684b85e84886684586e8400")  # 867.1 to 867.9 MHz
HOUR = 3_600_000


def test_the_first_join(town):
    request = town.request_join()
    assert request.frequency_hz in (868_100_000, 868_300_000, 868_500_000)
    assert request.rx1.delay_us == 5_000_000
    assert (request.rx1.frequency_hz, request.rx1.sf) == (request.frequency_hz, request.sf)
    assert (request.rx2.delay_us, request.rx2.frequency_hz, request.rx2.sf) == (6_000_000, 869_525_000, 12)
    assert town.hear(town.network.accept()) == [[JOINED, (0x26011BDA).to_bytes(4, "little"), 0]]
    assert town.get("joined") is True
    heard = town.send(b"\x01\x02")
    assert (heard.counter, heard.port, heard.payload, heard.adr) == (0, 1, b"\x01\x02", True)


@pytest.mark.parametrize("lost", [1, 2, 5, 13])
def test_lost_joins(town, lost):
    town.join(lost=lost)
    assert town.network.dev_nonces == list(range(lost + 1))
    assert len({transmission.sf for transmission in town.sent}) == min(lost + 1, 6)
    town.send()


def test_the_number_is_stored_before_it_is_sent(town):
    town.device.cut(1, True)
    with pytest.raises(PowerCutError):
        town.request_join()
    town.device.cut(0, False)
    town.power_on()
    town.join()
    assert town.network.dev_nonces == [1]


def test_no_number_is_left(town):
    town.device.put("_storage.values", {"dev_nonce": 0x10000})
    with pytest.raises(RefusedError) as refused:
        town.call("join_request", town.now)
    assert refused.value.kind == JOIN_FAILED


def test_an_accept_is_taken_once(town):
    town.request_join()
    accept = town.network.accept()
    town.hear(accept)
    town.silence()
    town.request_join()
    assert town.hear(accept) == []
    assert town.hear(town.network.accept(join_nonce=1)) == []
    assert town.hear(town.network.accept(join_nonce=0)) == []
    assert town.hear(town.network.accept(join_nonce=7))[0][0] == JOINED
    town.send()


def test_a_session_goes_on_until_the_network_answers_another_join(town):
    town.join()
    first = town.quiet()
    town.request_join()
    town.silence()
    assert town.quiet().counter == first.counter + 1
    town.request_join()
    assert town.hear(town.network.accept())[0][0] == JOINED
    assert town.send().counter == 0


def test_a_power_cut_while_asking_anew_keeps_the_session(town):
    town.join()
    sent = town.quiet()
    town.request_join()
    kept = town.call("dump", town.now)
    town.power_on()
    assert town.call("load", kept, town.now, True) is True
    assert town.quiet().counter == sent.counter + 1
    assert town.network.dev_nonces == [0, 1]


@pytest.mark.parametrize("bit", [0, 7, 8, 40, 135])
def test_a_damaged_accept(town, bit):
    town.request_join()
    accept = bytearray(town.network.accept())
    accept[bit // 8] ^= 1 << bit % 8
    before = town.device.stored()
    assert town.hear(bytes(accept)) == []
    assert town.device.stored() == before
    assert town.get("joined") is False


@pytest.mark.parametrize("length", [0, 1, 16, 18, 32, 34])
def test_a_truncated_accept(town, length):
    town.request_join()
    accept = town.network.accept(cf_list=CF_LIST) + b"\x00"
    assert town.hear(accept[:length]) == []


def test_reserved_bits_of_the_header_are_ignored(town):
    town.request_join()
    town.network.accept()
    assert town.hear(town.network.accept(header=0x3C))[0][0] == JOINED


def test_the_accept_sets_windows_and_channels(town):
    town.join(dl_settings=0x23, rx_delay=7, cf_list=CF_LIST)
    frequencies = set()
    for _ in range(16):
        town.quiet()
        uplink = town.sent[-1]
        frequencies.add(uplink.frequency_hz)
        assert (uplink.rx1.delay_us, uplink.rx1.sf) == (7_000_000, uplink.sf + 2)
        assert (uplink.rx2.delay_us, uplink.rx2.sf) == (8_000_000, 9)
    assert frequencies == {868_100_000, 868_300_000, 868_500_000, *range(867_100_000, 868_000_000, 200_000)}


@pytest.mark.parametrize("cf_list", [bytes(15) + b"\x01", bytes(16), b"\xff" * 15 + b"\x00"])
def test_a_list_without_use(town, cf_list):
    town.join(cf_list=cf_list)
    assert town.session("channels.mask") == 0b111


def test_settings_that_the_region_has_not(town):
    town.join(dl_settings=0x7F, rx_delay=0)
    assert (town.session("rx1_offset"), town.session("rx2_rate"), town.session("rx_delay")) == (0, 0, 1)


def test_what_is_out_of_order(town):
    with pytest.raises(RefusedError) as refused:
        town.call("uplink", 1, b"", False, town.now)
    assert refused.value.kind == NOT_JOINED
    town.request_join()
    with pytest.raises(RefusedError) as refused:
        town.call("join_request", town.now)
    assert refused.value.kind == BUSY
    assert town.silence(6) is None
    assert town.get("busy") is False


def test_the_back_off(town):
    """1 % of the first hour, 0.1 % of the next ten, 0.01 % of each day, for as long as nobody answers."""
    start = None
    for _ in range(1000):
        request = town.request_join()
        start = start or town.sent[-1].at
        if town.sent[-1].at >= start + 83 * HOUR:
            break
        town.silence(6)
    spent = [0.0] * 5
    limits = [HOUR, 11 * HOUR, 35 * HOUR, 59 * HOUR, 83 * HOUR]
    for request in town.sent[:-1]:
        period = next(i for i, end in enumerate(limits) if request.at - start < end)
        spent[period] += request.airtime_us() / 1e6
    assert 30 < spent[0] <= 36
    assert 30 < spent[1] <= 36
    assert all(6 < day <= 8.7 for day in spent[2:])


def test_the_back_off_survives_deep_sleep(town):
    while town.call("next_join_at", town.now) < town.now + HOUR // 2:
        town.request_join()
        town.silence(6)
    free = town.call("next_join_at", town.now)
    kept = town.call("dump", town.now)
    town.power_on()
    assert town.call("load", kept, town.now + 60_000, True) is False
    assert abs(town.call("next_join_at", town.now + 60_000) - free) <= 1000
    with pytest.raises(RefusedError) as refused:
        town.call("join_request", town.now + 60_000)
    assert refused.value.kind == NO_CHANNEL
    assert abs(refused.value.wait_ms - (free - town.now - 60_000)) <= 1000


def test_pauses_between_joins_differ(town):
    pauses = set()
    for _ in range(5):
        town.request_join()
        town.silence(6)
        pauses.add(town.get("quiet_until") - town.now)
    assert len(pauses) == 5
    assert all(1000 <= pause < 3000 for pause in pauses)


def test_joining_anew_begins_a_new_session(town):
    town.join()
    old = town.send()
    town.silence()
    town.join()
    fresh = town.send()
    assert (old.counter, fresh.counter) == (0, 0)
    assert town.network.app_key == APP_KEY
