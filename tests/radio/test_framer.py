"""Any byte stream: lines come out whole, nothing else is raised than RadioError, and each call ends."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.radio.conftest import BYTE_US, KINDS, UART, BoardTime

from lora_radio import RadioError
from lora_radio.at import LONGEST_LINE, MAX_EVENTS, Dialogue, Framer
from luftpegel_tools.virtual_time.clock import VirtualClock

LONGEST_CALL_S = 120  # the watchdog of a station

WORDS = {
    "wio_e5": [
        b"+MSGHEX: Start", b"+MSGHEX: Done", b"+MSGHEX: ", b'PORT: 2; RX: "', b'"', b"\r\n", b"\n", b"\r",
        b"RXWIN1, RSSI -84, SNR 6.0", b"RSSI ", b"SNR .", b"+AT: OK", b"+AT: ERROR(-10)", b"+LW: LEN, ",
        b"+LW: ULDL, ", b"+RTC: 2026-04-30 12:30:49.465", b"+RTC: ", b"+LOWPOWER: AUTOOFF",
        b"+LOWPOWER: WAKEUP", b"+PORT: 1", b"No band in ", b"LoRaWAN modem is busy", b"+JOIN: Start",
        b"+JOIN: Joined already", b"+KEY: APPKEY ", b"+DR: EU868", b"-", b"99", b"\xff" * 4,
    ],
    "rak3172": [
        b"AT+NWM=1\r\n", b"OK", b"OK\r\n", b"AT_BUSY_ERROR\r\n", b"AT_PARAM_ERROR\r\n", b"AT_", b"\r\n",
        b"\n", b"\r", b"+EVT:", b"+EVT:JOINED\r\n", b"+EVT:JOIN_FAILED_RX_TIMEOUT\r\n", b"+EVT:TX_DONE\r\n",
        b"+EVT:SEND_CONFIRMED_OK\r\n", b"+EVT:RX_1:-70:8:UNICAST:2:3e99\r\n", b"RX_2:", b":", b"-", b"99",
        b"Restricted_Wait_", b"_ms\r\n", b"+EVT:TIMEREQ_OK\r\n", b"AT+LTIME=", b"12h30m49s on 04/30/2026",
        b"AT+DR=", b"AT+DR=5\r\n", b"AT+NJS=1\r\n", b"AT+CFM=0\r\n", b"AT+LPM=?\r\n", b"\x08 \x08",
    ],
}  # fmt: skip
NOISES = {
    name: st.lists(st.one_of(st.sampled_from(words), st.binary(max_size=40)), max_size=30).map(b"".join)
    for name, words in WORDS.items()
}


class Babbler:
    """A wire that answers whatever is sent with the next noise."""

    def __init__(self, noises, baud):
        self._noises = noises
        self._baud = baud
        self._turn = 0

    def receive(self, _data):
        self._turn += 1
        self.uart.carry(self._noises[self._turn % len(self._noises)], self.uart._clock.now_us, self._baud)


def talk(name, noises, call, babble=None):
    kind = KINDS[name]
    clock = VirtualClock()
    babbler = Babbler(noises, kind.baud)
    babbler.uart = UART(clock, babbler, kind.baud)
    radio = kind.driver(babbler.uart, clock=BoardTime(clock))
    radio._key = bytes(16)
    if babble:
        babble(clock, babbler.uart, kind.baud)
    with contextlib.suppress(RadioError):
        call(radio)
    assert clock.now_us < LONGEST_CALL_S * 1_000_000


CALLS = [
    lambda radio: radio.send(1, b"a"),
    lambda radio: radio.send(1, b"a", confirmed=True),
    lambda radio: radio.join(),
    lambda radio: radio.joined(),
    lambda radio: radio.max_payload(),
    lambda radio: radio.network_time(),
    lambda radio: radio.sleep(),
    lambda radio: radio.configure("EU868", bytes(8), bytes(8), bytes(16), 5, False),
]


NAMED_NOISES = st.sampled_from(sorted(KINDS)).flatmap(
    lambda name: st.tuples(st.just(name), st.lists(NOISES[name], min_size=1, max_size=6))
)


@settings(max_examples=120, deadline=None)
@given(NAMED_NOISES, st.sampled_from(CALLS))
def test_no_noise_hangs_or_breaks_a_call(named, call):
    talk(*named, call)


@settings(max_examples=120, deadline=None)
@given(NAMED_NOISES, st.sampled_from(CALLS))
def test_nor_on_a_modem_that_can_be_woken(named, call):
    name, noises = named
    talk(name, [KINDS[name].ready[1] + noise for noise in noises], call)


@pytest.mark.parametrize(
    ("name", "noise"),
    [
        ("wio_e5", b"\xa5"),
        ("wio_e5", b"A"),
        ("wio_e5", b"+A: b\r\n"),
        ("wio_e5", b"+LOWPOWER: AUTOOFF\r\n+MSGHEX: Start\r\n"),
        ("rak3172", b"\xa5"),
        ("rak3172", b"OK\r\n"),
        ("rak3172", b"AT_BUSY_ERROR\r\n"),
        ("rak3172", b"AT+NWM=1\r\nAT+DR=5\r\nAT+NJS=0\r\nAT+CFM=0\r\n"),
        ("rak3172", b"AT+NWM=1\r\nAT+DR=5\r\nAT+CFM=0\r\nOK\r\n+EVT:TX_DONE\r\n+EVT:RX_1:0:0:U:1:00\r\n"),
    ],
)
@pytest.mark.parametrize("call", range(len(CALLS)))
def test_a_wire_that_never_falls_silent(name, noise, call):
    def babble(clock, uart, baud):
        uart.carry(noise, clock.now_us, baud)
        clock.call_later(len(noise) * BYTE_US, babble, clock, uart, baud)

    talk(name, [noise], CALLS[call], babble)


@given(st.lists(st.binary(max_size=60)))
def test_lines_do_not_depend_on_how_the_bytes_arrive(chunks):
    in_chunks = Framer()
    lines = [line for chunk in chunks for line in in_chunks.feed(chunk)]
    assert lines == Framer().feed(b"".join(chunks))
    assert all(line.isprintable() and len(line) <= LONGEST_LINE for line in lines)


@given(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=80)))
def test_every_clean_line_comes_out(lines):
    assert Framer().feed("\r\n".join([*lines, ""]).encode()) == lines


def test_an_overlong_line_is_dropped_and_takes_no_memory():
    framer = Framer()
    assert framer.feed(b"x" * 50_000) == []
    assert len(framer._line) <= LONGEST_LINE + 1
    assert framer.feed(b"\r\n+AT: OK\r\n") == ["+AT: OK"]


def test_strays_are_kept_within_bounds():
    dialogue = Dialogue()
    dialogue.begin(("+A: ",), 0, 1000)
    dialogue.feed(b"".join(b"line %d\r\n" % number for number in range(20)) + b"noise+A: 1\r\n")
    assert dialogue.reply() == ("+A: ", "1")
    assert dialogue.reply() is None
    assert dialogue.events() == [f"line {number}" for number in range(20 - MAX_EVENTS, 20)]
    assert dialogue.events() == []


def test_deadlines_over_the_wrap_of_ticks():
    dialogue = Dialogue()
    dialogue.begin(("+A: ",), 2**30 - 100, 1000)
    assert not dialogue.expired(2**30 - 1)
    assert not dialogue.expired(899)
    assert dialogue.expired(900)
