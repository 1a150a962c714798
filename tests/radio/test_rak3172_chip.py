"""The simulated RAK3172 against the source of the real one's firmware (RUI 5.0) and its AT manual."""

import pytest
from tests.radio.conftest import DEV_EUI, UART, Network, NoDutyCycle

from luftpegel_tools.air.modem_messages import Downlink
from luftpegel_tools.virtual_board.chips.rak3172 import BANNER, Rak3172
from luftpegel_tools.virtual_time.clock import VirtualClock

SET_UP = ("AT+BAND=4", "AT+DR=5", "AT+ADR=0")


class Terminal:
    def __init__(self, separator=":"):
        self.clock = VirtualClock()
        self.network = Network()
        self.modem = Rak3172(self.network, DEV_EUI, separator)
        self.modem.clock = self.clock
        self.uart = UART(self.clock, self.modem, 115_200)
        self.modem.line = self.uart

    def type(self, line, seconds=30):
        self.uart.write(line.encode() + b"\r\n")
        return self.hear(seconds)

    def hear(self, seconds):
        self.clock.run_until(self.clock.now_us + int(seconds * 1_000_000))
        return [line for line in self.uart.read(self.uart.any()).decode().split("\r\n") if line]


@pytest.fixture
def terminal():
    return Terminal()


@pytest.fixture
def joined(terminal):
    for line in (*SET_UP, "AT+JOIN=1:0:8:0"):
        terminal.type(line)
    return terminal


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("AT", ["OK"]),
        ("at+ver=?", ["AT+VER=RUI_5.0.0_RAK3172-E", "OK"]),
        ("AT+NWM=?", ["AT+NWM=1", "OK"]),
        ("AT+DEVEUI=?", ["AT+DEVEUI=2CF7F12024900138", "OK"]),
        ("AT+DEVEUI=26C518F8EF840E5D", ["OK"]),
        ("AT+APPKEY=1234567890abcdef1234567890ABCDEF", ["OK"]),
        ("AT+BAND=?", ["AT+BAND=5", "OK"]),
        ("AT+BAND=4", ["OK"]),
        ("AT+NJM=1", ["OK"]),
        ("AT+NJS=?", ["AT+NJS=0", "OK"]),
        ("AT+JOIN=?", ["AT+JOIN=0:0:8:0", "OK"]),
        ("AT+JOIN=0", ["OK"]),
        ("AT+CLASS=?", ["AT+CLASS=A", "OK"]),
        ("AT+CLASS=c", ["OK"]),
        ("AT+CFM=1", ["OK"]),
        ("AT+RETY=7", ["OK"]),
        ("AT+ADR=?", ["AT+ADR=1", "OK"]),
        ("AT+DR=?", ["AT+DR=0", "OK"]),
        ("AT+DCS=1", ["OK"]),
        ("AT+PNM=?", ["AT+PNM=1", "OK"]),
        ("AT+LPM=1", ["OK"]),
        ("AT+TIMEREQ=?", ["AT+TIMEREQ=0", "OK"]),
        ("AT+LTIME=?", ["AT+LTIME=06h27m58s on 02/07/2106", "OK"]),  # 18 s before its zero
        ("ATZ", list(filter(None, BANNER.decode().split("\r\n")))),
    ],
)
def test_answers(terminal, line, answer):
    assert terminal.type(line) == answer


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("AT+NONSENSE", "AT_COMMAND_NOT_FOUND"),
        ("hello", "AT_COMMAND_NOT_FOUND"),
        ("AT=1", "AT_PARAM_ERROR"),
        ("AT+BAND", "AT_PARAM_ERROR"),
        ("AT+BAND=", "AT_PARAM_ERROR"),
        ("AT+BAND=13", "AT_PARAM_ERROR"),
        ("AT+BAND=x", "AT_PARAM_ERROR"),
        ("AT+BAND=0", "AT_UNSUPPORTED_BAND"),
        ("AT+DEVEUI=12", "AT_PARAM_ERROR"),
        ("AT+APPKEY=1234567890ABCDEF1234567890ABCDEG", "AT_PARAM_ERROR"),
        ("AT+DR=16", "AT_PARAM_ERROR"),
        ("AT+RETY=8", "AT_PARAM_ERROR"),
        ("AT+CLASS=D", "AT_PARAM_ERROR"),
        ("AT+NJS=1", "AT_PARAM_ERROR"),
        ("AT+NWM=3", "AT_PARAM_ERROR"),
        ("AT+JOIN=1,0,8,0", "AT_PARAM_ERROR"),
        ("AT+JOIN=1:0:6:0", "AT_PARAM_ERROR"),
        ("AT+JOIN=1:0:8:0:0", "AT_PARAM_ERROR"),
        ("AT+TIMEREQ=1", "AT_NO_NETWORK_JOINED"),
        ("AT+SEND=1:00", "AT_NO_NETWORK_JOINED"),
        ("AT+SEND=0:00", "AT_PARAM_ERROR"),
        ("AT+SEND=224:00", "AT_PARAM_ERROR"),
        ("AT+SEND=1:", "AT_PARAM_ERROR"),
        ("AT+SEND=1:0", "AT_PARAM_ERROR"),
        ("AT+SEND=1:0G", "AT_PARAM_ERROR"),
        ("AT+SEND=1:" + "00" * 251, "AT_PARAM_ERROR"),
        ("AT+SEND", "AT_PARAM_ERROR"),
    ],
)
def test_refusals(terminal, line, status):
    assert terminal.type(line) == [status]


