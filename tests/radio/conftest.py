"""Benches that join a driver with its simulated modem, or with a script, under CPython in virtual time."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from luftpegel_tools.air.modem_messages import Downlink, JoinAccept
from luftpegel_tools.virtual_board.chips.base import BITS_PER_BYTE
from luftpegel_tools.virtual_board.chips.rak3172 import Rak3172 as Rak3172Modem
from luftpegel_tools.virtual_board.chips.wio_e5 import WioE5 as WioE5Modem
from luftpegel_tools.virtual_time.clock import VirtualClock

FIRMWARE_LIB = Path(__file__).parents[2] / "firmware" / "lib"
if str(FIRMWARE_LIB) not in sys.path:
    sys.path.append(str(FIRMWARE_LIB))

from lora_radio.rak3172 import Rak3172  # noqa: E402
from lora_radio.wio_e5 import WioE5  # noqa: E402

DEV_EUI = bytes.fromhex("2CF7F12024900138")
JOIN_EUI = bytes.fromhex("0011223344556677")
APP_KEY = bytes.fromhex("DEADBEEF0123456789ABCDEF5EC2E701")
TICK_US = 5
RX_BUFFER = 1024
BYTE_US = BITS_PER_BYTE * 1_000_000 // 9600


@dataclass(frozen=True)
class Kind:
    """A modem: its driver and its chip, and words of its language that tests use."""

    driver: Callable
    chip: Callable
    baud: int
    ready: tuple[bytes, bytes]  # what a script answers, so that it can be woken: start of a command, answer
    frame: bytes  # sends one zero byte
    asks_twice: bool  # whether only a join can tell about a session without frames
    tells_pending: bool  # whether it tells that the network has more
    tells_empty: bool  # whether it tells of a downlink without payload


KINDS = {
    "wio_e5": Kind(
        driver=WioE5,
        chip=WioE5Modem,
        baud=9600,
        ready=(b"AT+LOWPOWER=AUTOOFF", b"+LOWPOWER: AUTOOFF\r\n"),
        frame=b'AT+MSGHEX="00"\r\n',
        asks_twice=True,
        tells_pending=True,
        tells_empty=True,
    ),
    "rak3172": Kind(
        driver=Rak3172,
        chip=Rak3172Modem,
        baud=115_200,
        ready=(b"AT+NWM=?", b"AT+NWM=1\r\n\r\nOK\r\n"),
        frame=b"\x08\x08AT+SEND=1:00\r\n",
        asks_twice=False,
        tells_pending=False,
        tells_empty=False,
    ),
}


def only(name):
    """Mark a test that is about one modem."""
    return pytest.mark.parametrize("kind", [name], indirect=True)


class BoardTime:
    def __init__(self, clock):
        self._clock = clock

    def ticks_ms(self):
        self._clock.run_until(self._clock.now_us + TICK_US)
        return self._clock.now_us // 1000 % 2**30

    def sleep_ms(self, ms):
        self._clock.run_until(self._clock.now_us + 1000 * ms)


class UART:
    """The board's side of the wire, with a receive buffer that overflows."""

    def __init__(self, clock, device, baudrate=9600):
        self._clock = clock
        self._device = device
        self._byte_us = BITS_PER_BYTE * 1_000_000 // baudrate
        self._received = bytearray()
        self._sent_us = 0
        self.written = bytearray()

    def any(self):
        return len(self._received)

    def read(self, count):
        data = bytes(self._received[:count])
        del self._received[:count]
        return data

    def write(self, data):
        self.written += data
        self._sent_us = max(self._sent_us, self._clock.now_us) + len(data) * self._byte_us
        self._clock.call_at(self._sent_us, self._device.receive, bytes(data))
        return len(data)

    def carry(self, data, start_us, baudrate):
        byte_us = BITS_PER_BYTE * 1_000_000 // baudrate
        for index, byte in enumerate(data, 1):
            self._clock.call_at(start_us + index * byte_us, self._arrive, byte)

    def _arrive(self, byte):
        if len(self._received) < RX_BUFFER:
            self._received.append(byte)


class Network:
    """Keeps what it hears; answers from `downlinks`, the next one to the next uplink."""

    def __init__(self):
        self.joins = []
        self.uplinks = []
        self.accept = JoinAccept(0x26011234)
        self.downlinks = []

    def join(self, request):
        self.joins.append(request)
        return self.accept

    def uplink(self, uplink):
        self.uplinks.append(uplink)
        if self.downlinks:
            return self.downlinks.pop(0)
        return Downlink(None, b"", acknowledges=True) if uplink.confirmed else None


class NoDutyCycle(dict):
    """In place of when each band is free again: now, so that frames may follow each other."""

    def __setitem__(self, band, free_us):
        pass


class Bench:
    """Driver and modem on one clock."""

    def __init__(self, kind):
        self.kind = kind
        self.clock = VirtualClock(epoch=1_770_000_000)
        self.time = BoardTime(self.clock)
        self.network = Network()
        self.modem = kind.chip(self.network, DEV_EUI)
        self.modem.clock = self.clock
        self.uart = UART(self.clock, self.modem, kind.baud)
        self.modem.line = self.uart
        self.reboot_board()

    def reboot_board(self, reset=None):
        """The board slept deeply: a new driver, the modem as it was."""
        self.radio = self.kind.driver(self.uart, reset, clock=self.time)
        return self.radio

    def configure(self, data_rate=5, adr=False, **changes):
        options = {"dev_eui": DEV_EUI, "join_eui": JOIN_EUI, "app_key": APP_KEY, **changes}
        self.radio.configure("EU868", data_rate=data_rate, adr=adr, **options)
        return self.radio

    def seconds(self):
        return self.clock.now_us / 1e6


class Pin:
    """A reset pin: low takes the modem's power."""

    def __init__(self, modem):
        self._modem = modem

    def value(self, level):
        self._modem.power(bool(level))


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


@pytest.fixture
def bench(kind):
    return Bench(kind)


@pytest.fixture
def joined(bench):
    bench.configure()
    assert bench.radio.join()
    return bench


class Script:
    """A modem that plays a part: `parts` maps the start of a command to its answers (delay in ms, bytes)."""

    def __init__(self, kind):
        self.clock = VirtualClock()
        self._free_us = 0
        self._baud = kind.baud
        start, answer = kind.ready
        self.parts = {start: [(5, answer)]}
        self.heard = []
        self.uart = UART(self.clock, self, kind.baud)
        self.time = BoardTime(self.clock)
        self.radio = kind.driver(self.uart, clock=self.time)

    def receive(self, data):
        for line in data.translate(None, b"\xff\x08").split(b"\r\n"):
            if line:
                self.heard.append(line.decode())
                self._answer(line)

    def _answer(self, line):
        for start, lines in self.parts.items():
            if line.startswith(start):
                for delay_ms, answer in lines:
                    self.say(answer, delay_ms)

    def say(self, data, delay_ms=0):
        start_us = max(self.clock.now_us + 1000 * delay_ms, self._free_us)
        self._free_us = start_us + len(data) * BITS_PER_BYTE * 1_000_000 // self._baud
        self.uart.carry(data, start_us, self._baud)

    def in_turn(self, command, answers):
        """Let each further `command` have the next of the answers."""
        answers = list(answers)
        answer = self._answer

        def answering(line):
            if line == command:
                self.say(answers.pop(0))
            answer(line)

        self._answer = answering


@pytest.fixture
def script():
    return Script(KINDS["wio_e5"])


@pytest.fixture
def rak_script():
    return Script(KINDS["rak3172"])
