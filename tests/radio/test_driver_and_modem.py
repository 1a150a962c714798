"""Each driver with its simulated modem: configure, join, send, sleep, and what lies in between."""

import pytest
from tests.radio.conftest import only

from lora_radio import NO_CHANNEL, NOT_JOINED, TOO_LONG, RadioError
from luftpegel_tools.air.modem_messages import Downlink


def test_join_and_send(joined):
    assert joined.radio.send(1, bytes(range(30))) == []
    [request] = joined.network.joins
    assert (request.dev_eui.hex(), request.join_eui.hex()) == ("2cf7f12024900138", "0011223344556677")
    assert request.app_key.hex() == "deadbeef0123456789abcdef5ec2e701"
    [uplink] = joined.network.uplinks
    assert (uplink.f_port, uplink.data, uplink.data_rate, uplink.confirmed) == (1, bytes(range(30)), 5, False)
    assert joined.radio.joined()


def test_a_lost_join_is_no_error(bench):
    bench.configure()
    bench.network.accept = None
    assert bench.radio.join() is False
    assert not bench.radio.joined()


def test_each_join_has_its_own_nonce_over_power_loss(bench):
    bench.configure(data_rate=5)
    bench.network.accept = None
    for _ in range(3):
        bench.radio.join()
        bench.modem.power(False)
        bench.modem.power(True)
    assert [request.dev_nonce for request in bench.network.joins] == [1, 2, 3]


def test_the_session_outlives_the_boards_sleep(joined):
    joined.radio.send(1, b"a")
    joined.radio.sleep()
    radio = joined.reboot_board()
    joined.configure()
    assert radio.joined()
    radio.send(1, b"b")
    assert [uplink.f_cnt for uplink in joined.network.uplinks] == [0, 1]
    assert len(joined.network.joins) == 1


def test_a_join_while_joined_costs_nothing(joined):
    radio = joined.reboot_board()
    joined.configure()
    assert radio.joined() is not joined.kind.asks_twice  # no uplink yet: not every modem can tell
    assert radio.join() is True
    assert len(joined.network.joins) == 1


def test_a_session_that_the_network_forgot_ends_with_a_new_join(joined):
    joined.radio.send(1, b"a")
    assert joined.radio.join(anew=True)
    joined.radio.send(1, b"b")
    assert len(joined.network.joins) == 2
    assert [uplink.f_cnt for uplink in joined.network.uplinks] == [0, 0]


def test_power_loss_of_the_modem_is_noticed_and_healed(joined):
    joined.radio.send(1, b"a")
    joined.modem.power(False)
    joined.modem.power(True)
    with pytest.raises(RadioError) as failure:
        joined.radio.send(1, b"b")
    assert failure.value.kind == NOT_JOINED
    assert not joined.radio.joined()
    assert joined.radio.join()
    joined.radio.send(1, b"b")
    assert joined.network.uplinks[-1].data == b"b"


def test_downlink_with_port_data_and_signal(joined):
    joined.network.downlinks = [
        Downlink(11, b"\x3e\x99", acknowledges=False, f_pending=True, rssi=-84, snr=6)
    ]
    [received] = joined.radio.send(1, b"a")
    assert (received.port, received.payload, received.rssi, received.snr) == (11, b"\x3e\x99", -84, 60)
    assert joined.radio.pending is joined.kind.tells_pending
    assert not joined.radio.acknowledged


@pytest.mark.parametrize("window", [1, 2])
def test_the_longest_downlink(joined, window):
    payload = bytes(range(242))
    joined.network.downlinks = [Downlink(223, payload, acknowledges=False, window=window)]
    [received] = joined.radio.send(1, b"a")
    assert received.payload == payload


def test_confirmed_frames(joined):
    joined.radio.send(1, b"a", confirmed=True)
    assert joined.radio.acknowledged
    joined.radio.send(1, b"b")
    assert not joined.radio.acknowledged


def test_an_unanswered_confirmed_frame_is_not_repeated_with_what_was_true_before(joined):
    joined.network.downlinks = [None]
    joined.radio.send(1, b"a", confirmed=True)
    assert not joined.radio.acknowledged
    joined.radio.send(1, b"b")
    assert [(uplink.f_cnt, uplink.data) for uplink in joined.network.uplinks] == [(0, b"a"), (1, b"b")]


@pytest.mark.parametrize(("data_rate", "most"), [(0, 51), (2, 51), (3, 115), (4, 242), (5, 242)])
def test_payload_limits(bench, data_rate, most):
    bench.configure(data_rate=data_rate)
    bench.radio.join()
    bench.clock.run_until(bench.clock.now_us + 400_000_000)
    assert bench.radio.max_payload() == most
    with pytest.raises(RadioError) as failure:
        bench.radio.send(1, bytes(most + 1))
    assert failure.value.kind == TOO_LONG
    assert bench.network.uplinks == []
    bench.radio.send(1, bytes(most))
    assert len(bench.network.uplinks[0].data) == most