def test_a_version_that_wants_commas():
    terminal = Terminal(",")
    terminal.type("AT+BAND=4")
    assert terminal.type("AT+JOIN=?") == ["AT+JOIN=0,0,8,0", "OK"]
    assert terminal.type("AT+JOIN=1:0:8:0") == ["AT_PARAM_ERROR"]
    assert terminal.type("AT+JOIN=1,0,8,0") == ["OK", "+EVT:JOINED"]


def test_join_and_join_again(joined):
    assert joined.type("AT+NJS=?") == ["AT+NJS=1", "OK"]
    assert joined.type("AT+JOIN") == ["OK", "+EVT:JOINED"]
    joined.network.accept = None
    assert joined.type("AT+JOIN=1") == ["OK", "+EVT:JOIN_FAILED_RX_TIMEOUT"]
    assert joined.type("AT+NJS=?") == ["AT+NJS=0", "OK"]
    assert [request.dev_nonce for request in joined.network.joins] == [1, 2, 3]


def test_frames_and_downlinks(joined):
    assert joined.type("AT+SEND=2:0102") == ["OK", "+EVT:TX_DONE"]
    joined.network.downlinks = [Downlink(2, b"\x3e\x99", acknowledges=False, rssi=-84, snr=6)]
    assert joined.type("AT+SEND=2:0102") == ["OK", "+EVT:TX_DONE", "+EVT:RX_1:-84:6:UNICAST:2:3e99"]
    assert [(uplink.f_port, uplink.data) for uplink in joined.network.uplinks] == [(2, b"\1\2")] * 2


def test_confirmed_frames(joined):
    joined.type("AT+CFM=1")
    joined.type("AT+RETY=1")
    assert joined.type("AT+SEND=2:01") == ["OK", "+EVT:SEND_CONFIRMED_OK"]
    joined.network.downlinks = [None, None]
    assert joined.type("AT+SEND=2:02") == ["OK", "+EVT:SEND_CONFIRMED_FAILED(4)"]
    assert [uplink.data for uplink in joined.network.uplinks] == [b"\1", b"\2", b"\2"]


@pytest.mark.parametrize("why", ["f_pending", "confirmed"])
def test_what_is_pending_it_fetches_by_itself(joined, why):
    joined.modem.stack._band_free_us = NoDutyCycle()
    joined.network.downlinks = [Downlink(2, b"\1", acknowledges=False, **{why: True})]
    downlink = "+EVT:RX_1:-80:8:UNICAST:2:01"
    assert joined.type("AT+SEND=2:01") == ["OK", "+EVT:TX_DONE", downlink, "+EVT:TX_DONE"]
    assert [uplink.data for uplink in joined.network.uplinks] == [b"\1", b""]


def test_device_time(joined):
    assert joined.type("AT+TIMEREQ=1") == ["OK"]
    assert joined.type("AT+SEND=1:00") == ["OK", "+EVT:TX_DONE", "+EVT:TIMEREQ_FAILED"]
    assert joined.type("AT+TIMEREQ=?") == ["AT+TIMEREQ=0", "OK"]
    joined.type("AT+TIMEREQ=1")
    gps = 1_770_000_100 - 315_964_800 + 18
    joined.network.downlinks = [Downlink(None, b"", acknowledges=False, device_time=gps)]
    sent = joined.type("AT+SEND=1:00", seconds=10)
    assert sent == ["OK", "+EVT:TX_DONE", "+EVT:TIMEREQ_OK"]
    assert joined.type("AT+LTIME=?")[0] == "AT+LTIME=02h41m49s on 02/02/2026"
    assert [uplink.device_time_request for uplink in joined.network.uplinks] == [True, True]


