"""What a device hears back: payloads, acknowledgements, in which window, and when nothing at all."""

import pytest
from model_air import joined

from luftpegel_tools.network_server.lorawan import Payload
from luftpegel_tools.network_server.lorawan.commands import DevStatusReq, Raw
from luftpegel_tools.network_server.lorawan.region import Window


def test_nothing_to_say_nothing_sent():
    air = joined()
    assert air.server.answer(air.uplink()) is None
    assert air.session.next_f_cnt_down == 0


def test_a_confirmed_uplink_is_acknowledged():
    heard, read = joined().exchange(confirmed=True)
    assert heard.confirmed
    assert (read.ack, read.f_port, read.payload, read.confirmed) == (True, None, b"", False)


def test_a_request_for_a_sign_of_life_is_answered():
    _, read = joined().exchange(adr_ack_req=True)
    assert not read.ack


def test_an_answer_can_be_had_for_the_asking():
    _, read = joined().exchange(answer={"force": True})
    assert (read.f_port, read.f_opts) == (None, b"")


def test_a_payload_arrives_with_its_flags():
    air = joined()
    _, read = air.exchange(answer={"payload": Payload(11, b"downwards"), "more": True})
    assert (read.f_port, read.payload, read.f_pending, read.confirmed) == (11, b"downwards", True, False)
    _, read = air.exchange(answer={"payload": Payload(11, b"last")})
    assert not read.f_pending


def test_downlinks_are_counted_past_16_bits():
    air = joined()
    air.session.next_f_cnt_down = 0xFFFE
    air.device.f_cnt_down = 0xFFFD
    counters = [air.exchange(answer={"force": True})[1].f_cnt for _ in range(4)]
    assert counters == [0xFFFE, 0xFFFF, 0x10000, 0x10001]


def test_a_confirmed_downlink_is_acknowledged_by_the_next_uplink():
    air = joined()
    air.exchange(answer={"payload": Payload(3, b"please", confirmed=True)})
    heard = air.uplink()
    assert (heard.acknowledged, heard.unacknowledged) == (0, None)
    assert air.uplink().acknowledged is None


def test_a_confirmed_downlink_that_got_lost_is_told():
    air = joined()
    air.server.answer(air.uplink(), Payload(3, b"please", confirmed=True))
    heard = air.uplink()
    assert (heard.acknowledged, heard.unacknowledged) == (None, 0)


@pytest.mark.parametrize("f_port", [0, 256])
def test_an_application_cannot_use_the_networks_port(f_port):
    air = joined()
    with pytest.raises(ValueError, match=r"is not 1\.\.255"):
        air.server.answer(air.uplink(), Payload(f_port, b""))
    assert air.session.next_f_cnt_down == 0


def test_a_payload_that_is_too_long_is_refused_before_anything_happens():
    air = joined()
    heard = air.uplink()
    assert air.server.room(heard) == 51
    with pytest.raises(ValueError, match="52 bytes of payload, at most 51 fit"):
        air.server.answer(heard, Payload(1, bytes(52)))
    assert air.server.answer(heard, Payload(1, bytes(51))).f_cnt == 0


def test_a_long_frame_goes_into_the_window_that_holds_it():
    air = joined()
    air.data_rate = 5
    short = air.server.answer(air.uplink(), Payload(1, bytes(51)))
    long = air.server.answer(air.uplink(), Payload(1, bytes(52)))
    assert [window.data_rate for window in short.windows] == [5, 0]
    assert [window.data_rate for window in long.windows] == [5]


def test_an_answer_of_the_network_goes_before_the_payload():
    air = joined()
    heard = air.uplink(f_opts=b"\x02\x0d")
    assert air.server.room(heard) == 51 - 3 - 6
    read = air.device.downlink(air.server.answer(heard, Payload(1, bytes(42))).phy_payload)
    assert [command[0] for command in read.commands] == [0x02, 0x0D]


def test_requests_wait_while_a_payload_fills_the_frame():
    air = joined()
    air.server.request(air.DEV_EUI, DevStatusReq())
    _, read = air.exchange(answer={"payload": Payload(1, bytes(51))})
    assert (read.commands, read.f_pending) == ([], True)
    _, read = air.exchange()
    assert (read.commands, read.f_pending) == ([b"\x06"], False)


def test_many_requests_without_payload_go_to_port_0():
    air = joined()
    air.server.request(air.DEV_EUI, Raw(bytes([0x06] * 16)))
    _, read = air.exchange()
    assert (read.f_port, read.f_opts, read.payload) == (0, b"", bytes([0x06] * 16))


def test_many_requests_beside_a_payload_take_turns():
    air = joined()
    for _ in range(4):
        air.server.request(air.DEV_EUI, Raw(bytes(5)))
    _, read = air.exchange(answer={"payload": Payload(1, b"x")})
    assert (len(read.f_opts), read.f_port, read.f_pending) == (15, 1, True)
    _, read = air.exchange()
    assert (len(read.f_opts), read.f_pending) == (5, False)


def test_requests_that_fit_no_frame_are_refused():
    air = joined()
    with pytest.raises(ValueError, match="52 bytes of MAC commands"):
        air.server.request(air.DEV_EUI, Raw(bytes(52)))


def test_who_never_joined_cannot_be_asked():
    with pytest.raises(LookupError, match="no session"):
        joined().server.request(bytes(8), DevStatusReq())


@pytest.mark.parametrize("delay_s", [1, 2, 15])
@pytest.mark.parametrize(
    ("data_rate", "offset", "rx1"), [(5, 0, 5), (5, 3, 2), (2, 5, 0), (0, 0, 0), (6, 1, 5), (5, 7, 0)]
)
def test_windows_follow_delay_offset_and_data_rate(delay_s, data_rate, offset, rx1):
    air = joined(rx1_delay_s=delay_s, rx1_dr_offset=offset, rx2_data_rate=3)
    air.frequency_hz, air.data_rate = 868_300_000, data_rate
    windows = air.server.answer(air.uplink(confirmed=True)).windows
    room = {0: 51, 2: 51, 5: 242}
    assert windows == (
        Window(delay_s * 1_000_000, 868_300_000, rx1, 16, room[rx1]),
        Window(delay_s * 1_000_000 + 1_000_000, 869_525_000, 3, 29, 115),
    )


def test_a_device_can_be_activated_by_hand():
    air = joined()
    air.server.activate(air.DEV_EUI, 0x01020304, bytes(16), bytes(range(16)))
    air.server.members[air.DEV_EUI].pending = None
    air.device.dev_addr = bytes.fromhex("04030201")
    air.device.network_key, air.device.application_key = bytes(16), bytes(range(16))
    heard, read = air.exchange(b"by hand", confirmed=True)
    assert (heard.data, read.ack) == (b"by hand", True)
    assert sorted(air.session.channels) == [0, 1, 2]