@only("wio_e5")
def test_adr_steers_rate_and_payload(bench):
    bench.configure(data_rate=0, adr=True)
    bench.radio.join()
    assert bench.radio.max_payload() == 51
    bench.clock.run_until(bench.clock.now_us + 200_000_000)
    bench.network.downlinks = [Downlink(None, b"", acknowledges=False, adr_data_rate=5)]
    assert bench.radio.send(1, b"a") == []
    bench.clock.run_until(bench.clock.now_us + 200_000_000)
    assert bench.radio.max_payload() == 240  # the answer to the network takes two bytes
    bench.radio.send(1, b"b")
    assert bench.network.uplinks[-1].data_rate == 5
    assert bench.radio.max_payload() == 242
    bench.reboot_board()
    bench.configure(data_rate=0, adr=True)  # does not undo what the network steered
    assert bench.radio.max_payload() == 242


def test_the_duty_cycle_is_kept_and_the_wait_told(bench):
    bench.configure(data_rate=0)
    bench.radio.join()
    bench.clock.run_until(bench.clock.now_us + 200_000_000)
    bench.radio.send(1, bytes(51))
    with pytest.raises(RadioError) as failure:
        bench.radio.send(1, bytes(51))
    assert failure.value.kind == NO_CHANNEL
    assert 260_000 < failure.value.wait_ms < 280_000  # 2.8 s on air, 1 %
    bench.clock.run_until(bench.clock.now_us + 1000 * failure.value.wait_ms)
    bench.radio.send(1, bytes(51))
    first, second = bench.network.uplinks
    assert second.sent_us - first.sent_us >= 99 * first.airtime_us


def test_network_time(joined):
    assert joined.radio.network_time() is None
    gps = 1_770_000_100 - 315_964_800 + 18
    joined.network.downlinks = [Downlink(None, b"", acknowledges=False, device_time=gps)]
    joined.radio.send(1, b"a")
    [uplink] = joined.network.uplinks
    assert uplink.device_time_request
    told = joined.radio.network_time()
    assert told == 1_770_000_100 + (joined.clock.now_us - uplink.sent_us) // 1_000_000
    joined.clock.run_until(joined.clock.now_us + 86_400_000_000)
    assert 86_400 <= joined.radio.network_time() - told <= 86_401


@pytest.mark.parametrize(
    ("kind", "orders"),
    [("wio_e5", ["AT+LOWPOWER=AUTOOFF", "AT+ID=DevEui", "AT+ID=AppEui"]), ("rak3172", [])],
    indirect=["kind"],
)
def test_nothing_is_written_twice(joined, orders):
    joined.modem.commands.clear()
    joined.reboot_board()
    joined.configure()
    written = [line for line in joined.modem.commands if "=" in line and not line.endswith("=?")]
    assert written == orders


def test_a_new_identity_ends_the_old_session(joined):
    joined.radio.send(1, b"a")
    joined.configure(join_eui=bytes(8))
    assert not joined.radio.joined()
    assert joined.radio.join()
    assert joined.network.joins[-1].join_eui == bytes(8)


def test_the_modems_own_eui_is_kept(bench):
    bench.configure(dev_eui=None)
    assert bench.radio.join()
    assert bench.network.joins[0].dev_eui.hex() == "2cf7f12024900138"


def test_factory_reset_is_noticed_and_repaired(joined):
    joined.modem.factory_reset()
    assert joined.modem.settings.region == "US915"
    joined.configure()
    assert joined.modem.settings.region == "EU868"
    assert joined.radio.join()


@only("wio_e5")
@pytest.mark.parametrize("mode", ["AUTOON", "deep"])
def test_a_sleeping_modem_is_woken(joined, mode):
    joined.radio.send(1, b"a")
    joined.modem.receive(b"AT+LOWPOWER\r\n" if mode == "deep" else b"AT+LOWPOWER=AUTOON\r\n")
    radio = joined.reboot_board()
    assert radio.joined()
    radio.send(1, b"b")
    assert len(joined.network.uplinks) == 2


@only("wio_e5")
def test_in_auto_mode_a_command_without_the_wake_bytes_is_not_heard(joined):
    joined.radio.sleep()
    joined.clock.run_until(joined.clock.now_us + 100_000)
    joined.modem.commands.clear()
    joined.uart.write(b"AT\r\n\xff\xff\xffAT\r\n\xff\xff\xff\xffAT\r\n")
    joined.clock.run_until(joined.clock.now_us + 100_000)
    assert list(joined.modem.commands) == ["AT"]


def test_time_of_setting_up(bench):
    bench.configure()
    assert bench.clock.now_us < 7_000_000  # all is to be written, with a restart of the modem
    bench.reboot_board()
    start = bench.clock.now_us
    bench.configure()
    assert bench.clock.now_us - start < 750_000  # all is as it should be


def test_time_of_a_send(joined):
    start = joined.clock.now_us = joined.clock.now_us + 10_000_000  # a channel is free again
    joined.radio.send(1, bytes(10))
    # Commands (at 9600 baud), 61.7 ms on air, two seconds to the second window, that window, and 0.2 s for a
    # line of a downlink that may follow.
    assert 2_300_000 < joined.clock.now_us - start < 2_650_000
