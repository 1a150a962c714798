"""Which frames count: 32-bit counters on 16-bit frames, repetitions, replays, forgeries."""

import random

import pytest
from model_air import joined
from model_device import ModelDevice

from luftpegel_tools.network_server.lorawan import Heard, Identity, Reason, Refused


def at(last):
    """A world whose device has sent `last` as its last frame."""
    air = joined()
    air.device.f_cnt_up = last
    air.session.last_f_cnt = last - 1
    air.uplink()
    return air


@pytest.mark.parametrize("last", [0xFFFE, 0xFFFF, 0x1FFFF, 0x12345678, 0xFFFF_FFFE])
def test_counters_go_on_past_16_bits(last):
    air = at(last)
    assert air.uplink(b"next").f_cnt == last + 1
    assert air.session.last_f_cnt == last + 1


@pytest.mark.parametrize("skipped", [1, 32, 0x7FFF, 0xFFFE])
def test_a_device_may_skip_counters(skipped):
    air = at(70_000)
    air.device.f_cnt_up += skipped
    assert air.uplink().f_cnt == 70_001 + skipped


def test_a_gap_of_more_than_16_bits_cannot_be_told():
    air = at(70_000)
    air.device.f_cnt_up += 0x10000
    assert air.receive(air.device.uplink()).reason is Reason.WRONG_MIC


@pytest.mark.parametrize("last", [40, 65_600, 131_072])
def test_replays_are_refused_and_change_nothing(last):
    air = at(last)
    old = air.device.uplink(b"old")
    air.receive(old)
    air.uplink(b"newer")
    before = vars(air.session).copy()
    refused = air.receive(old)
    assert isinstance(refused, Refused)
    assert refused.reason in {Reason.REPLAYED, Reason.WRONG_MIC}
    assert vars(air.session) == before


def test_a_replay_within_the_last_64k_is_told_as_such():
    air = at(65_600)
    old = air.device.uplink()
    air.receive(old)
    air.uplink()
    refused = air.receive(old)
    assert (refused.reason, refused.f_cnt) == (Reason.REPLAYED, 65_601)


def test_the_last_frame_once_more_is_a_repetition():
    air = joined()
    frame = air.device.uplink(b"twice", confirmed=True)
    first, second = air.receive(frame), air.receive(frame)
    assert (first.repeated, second.repeated) == (False, True)
    assert second.data == b"twice"
    lost, answer = air.server.answer(first), air.server.answer(second)
    assert (lost.f_cnt, answer.f_cnt) == (0, 1)
    assert air.device.downlink(answer.phy_payload).ack


def test_a_counter_used_for_two_frames_is_told():
    air = joined()
    air.uplink(b"one")
    air.device.f_cnt_up -= 1
    assert air.receive(air.device.uplink(b"two")).reason is Reason.COUNTER_USED_TWICE


def test_the_first_frame_of_a_session_may_have_any_counter():
    air = joined()
    air.device.f_cnt_up = 33
    assert air.uplink().f_cnt == 33


def test_no_flipped_bit_passes():
    air = joined()
    frame = air.device.uplink(b"untouched", f_opts=b"\x02")
    before = vars(air.session).copy()
    for position in range(8 * len(frame)):
        flipped = bytearray(frame)
        flipped[position // 8] ^= 1 << position % 8
        assert isinstance(air.receive(bytes(flipped)), Refused), position
    assert vars(air.session) == before
    assert isinstance(air.receive(frame), Heard)


def test_no_noise_passes():
    air, noise = joined(), random.Random(5)
    before = vars(air.session).copy()
    for _ in range(5000):
        raw = bytearray(noise.randbytes(noise.randrange(60)))
        if len(raw) > 5 and noise.random() < 0.8:  # as if for our device
            raw[0:5] = bytes([noise.choice([0x00, 0x40, 0x80])]) + air.device.dev_addr
        assert isinstance(air.receive(bytes(raw)), Refused)
    assert vars(air.session) == before


def test_two_devices_with_one_address_are_told_apart_by_their_keys():
    air = joined()
    other = ModelDevice(bytes(8), bytes(8), bytes(16))
    other.dev_addr = air.device.dev_addr
    other.network_key, other.application_key = bytes(range(16)), bytes(range(16, 32))
    air.known[bytes(8)] = Identity(bytes(8), bytes(16))
    twin = air.server.activate(bytes(8), air.session.dev_addr, other.network_key, other.application_key)
    heard = air.receive(other.uplink(b"from the twin"))
    assert (heard.dev_eui, heard.data) == (bytes(8), b"from the twin")
    assert heard.session is twin
    assert air.uplink(b"from the other").dev_eui == air.DEV_EUI
