"""A LoRa chip on a desk: the firmware's driver under CPython, the simulated chip, wires and virtual time.

A look at the clock or at a pin and a call into SPI take as long as they take on the virtual board.
"""

import importlib
import sys
from typing import Any

from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.image.firmware_image import FIRMWARE
from luftpegel_tools.virtual_board.chips.base import SPIChip
from luftpegel_tools.virtual_board.chips.lora_chip import LoRaChip, ResetLine
from luftpegel_tools.virtual_board.chips.sx1262 import SX1262
from luftpegel_tools.virtual_board.chips.sx1276 import SX1276
from luftpegel_tools.virtual_board.peripherals import CALL_US, PIN_US
from luftpegel_tools.virtual_time.clock import VirtualClock

if str(FIRMWARE / "lib") not in sys.path:
    sys.path.append(str(FIRMWARE / "lib"))

TICK_US = 5  # as in virtual_board/device/time.py
BYTE_US = 4  # SPI at 2 MHz
TICKS_MASK = (1 << 30) - 1
# Name: chip, its driver (module of the firmware, class), pins beside CS and reset.
KINDS: dict[str, tuple[type[LoRaChip], tuple[str, str], tuple[str, ...]]] = {
    "sx1262": (SX1262, ("lora_radio.sx126x", "SX1262"), ("busy", "dio1")),
    "sx1276": (SX1276, ("lora_radio.sx127x", "SX1276"), ("dio0", "dio1")),
}


class BoardTime:
    """MicroPython's time, on the virtual clock; each look costs a little, so that polling ends."""

    def __init__(self, clock: VirtualClock):
        self.clock = clock

    def spend(self, us: int) -> None:
        """Let virtual time pass."""
        self.clock.run_until(self.clock.now_us + us)

    def allocate(self) -> None:
        """Something takes memory, so MicroPython may collect garbage now; here it never does."""

    def ticks_us(self) -> int:
        """As MicroPython's, like all that follows."""
        self.spend(TICK_US)
        return self.clock.now_us & TICKS_MASK

    def ticks_add(self, ticks: int, delta: int) -> int:
        """Ticks wrap around at 2**30."""
        return (ticks + delta) & TICKS_MASK

    def ticks_diff(self, end: int, start: int) -> int:
        """Signed, right for less than 2**29."""
        half = (TICKS_MASK + 1) // 2
        return ((end - start + half) & TICKS_MASK) - half

    def sleep_ms(self, ms: int) -> None:
        """Sleep."""
        self.spend(1000 * ms)

    def sleep_us(self, us: int) -> None:
        """Wait awake."""
        self.spend(us)


class Wires:
    """What a chip needs of a board: levels of pins by name; and which chip listens to which."""

    def __init__(self) -> None:
        self.levels: dict[str, int] = {}
        self.watchers: dict[str, SPIChip] = {}

    def set_pin(self, name: str, level: int) -> None:
        """A chip drives a pin."""
        self.levels[name] = level


class Pin:
    """machine.Pin, by name."""

    def __init__(self, time: BoardTime, wires: Wires, name: str):
        self._time, self._wires, self._name = time, wires, name

    def value(self, level: int | None = None) -> int | None:
        """Read, or drive."""
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
    """machine.SPI with one chip."""

    def __init__(self, time: BoardTime, wires: Wires, chip: SPIChip):
        self._time, self._wires, self._chip = time, wires, chip

    def _transfer(self, data: bytes) -> bytes:
        answer = self._chip.transfer(data) if self._wires.levels["cs"] == 0 else bytes(len(data))
        self._time.allocate()
        self._time.spend(CALL_US + BYTE_US * len(data))
        return answer

    def write(self, data: bytes) -> None:
        """Bytes to the chip."""
        self._transfer(bytes(data))

    def read(self, count: int, write: int = 0) -> bytes:
        """Bytes from the chip."""
        return self._transfer(bytes([write]) * count)


class Desk:
    """A chip of KINDS, wired; `driver()` opens it."""

    def __init__(self, kind: str, air: SharedAir, time: BoardTime):
        chip_class, self._driver, self._outputs = KINDS[kind]
        self.time, self.wires = time, Wires()
        self.chip = chip_class(air)
        self.chip.clock, self.chip.board = time.clock, self.wires  # type: ignore[assignment]
        for name in self._outputs:
            setattr(self.chip, f"{name}_pin", name)
        self.wires.watchers = {"cs": self.chip, "reset": ResetLine(self.chip)}
        self.wires.levels = {"cs": 1, "reset": 1}
        self.chip.power(True)
        self.spi = SPI(time, self.wires, self.chip)

    def pin(self, name: str) -> Pin:
        """A pin of the board that the chip is wired to."""
        return Pin(self.time, self.wires, name)

    def driver(self, **options: Any) -> Any:
        """The firmware's driver, still to begin()."""
        module, name = self._driver
        pins = {pin: self.pin(pin) for pin in ("cs", "reset", *self._outputs)}
        return getattr(firmware_module(module), name)(self.spi, **{"clock": self.time, **pins, **options})


def firmware_module(name: str) -> Any:
    """A module of firmware/lib, under CPython."""
    return importlib.import_module(name)
