"""One UART of the board: bytes take their time on the wire, and the receive buffer overflows like a real
one.
"""

from collections import deque
from collections.abc import Callable

from luftpegel_tools.virtual_board.chips.base import BITS_PER_BYTE, UARTDevice
from luftpegel_tools.virtual_time.clock import VirtualClock

GARBLE = 0xA5  # a byte read at the wrong rate comes out as another one


class Link:
    """The two wires between a port and one device; `pins` (tx, rx) of the board, None: whichever it uses."""

    def __init__(self, port: "UARTPort", device: UARTDevice, pins: tuple[int, int] | None):
        self._port = port
        self.device = device
        self.pins = pins

    def carry(self, data: bytes, start_us: int, baudrate: int) -> None:
        """Bytes from the device; lost unless the port listens on these pins."""
        self._port.carry(self, data, start_us, baudrate)


class UARTPort:
    """The board's side of a UART; `on_arrival(port)` is called when bytes are on their way."""

    def __init__(self, clock: VirtualClock, on_arrival: Callable[["UARTPort"], None]):
        self._clock = clock
        self._on_arrival = on_arrival
        self._links: list[Link] = []
        self._link: Link | None = None  # the one that the board's pins lead to, while the port is open
        self._incoming: deque[tuple[int, int]] = deque()  # (when_us, byte) still on the wire
        self._buffer = bytearray()
        self._sent_us = 0
        self.baudrate = 115200
        self.pins = (-1, -1)
        self.timeout_us = 0
        self.rxbuf = 256
        self.overflows = 0

    def attach(self, device: UARTDevice, pins: tuple[int, int] | None) -> None:
        """Solder a device to the port."""
        link = Link(self, device, pins)
        device.line = link
        self._links.append(link)

    def open(self, baudrate: int, timeout_ms: int, rxbuf: int, pins: tuple[int, int]) -> None:
        """Start the peripheral anew; what came before is gone."""
        self.close()
        self._link = next((link for link in self._links if link.pins in (None, pins)), None)
        self.pins = pins
        self.baudrate = max(1, baudrate)
        self.timeout_us = max(0, timeout_ms) * 1000
        self.rxbuf = max(rxbuf, 32)

    def close(self) -> None:
        """Stop listening (deinit, reset, deep sleep)."""
        self._link = None
        self._incoming.clear()
        self._buffer.clear()

    def carry(self, link: Link, data: bytes, start_us: int, baudrate: int) -> None:
        """Bytes from a device."""
        if link is not self._link:
            return
        flip = 0 if baudrate == self.baudrate else GARBLE
        for place, byte in enumerate(data, 1):
            when_us = start_us + place * BITS_PER_BYTE * 1_000_000 // baudrate
            self._incoming.append((when_us, byte ^ flip))
        self._on_arrival(self)

    def next_arrival_us(self) -> int | None:
        """When the next byte will be in, or None."""
        return self._incoming[0][0] if self._incoming else None

    def any(self) -> int:
        """Bytes that can be read now."""
        self._settle()
        return len(self._buffer)

    def take(self, count: int) -> bytes:
        """Up to `count` bytes that are there now."""
        self._settle()
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    def line_length(self, most: int) -> int:
        """Length of the first whole line in the buffer, newline included; `most` if so many have come; else
        0.
        """
        self._settle()
        end = self._buffer.find(b"\n", 0, most) + 1
        return end or (most if len(self._buffer) >= most else 0)

    def write(self, data: bytes) -> None:
        """Bytes to the device, behind those still on their way."""
        duration_us = len(data) * BITS_PER_BYTE * 1_000_000 // self.baudrate
        self._sent_us = max(self._sent_us, self._clock.now_us) + duration_us
        if self._link is not None:
            self._clock.call_at(self._sent_us, self._deliver, self._link.device, data, self.baudrate)

    def busy_us(self) -> int:
        """How long until everything written is out."""
        return max(0, self._sent_us - self._clock.now_us)

    @staticmethod
    def _deliver(device: UARTDevice, data: bytes, baudrate: int) -> None:
        if device.powered:
            flip = 0 if device.baudrate == baudrate else GARBLE
            device.receive(bytes(byte ^ flip for byte in data))

    def _settle(self) -> None:
        """Move what has arrived into the buffer; a full buffer loses the newest bytes."""
        now_us = self._clock.now_us
        while self._incoming and self._incoming[0][0] <= now_us:
            byte = self._incoming.popleft()[1]
            if len(self._buffer) < self.rxbuf:
                self._buffer.append(byte)
            else:
                self.overflows += 1
