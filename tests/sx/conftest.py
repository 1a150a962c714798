"""Benches that join a driver with its simulated chip under CPython in virtual time.

A law holds for every bench of every test that does not say otherwise: no command sets more power than the cap
or a frequency outside the band, none is refused by the chip, and no erratum is left untreated.
"""

import sys
from pathlib import Path

import pytest

from luftpegel_tools.town.radio_air import SharedAir
from luftpegel_tools.virtual_board.chips import sx1262 as sx1262_chip
from luftpegel_tools.virtual_board.chips import sx1276 as sx1276_chip
from luftpegel_tools.virtual_board.chips.lora_chip import ResetLine
from luftpegel_tools.virtual_board.clock import VirtualClock

FIRMWARE_LIB = Path(__file__).parents[2] / "firmware" / "lib"
if str(FIRMWARE_LIB) not in sys.path:
    sys.path.append(str(FIRMWARE_LIB))

from tests.sx.spi_law import Law  # noqa: E402

from lora_radio.sx126x import SX1262  # noqa: E402
from lora_radio.sx127x import SX1276  # noqa: E402

CAP_DBM = 14
BAND_HZ = (863_000_000, 870_000_000)
CHANNEL_HZ = 868_100_000
RX2_HZ = 869_525_000
TICK_US = 5
PIN_US = 10
SPI_US = 20  # one call; and a byte takes 4 us at 2 MHz
TICKS_MASK = (1 << 30) - 1
LONGEST_RECEPTION_US = 20_000_000  # SF12, 255 bytes: 9 s


class BoardTime:
    """MicroPython's time, on the virtual clock; each look costs a little, so that polling ends."""

    def __init__(self, clock):
        self.clock = clock

    def spend(self, us):
        self.clock.run_until(self.clock.now_us + us)

    def ticks_us(self):
        self.spend(TICK_US)
        return self.clock.now_us & TICKS_MASK

    def ticks_add(self, ticks, delta):
        return (ticks + delta) & TICKS_MASK

    def ticks_diff(self, end, start):
        half = (TICKS_MASK + 1) // 2
        return ((end - start + half) & TICKS_MASK) - half

    def sleep_ms(self, ms):
        self.spend(1000 * ms)


class Wires:
    """What a chip needs of a board: levels of pins by name; and which chip listens to which."""

    def __init__(self):
        self.levels = {}
        self.watchers = {}

    def set_pin(self, name, level):
        self.levels[name] = level


class Pin:
    def __init__(self, time, wires, name):
        self._time, self._wires, self._name = time, wires, name

    def value(self, level=None):
        self._time.spend(PIN_US)
        if level is None:
            return self._wires.levels.get(self._name, 0)
        if self._wires.levels.get(self._name, 1) != level:
            self._wires.levels[self._name] = level
            chip = self._wires.watchers.get(self._name)
            if chip:
                (chip.deselect if level else chip.select)()
        return None


class SPI:
    def __init__(self, time, wires, chip):
        self._time, self._wires, self._chip = time, wires, chip

    def _transfer(self, data):
        answer = self._chip.transfer(data) if self._wires.levels["cs"] == 0 else bytes(len(data))
        self._time.spend(SPI_US + 4 * len(data))
        return answer

    def write(self, data):
        self._transfer(bytes(data))

    def read(self, count, write=0):
        return self._transfer(bytes([write]) * count)


class Bench:
    """A driver, its chip and a second party on one air: `send` lets that party send, `air.observers` hear."""

    lawful = True  # whether the end of the test holds the chip's log to the law

    def __init__(self, chip_class, driver_class, outputs, **options):
        self.clock = VirtualClock()
        self.time = BoardTime(self.clock)
        self.air = SharedAir(self.clock, lambda *_: (-97, 6.25))
        self.frames = []
        self.air.observers.append(self.frames.append)
        self.wires = Wires()
        self.chip = chip_class(self.air)
        self.chip.clock, self.chip.board = self.clock, self.wires
        self.law = Law(self.chip, CAP_DBM, BAND_HZ)
        for name in outputs:
            setattr(self.chip, f"{name}_pin", name)
        self.wires.watchers = {"cs": self.chip, "reset": ResetLine(self.chip)}
        self.wires.levels = {"cs": 1, "reset": 1}
        self.chip.power(True)
        self.spi = SPI(self.time, self.wires, self.chip)
        self.driver_class, self.outputs = driver_class, outputs
        self.phy = self.driver(**options)

    def pin(self, name):
        return Pin(self.time, self.wires, name)

    def driver(self, **options):
        pins = {name: self.pin(name) for name in ("cs", "reset", *self.outputs)}
        options = {"max_power_dbm": CAP_DBM, "band_hz": BAND_HZ, "clock": self.time, **pins, **options}
        return self.driver_class(self.spi, **options)

    def send(self, payload, delay_us=0, *, sf=7, frequency_hz=CHANNEL_HZ, bandwidth_hz=125_000, **changes):
        """The other party sends a downlink -> (start, end), in µs of the clock."""
        inverted, crc = changes.pop("inverted", True), changes.pop("crc", False)
        start_us = self.clock.now_us + delay_us
        end_us = start_us + self.phy.airtime_us(sf, bandwidth_hz, len(payload), crc=crc)
        self.air.transmit(
            self, frequency_hz, sf, bandwidth_hz, 14, inverted, crc, payload, start_us, end_us, **changes
        )
        return start_us, end_us

    def transmit(self, payload=b"uplink", frequency_hz=CHANNEL_HZ, sf=7, power_dbm=14, **changes):
        """-> (the frame as the air had it, how late its end was noticed in µs)."""
        self.phy.transmit(
            frequency_hz, sf, changes.pop("bandwidth_hz", 125_000), power_dbm, payload, **changes
        )
        ticks = self.phy.transmitted()
        frame = self.frames[-1]
        return frame, self.time.ticks_diff(ticks, frame.end_us & TICKS_MASK)

    def receive(self, timeout_us, sf=7, frequency_hz=CHANNEL_HZ, bandwidth_hz=125_000, **changes):
        self.phy.prepare_receive(frequency_hz, sf, bandwidth_hz, timeout_us, **changes)
        self.phy.receive()
        return self.outcome()

    def outcome(self):
        started_us = self.clock.now_us
        while (outcome := self.phy.received()) is None:
            assert self.clock.now_us - started_us < LONGEST_RECEPTION_US, "it waits for ever"
            self.time.sleep_ms(1)
        return outcome

    def counters(self):
        return self.phy.timeouts, self.phy.header_errors, self.phy.crc_errors

    def hold_to_law(self):
        assert self.chip.refusals == []
        assert self.chip.flaws == []
        assert self.law.broken == []


KINDS = {
    "sx1262": (sx1262_chip.SX1262, SX1262, ("busy", "dio1")),
    "sx1276": (sx1276_chip.SX1276, SX1276, ("dio0", "dio1")),
}


@pytest.fixture(params=KINDS)
def bench(request):
    """Each chip in turn, set up."""
    yield from _bench(request.param)


@pytest.fixture
def sx1262():
    yield from _bench("sx1262")


@pytest.fixture
def sx1276():
    yield from _bench("sx1276")


def _bench(kind):
    bench = Bench(*KINDS[kind])
    bench.phy.begin()
    yield bench
    if bench.lawful:
        bench.hold_to_law()