def test_busy_while_it_joins_and_while_it_sends(terminal):
    for line in SET_UP:
        terminal.type(line)
    terminal.uart.write(b"AT+JOIN=1\r\n")
    assert terminal.type("AT+JOIN=1") == ["OK", "AT_BUSY_ERROR", "+EVT:JOINED"]
    terminal.uart.write(b"AT+SEND=1:00\r\n")
    assert terminal.type("AT+SEND=1:01") == ["OK", "AT_BUSY_ERROR", "+EVT:TX_DONE"]


def test_in_place_of_what_is_too_long_goes_an_empty_frame(joined):
    joined.type("AT+DR=0")
    assert joined.type("AT+SEND=1:" + "00" * 52) == ["AT_PARAM_ERROR", "+EVT:TX_DONE"]
    assert [uplink.data for uplink in joined.network.uplinks] == [b""]


def test_duty_cycle(joined):
    joined.type("AT+DR=0")
    joined.type("AT+SEND=1:" + "00" * 51)
    wait, status = joined.type("AT+SEND=1:00")
    assert status == "AT_BUSY_ERROR"
    wait_ms = int(wait.removeprefix("Restricted_Wait_").removesuffix("_ms"))
    joined.clock.run_until(joined.clock.now_us + 1000 * (wait_ms - 31_000))  # typing waits 30 s for answers
    assert joined.type("AT+SEND=1:00")[-1] == "AT_BUSY_ERROR"
    assert joined.type("AT+SEND=1:00") == ["OK", "+EVT:TX_DONE"]


def test_data_rate_that_the_network_steered(joined):
    joined.type("AT+ADR=1")
    joined.type("AT+DR=0")
    joined.network.downlinks = [Downlink(None, b"", acknowledges=False, adr_data_rate=4)]
    joined.type("AT+SEND=1:00")
    assert joined.type("AT+DR=?") == ["AT+DR=4", "OK"]
    joined.type("AT+DR=1")
    assert joined.type("AT+DR=?") == ["AT+DR=1", "OK"]


def test_a_change_of_mode_forgets_and_restarts(joined):
    said = joined.type("AT+NWM=0")
    assert said[0].startswith("OKRAKwireless")  # its OK has no end of line
    assert joined.type("AT+NJS=?") == ["AT_MODE_NO_SUPPORT"]
    assert joined.type("AT+SEND=1:00") == ["AT_MODE_NO_SUPPORT"]
    joined.type("AT+NWM=1")
    assert joined.type("AT+NJS=?") == ["AT+NJS=0", "OK"]
    assert joined.type("AT+BAND=?") == ["AT+BAND=5", "OK"]


def test_deaf_while_it_boots_and_while_it_writes_its_flash(terminal):
    terminal.type("ATZ", seconds=0.1)
    assert "OK" not in terminal.type("AT", seconds=1)
    terminal.type("AT+DR=1", seconds=0.1)
    assert terminal.type("AT+DR=2", seconds=1) == []
    assert terminal.type("AT+DR=?") == ["AT+DR=1", "OK"]
    assert terminal.modem.trampled == len("ATAT+DR=2")


def test_asleep_it_hears_the_first_byte_wrong(terminal):
    terminal.type("AT+LPM=1")
    assert terminal.type("AT") == ["AT_COMMAND_NOT_FOUND"]
    assert terminal.type("\x08\x08AT") == ["OK"]


def test_power_loss_in_the_middle_of_a_frame(joined):
    joined.uart.write(b"AT+SEND=1:00\r\n")
    joined.clock.run_until(joined.clock.now_us + 20_000)
    joined.modem.power(False)
    joined.clock.run_until(joined.clock.now_us + 10_000_000)
    joined.modem.power(True)
    joined.hear(1)
    assert joined.network.uplinks == []
    assert joined.type("AT+NJS=?") == ["AT+NJS=0", "OK"]
    assert joined.type("AT+BAND=?") == ["AT+BAND=4", "OK"]


def test_another_region_is_heard_by_nobody(joined):
    joined.type("AT+BAND=5")
    assert joined.type("AT+SEND=1:00") == ["OK", "+EVT:TX_DONE"]
    assert joined.network.uplinks == []
