"""The simulated Wio-E5 against recorded sessions of the real one (firmware 4.0.11) and its specification."""

import pytest
from tests.radio.conftest import DEV_EUI, UART, Network

from luftpegel_tools.air.modem_messages import Downlink
from luftpegel_tools.virtual_board.chips.wio_e5 import WioE5
from luftpegel_tools.virtual_time.clock import VirtualClock

JOINED = ["+JOIN: Start", "+JOIN: NORMAL", "+JOIN: Network joined", "+JOIN: NetID 000000 DevAddr 26:01:12:34"]


class Terminal:
    def __init__(self):
        self.clock = VirtualClock()
        self.network = Network()
        self.modem = WioE5(self.network, DEV_EUI)
        self.modem.clock = self.clock
        self.uart = UART(self.clock, self.modem)
        self.modem.line = self.uart

    def type(self, line, seconds=30):
        self.uart.write(line.encode() + b"\r\n")
        self.clock.run_until(self.clock.now_us + seconds * 1_000_000)
        return self.uart.read(self.uart.any()).decode().split("\r\n")[:-1]


@pytest.fixture
def terminal():
    return Terminal()


@pytest.fixture
def joined(terminal):
    for line in ("AT+MODE=LWOTAA", "AT+DR=EU868", "AT+DR=5", "AT+ADR=OFF", "AT+JOIN"):
        terminal.type(line)
    return terminal


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("AT", ["+AT: OK"]),
        ("at+ver", ["+VER: 4.0.11"]),
        (
            "AT+ID",
            [
                "+ID: DevAddr, 24:90:01:38",
                "+ID: DevEui, 2C:F7:F1:20:24:90:01:38",
                "+ID: AppEui, 80:00:00:00:00:00:00:06",
            ],
        ),
        ('AT+ID=DevEui,"26C518F8EF840E5D"', ["+ID: DevEui, 26:C5:18:F8:EF:84:0E:5D"]),
        (
            "AT+KEY=APPKEY,1234567890ABCDEF1234567890ABCDEF",
            ["+KEY: APPKEY 1234567890ABCDEF1234567890ABCDEF"],
        ),
        ("AT+DR=EU868", ["+DR: EU868"]),
        ("AT+MODE=LWOTAA", ["+MODE: LWOTAA"]),
        ("AT+CLASS=A", ["+CLASS: A"]),
        ("AT+PORT=8", ["+PORT: 8"]),
        ("AT+ADR=OFF", ["+ADR: OFF"]),
        ("AT+ADR=?", ["+ADR: ON"]),
        ("AT+RETRY=2", ["+RETRY: 2"]),
        ("AT+REPT", ["+REPT: 1"]),
        ("AT+LW=LEN", ["+LW: LEN, 51"]),
        ("AT+LW=ULDL", ["+LW: ULDL, 0, 0"]),
        ("AT+LW=DTR", ["+LW: DTR"]),
        ("AT+RTC", ["+RTC: 2020-01-01 00:00:00"]),
        ("AT+RESET", ["+RESET: OK"]),
        ("AT+FDEFAULT", ["+FDEFAULT: OK"]),
        ("AT+LOWPOWER=AUTOON", ["+LOWPOWER: AUTOON"]),
        ("AT+LOWPOWER", ["+LOWPOWER: SLEEP"]),
    ],
)
def test_answers(terminal, line, answer):
    assert terminal.type(line) == answer


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("AT+NONSENSE", "+AT: ERROR(-10)"),
        ("hello", "+AT: ERROR(-10)"),
        ("AT+KEY=APPKEY,1234567890", "+KEY: ERROR(-1)"),
        ("AT+KEY", "+KEY: ERROR(-1)"),
        ("AT+ID=DevEui,12", "+ID: ERROR(-1)"),
        ("AT+ID=Name", "+ID: ERROR(-1)"),
        ("AT+DR=US915_HYBRID", "+DR: ERROR(-1)"),
        ("AT+DR=16", "+DR: ERROR(-1)"),
        ("AT+MODE=SOMETHING", "+MODE: ERROR(-1)"),
        ("AT+PORT=0", "+PORT: ERROR(-1)"),
        ("AT+PORT=x", "+PORT: ERROR(-1)"),
        ("AT+LW", "+LW: ERROR(-1)"),
        ('AT+MSGHEX="0G"', "+MSGHEX: ERROR(-1)"),
        ("AT+MSGHEX=" + "00" * 300, "+AT: ERROR(-21)"),
        ("AT+MSGHEX=00", "+MSGHEX: Please join network first"),
        ("AT+JOIN", "+JOIN: Not in JOIN mode"),
    ],
)
def test_refusals(terminal, line, answer):
    assert terminal.type(line) == [answer]


def test_data_rate_of_the_region(terminal):
    terminal.type("AT+DR=EU868")
    assert terminal.type("AT+DR=4") == ["+DR: DR4", "+DR: EU868 DR4  SF8  BW125K "]
    scheme = terminal.type("AT+DR=SCHEME")
    assert scheme[0] == "+DR: EU868"
    assert scheme[1] == "+DR: EU868 DR0  SF12 BW125K "


