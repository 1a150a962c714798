"""What every chip of the virtual board is: power, faults, and the bus it hangs on.

A chip is plain Python on the virtual clock, without threads. The board sets `clock` and `board` when the chip
is attached, and asks it only while it is powered; a chip without power does not answer.
"""

from typing import Protocol

from luftpegel_tools.virtual_time.clock import VirtualClock

BITS_PER_BYTE = 10  # 8N1: start, eight data bits, stop


class Nack(Exception):  # noqa: N818 - the bus's own word
    """No answer to the address or a byte: MicroPython sees OSError(ENODEV)."""


class BusStuck(Exception):  # noqa: N818 - a state of the wires
    """Somebody holds a line low: MicroPython sees OSError(ETIMEDOUT)."""


class Pins(Protocol):
    """What a chip knows of the board that it is soldered to."""

    def set_pin(self, number: int, level: int | None) -> None:
        """Drive a pin, or leave it alone (None)."""


class Chip:
    """Anything that is soldered to the board.

    `faults`: names of the faults switched on ("silent", "stuck", "checksum", "stale", "banner"), any time.
    `delivered`: every measurement handed out, as (now_us, {quantity: integer in base units}), exactly what
    the raw bytes mean.
    """

    clock: VirtualClock
    board: Pins | None = None

    def __init__(self) -> None:
        self.faults: set[str] = set()
        self.powered = True
        self.delivered: list[tuple[int, dict[str, int]]] = []

    def power(self, on: bool) -> None:
        """Its rail was switched; a chip that overrides this loses its volatile state here."""
        self.powered = on

    def record(self, **quantities: int) -> None:
        """Note a measurement that was handed out, in base units."""
        self.delivered.append((self.clock.now_us, quantities))


class I2CChip(Chip):
    """A chip on an I2C bus: `write` gets the bytes after the address byte, `read` yields `n` bytes."""

    address: int

    def write(self, data: bytes) -> None:
        """Take a write transaction; raises Nack or BusStuck."""
        raise NotImplementedError

    def read(self, n: int) -> bytes:
        """Answer a read transaction with exactly `n` bytes; raises Nack or BusStuck."""
        raise NotImplementedError


class UARTLine(Protocol):
    """The wire from a device to the board's receive pin."""

    def carry(self, data: bytes, start_us: int, baudrate: int) -> None:
        """Bytes that go onto the wire from `start_us` on, back to back at `baudrate`."""


class UARTDevice(Chip):
    """A device on a UART. `baudrate` is its own; at another rate either side gets garbage."""

    baudrate = 9600

    def __init__(self) -> None:
        super().__init__()
        self.line: UARTLine | None = None
        self._line_free_us = 0

    def receive(self, data: bytes) -> None:
        """Bytes from the board; called when their last bit is out."""
        raise NotImplementedError

    def send(self, data: bytes, delay_us: int = 0) -> None:
        """Bytes to the board after `delay_us`, behind what is still on the wire."""
        if self.line is None or not self.powered or not data:
            return
        start_us = max(self.clock.now_us + delay_us, self._line_free_us)
        self._line_free_us = start_us + len(data) * BITS_PER_BYTE * 1_000_000 // self.baudrate
        self.line.carry(data, start_us, self.baudrate)

    @property
    def line_free_us(self) -> int:
        """When the last byte given to `send` is out."""
        return self._line_free_us


class SPIChip(Chip):
    """A chip on an SPI bus with its own select pin; it may drive pins by `self.board.set_pin(n, level)`."""

    def select(self) -> None:
        """Chip select went low."""
        raise NotImplementedError

    def deselect(self) -> None:
        """Chip select went high."""
        raise NotImplementedError

    def transfer(self, mosi: bytes) -> bytes:
        """Bytes in, as many bytes out."""
        raise NotImplementedError


class OneWireDevice(Chip):
    """A device on a 1-Wire pin, bit by bit; several may share the pin (their bits are wired-AND)."""

    def reset(self) -> bool:
        """Reset pulse; True for a presence pulse."""
        raise NotImplementedError

    def write_bit(self, bit: int) -> None:
        """Bit from the board."""
        raise NotImplementedError

    def read_bit(self) -> int:
        """Bit to the board; 1 when the device leaves the line alone."""
        raise NotImplementedError
