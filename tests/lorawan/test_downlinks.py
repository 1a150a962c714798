"""What is not for this device, damaged, or was heard before leaves no trace."""

import pytest
from lorawan_network import Network
from lorawan_town import APP_KEY, DOWNLINK, RECEIVED


@pytest.fixture(autouse=True)
def _joined(town):
    town.join()
    town.silence()
    town.quiet()


def refused(town, frame):
    """Whether the device takes no notice of a frame at all."""
    before = town.call("dump", town.now), town.device.stored(), town.get("busy")
    taken = town.hear(frame)
    assert (town.call("dump", town.now), town.device.stored(), town.get("busy")) == before
    return taken == []


def test_a_replay(town):
    town.send()
    frame = town.network.downlink(1, b"once")
    assert town.hear(frame)[1] == [RECEIVED, 1, b"once"]
    town.silence()
    town.send()
    assert refused(town, frame)


def test_an_older_counter(town):
    town.send()
    town.hear(town.network.downlink(1, b"x", counter=9))
    town.send()
    for counter in range(10):
        assert refused(town, town.network.downlink(1, b"x", counter=counter))
    assert town.hear(town.network.downlink(1, b"x", counter=10))


def test_a_replay_after_the_counter_has_rolled_over(town):
    town.send()
    old = town.network.downlink(1, b"x", counter=3)
    town.hear(town.network.downlink(1, b"x", counter=5))
    town.send()
    town.hear(town.network.downlink(1, b"x", counter=0x10001))
    town.send()
    assert refused(town, old)
    assert town.hear(town.network.downlink(1, b"x", counter=0x10003))


def test_a_gap_in_the_counters(town):
    town.send()
    assert town.hear(town.network.downlink(1, b"x", counter=40_000))[0] == [DOWNLINK, 40_000, False]


def test_foreign_frames(town):
    town.send()
    other = Network(APP_KEY, address=town.network.address + 1)
    other.nwk_s_key, other.app_s_key = town.network.nwk_s_key, town.network.app_s_key
    assert refused(town, other.downlink(1, b"x"))
    other.address = town.network.address
    other.nwk_s_key = bytes(16)
    assert refused(town, other.downlink(1, b"x"))


def test_our_own_uplink_played_back(town):
    town.send()
    assert refused(town, town.sent[-1].payload)


def test_every_truncation(town):
    town.send()
    frame = town.network.downlink(1, b"payload", b"\x06")
    for length in range(len(frame)):
        assert refused(town, frame[:length])
    assert refused(town, frame + b"\x00")
    assert town.hear(frame)


def test_every_flipped_bit(town):
    town.send()
    frame = town.network.downlink(1, b"pay", b"\x06")
    for bit in range(8 * len(frame)):
        damaged = bytearray(frame)
        damaged[bit // 8] ^= 1 << bit % 8
        assert refused(town, bytes(damaged))
    assert town.hear(frame)


@pytest.mark.parametrize("header", [0x00, 0x20, 0x40, 0x80, 0xC0, 0xE0, 0x61, 0x63, 0xA1])
def test_other_kinds_and_versions(town, header):
    town.send()
    assert refused(town, town.network.downlink(1, b"x", header=header))


def test_reserved_bits_of_the_header(town):
    town.send()
    assert town.hear(town.network.downlink(1, b"x", header=0x7C))


def test_mac_commands_in_two_places(town):
    town.send()
    assert refused(town, town.network.downlink(0, b"\x06", b"\x06"))


def test_a_frame_when_nothing_is_awaited(town):
    assert refused(town, town.network.downlink(1, b"x"))


def test_a_data_frame_while_joining(town):
    frame = town.network.downlink(1, b"x")
    town.request_join()
    assert town.hear(frame) == []
    assert town.get("session.down") == 0