def test_data_rate_that_the_network_steered(joined):
    joined.type("AT+ADR=ON")
    joined.type("AT+DR=0")
    joined.network.downlinks = [Downlink(None, b"", acknowledges=False, adr_data_rate=5)]
    joined.type("AT+MSGHEX")
    assert joined.type("AT+DR") == [
        "+DR: DR0 (ADR DR5)",
        "+DR: EU868 DR5  SF7  BW125K ",
        "+DR: EU868 DR0  SF12 BW125K ",
    ]


def test_join_and_join_again(terminal):
    terminal.type("AT+MODE=LWOTAA")
    terminal.type("AT+DR=EU868")
    terminal.type("AT+DR=5")
    assert terminal.type("AT+JOIN") == [*JOINED, "+JOIN: Done"]
    assert terminal.type("AT+JOIN") == ["+JOIN: Joined already"]
    assert terminal.type("AT+JOIN=FORCE") == [*JOINED, "+JOIN: Done"]
    terminal.network.accept = None
    assert terminal.type("AT+JOIN=FORCE") == [*JOINED[:2], "+JOIN: Join failed", "+JOIN: Done"]
    assert [request.dev_nonce for request in terminal.network.joins] == [1, 2, 3]


def test_confirmed_message(joined):
    joined.network.downlinks = [Downlink(2, b"\x3e\x99", acknowledges=True, f_pending=True, rssi=-84, snr=6)]
    assert joined.type('AT+CMSGHEX="0102"') == [
        "+CMSGHEX: Start",
        "+CMSGHEX: Wait ACK",
        "+CMSGHEX: FPENDING",
        "+CMSGHEX: ACK Received",
        '+CMSGHEX: PORT: 2; RX: "3E99"',
        "+CMSGHEX: RXWIN1, RSSI -84, SNR 6.0",
        "+CMSGHEX: Done",
    ]


def test_link_check(joined):
    assert joined.type("AT+LW=LCR") == ["+LW: LCR"]
    joined.network.downlinks = [Downlink(None, b"", acknowledges=False, link_check=(20, 1))]
    assert joined.type("AT+MSGHEX") == [
        "+MSGHEX: Start",
        "+MSGHEX: Link 20, 1",
        "+MSGHEX: RXWIN1, RSSI -80, SNR 8.0",
        "+MSGHEX: Done",
    ]
    assert joined.network.uplinks[0].link_check_request


def test_busy_while_it_sends(joined):
    joined.uart.write(b"AT+MSGHEX=00\r\n")
    assert joined.type("AT+MSGHEX=01") == [
        "+MSGHEX: Start",
        "+MSGHEX: LoRaWAN modem is busy",
        "+MSGHEX: Done",
    ]


def test_too_long_for_the_data_rate(joined):
    joined.type("AT+DR=0")
    assert joined.type("AT+MSGHEX=" + "00" * 52) == ["+MSGHEX: Length error 51"]


def test_duty_cycle(joined):
    joined.type("AT+DR=0")
    joined.type("AT+MSGHEX=" + "00" * 51)
    [refusal] = joined.type("AT+MSGHEX=00")
    wait_ms = int(refusal.removeprefix("+MSGHEX: No band in ").removesuffix("ms"))
    joined.clock.run_until(joined.clock.now_us + 1000 * (wait_ms - 31_000))  # typing waits 30 s for answers
    assert joined.type("AT+MSGHEX=00")[0].startswith("+MSGHEX: No band in ")
    assert joined.type("AT+MSGHEX=00")[0] == "+MSGHEX: Start"


def test_a_month_of_frames_stays_within_one_per_cent(joined):
    joined.type("AT+DR=2")
    start = joined.modem.stack.airtime_us
    begin = joined.clock.now_us
    for _ in range(500):
        joined.type("AT+MSGHEX=" + "00" * 51, seconds=60)
    spent = joined.modem.stack.airtime_us - start
    assert 0 < spent * 100 <= joined.clock.now_us - begin
    assert len(joined.network.uplinks) < 500


def test_another_region_is_heard_by_nobody(joined):
    joined.type("AT+DR=US915")
    assert joined.type("AT+MSGHEX=00") == ["+MSGHEX: Start", "+MSGHEX: Done"]
    assert joined.network.uplinks == []


def test_deep_sleep_loses_the_byte_that_wakes(terminal):
    terminal.type("AT+LOWPOWER")
    assert terminal.type("AT") == ["+LOWPOWER: WAKEUP", "+AT: ERROR(-10)"]
    assert terminal.type("AT") == ["+AT: OK"]


def test_power_loss_in_the_middle_of_a_frame(joined):
    joined.uart.write(b"AT+MSGHEX=00\r\n")
    joined.clock.run_until(joined.clock.now_us + 50_000)
    joined.modem.power(False)
    joined.clock.run_until(joined.clock.now_us + 10_000_000)
    joined.modem.power(True)
    joined.uart.read(joined.uart.any())
    assert joined.network.uplinks == []
    assert joined.type("AT+LW=ULDL") == ["+LW: ULDL, 0, 0"]
    assert joined.type("AT+MSGHEX=00") == ["+MSGHEX: Please join network first"]
    assert joined.type("AT+MODE") == ["+MODE: LWOTAA"]
