"""Who is let in: keys, nonces, what the accept says, and what happens when it gets lost."""

import pytest
from model_air import Air, joined

from luftpegel_tools.network_server.lorawan import Heard, Joined, Plan, Reason
from luftpegel_tools.network_server.lorawan.region import EU868, Window


def test_a_device_joins_and_is_understood():
    air = Air()
    told = air.join()
    assert told.dev_addr == int.from_bytes(air.device.dev_addr, "little")
    assert told.dev_nonce == 1
    heard = air.uplink(b"hello", 7)
    assert (heard.data, heard.f_port, heard.f_cnt) == (b"hello", 7, 0)


def test_the_accept_carries_the_networks_plan():
    air = Air(net_id=0x13, rx1_delay_s=5, rx1_dr_offset=2, rx2_data_rate=3)
    air.join()
    device = air.device
    assert (device.net_id, device.dl_settings, device.rx_delay) == (b"\x13\x00\x00", 0x23, 5)
    frequencies = [int.from_bytes(device.cf_list[i : i + 3], "little") * 100 for i in range(0, 15, 3)]
    assert frequencies == list(EU868.extra_channels_hz)
    assert device.cf_list[15] == 0
    assert device.dev_addr[3] >> 1 == 0x13


@pytest.mark.parametrize("channels", [(), (867_100_000,)])
def test_the_list_of_channels_may_be_short_or_absent(channels):
    air = joined(extra_channels_hz=channels)
    expected = b"".join((hz // 100).to_bytes(3, "little") for hz in channels).ljust(15, b"\0") + b"\0"
    assert air.device.cf_list == (expected if channels else b"")
    assert len(air.session.channels) == 3 + len(channels)


def test_the_accept_goes_into_the_join_windows():
    air = Air(rx1_delay_s=9, rx1_dr_offset=3)
    told = air.receive(air.device.join_request(), frequency_hz=868_300_000, data_rate=5)
    assert told.accept.windows == (
        Window(5_000_000, 868_300_000, 5, 16, 242),
        Window(6_000_000, 869_525_000, 0, 29, 51),
    )


def test_the_nonce_must_rise():
    air = Air()
    first, second = air.device.join_request(), air.device.join_request()
    assert isinstance(air.receive(second), Joined)
    for old in (second, first):
        refused = air.receive(old)
        assert (refused.reason, refused.dev_eui) == (Reason.USED_NONCE, air.DEV_EUI)
    assert isinstance(air.receive(air.device.join_request()), Joined)


def test_the_networks_nonce_counts():
    air = Air()
    nonces = []
    for _ in range(3):
        air.join()
        nonces.append(air.device.last_join_nonce)
    assert nonces == [1, 2, 3]


def test_when_the_networks_nonces_are_used_up_nobody_is_let_in():
    air = joined()
    air.server.members[air.DEV_EUI].next_join_nonce = 2**24
    assert air.receive(air.device.join_request()).reason is Reason.NO_NONCE_LEFT


def test_a_wrong_key_is_refused_and_uses_up_no_nonce():
    air = Air()
    air.device.app_key = bytes(16)
    assert air.receive(air.device.join_request()).reason is Reason.WRONG_MIC
    air.device.app_key, air.device.dev_nonce = air.identity.app_key, 0
    assert isinstance(air.receive(air.device.join_request()), Joined)


def test_an_unknown_device_and_a_foreign_join_server_are_refused():
    air = Air()
    air.device.join_eui = bytes(8)
    assert air.receive(air.device.join_request()).reason is Reason.UNKNOWN_DEVICE
    air.known.clear()
    assert air.receive(Air().device.join_request()).reason is Reason.UNKNOWN_DEVICE


def test_a_lost_accept_leaves_the_old_session_in_use():
    air = joined()
    air.uplink(b"before")
    air.receive(air.device.join_request())  # the accept gets lost
    heard, read = air.exchange(b"still the old one", confirmed=True)
    assert heard.data == b"still the old one"
    assert read.ack
    air.join()
    assert air.uplink(b"new").f_cnt == 0


def test_once_the_new_session_is_used_the_old_one_is_gone():
    air = joined()
    air.uplink()
    old = air.device.uplink(b"old")
    air.join()
    assert isinstance(air.receive(old), Heard)  # the device has not used the new one yet
    air.uplink()
    assert air.receive(old).reason is Reason.UNKNOWN_DEVICE


def test_two_devices_never_share_an_address():
    air = joined()
    taken = air.session.dev_addr
    air.server.rng = Repeating([taken, taken, 5])
    air.join()
    assert air.session.dev_addr == 5


class Repeating:
    """A generator of numbers that a test has chosen."""

    def __init__(self, numbers):
        self._numbers = list(numbers)

    def getrandbits(self, _bits):
        return self._numbers.pop(0)


def test_a_plan_may_keep_the_regions_own_channels():
    assert Plan().cf_list_hz == EU868.extra_channels_hz
    assert Plan(extra_channels_hz=()).cf_list_hz == ()


def test_a_device_that_is_taken_out_is_heard_no_more():
    air = joined()
    air.uplink()
    del air.known[air.DEV_EUI]
    assert air.receive(air.device.uplink()).reason is Reason.UNKNOWN_DEVICE
    air.known[air.DEV_EUI] = air.identity
    assert air.uplink(b"back").data == b"back"
