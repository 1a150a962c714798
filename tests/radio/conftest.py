"""Benches that join the driver with the simulated modem, or with a script, under CPython in virtual time."""

import sys
from pathlib import Path

import pytest

from luftpegel_tools.town.network import Downlink, JoinAccept
from luftpegel_tools.virtual_board.chips.base import BITS_PER_BYTE
from luftpegel_tools.virtual_board.chips.wio_e5 import WioE5 as Modem
from luftpegel_tools.virtual_board.clock import VirtualClock

FIRMWARE_LIB = Path(__file__).parents[2] / "firmware" / "lib"
if str(FIRMWARE_LIB) not in sys.path:
    sys.path.append(str(FIRMWARE_LIB))

from lora_radio.wio_e5 import WioE5  # noqa: E402

DEV_EUI = bytes.fromhex("2CF7F12024900138")
JOIN_EUI = bytes.fromhex("0011223344556677")
APP_KEY = bytes.fromhex("DEADBEEF0123456789ABCDEF5EC2E701")
TICK_US = 5
RX_BUFFER = 1024
BYTE_US = BITS_PER_BYTE * 1_000_000 // 9600


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


class Bench:
    """Driver and modem on one clock."""

    def __init__(self):
        self.clock = VirtualClock(epoch=1_770_000_000)
        self.time = BoardTime(self.clock)
        self.network = Network()
        self.modem = Modem(self.network, DEV_EUI)
        self.modem.clock = self.clock
        self.uart = UART(self.clock, self.modem)
        self.modem.line = self.uart
        self.radio = WioE5(self.uart, clock=self.time)

    def reboot_board(self):
        """The board slept deeply: a new driver, the modem as it was."""
        self.radio = WioE5(self.uart, clock=self.time)
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


@pytest.fixture
def bench():
    return Bench()


@pytest.fixture
def joined(bench):
    bench.configure()
    assert bench.radio.join()
    return bench


class Script:
    """A modem that plays a part: `parts` maps the start of a command to its answers (delay in ms, bytes)."""

    def __init__(self, clock):
        self._clock = clock
        self._free_us = 0
        self.parts = {b"AT+LOWPOWER=AUTOOFF": [(5, b"+LOWPOWER: AUTOOFF\r\n")]}
        self.heard = []
        self.uart = UART(clock, self)

    def receive(self, data):
        for line in data.replace(b"\xff", b"").split(b"\r\n"):
            if line:
                self.heard.append(line.decode())
                self._answer(line)

    def _answer(self, line):
        for start, lines in self.parts.items():
            if line.startswith(start):
                for delay_ms, answer in lines:
                    self.say(answer, delay_ms)

    def say(self, data, delay_ms=0):
        start_us = max(self._clock.now_us + 1000 * delay_ms, self._free_us)
        self._free_us = start_us + len(data) * BYTE_US
        self.uart.carry(data, start_us, 9600)


@pytest.fixture
def script():
    clock = VirtualClock()
    modem = Script(clock)
    modem.clock = clock
    modem.time = BoardTime(clock)
    modem.radio = WioE5(modem.uart, clock=modem.time)
    return modem
