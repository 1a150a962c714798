"""What the simulated LoRa chips share: wires, the log of the SPI bus, refusals and flaws, and the air.

A command that the data sheet forbids is not carried out, and is noted in `refusals`. What it only advises
against (an erratum left untreated) is carried out, spoils frames as the data sheet warns, and is noted in
`flaws`. Tests of a driver hold both to be empty.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from luftpegel_tools.air.airtime import symbol_us
from luftpegel_tools.air.shared_air import RadioAir
from luftpegel_tools.virtual_board.chips.base import Pins, SPIChip
from luftpegel_tools.virtual_time.clock import Timer

REMEMBERED = 1000  # of transactions and frames
HEADER_QUARTERS = 4 * 8 + 17  # symbols times 4: sync word 4.25 and header 8, behind the preamble
LONGEST_FRAME = 255
LONG_SYMBOL_US = 16_000  # longer symbols need the low data rate optimisation on both sides
LONG_FRAME = 24  # bytes; a wrongly treated IQ spoils what lies behind (SX1261/2 data sheet, section 15.4)


class SPIBoard(Pins, Protocol):
    """What a LoRa chip is soldered to."""

    def attach_spi(
        self, bus: int, cs_pin: int, chip: SPIChip, pins: tuple[int, int, int] | None = None
    ) -> None:
        """Solder a chip to an SPI bus on `pins` (sck, mosi, miso), selected by a low `cs_pin`."""


@dataclass(frozen=True)
class Modulation:
    """How a chip is set to send or listen."""

    frequency_hz: int
    sf: int
    bandwidth_hz: int
    coding_rate: int
    low_rate: bool
    inverted: bool
    preamble: int
    explicit_header: bool
    crc: bool
    sync_word: int

    @property
    def symbol_us(self) -> int:
        """Length of one symbol."""
        return symbol_us(self.sf, self.bandwidth_hz)

    @property
    def low_rate_is_right(self) -> bool:
        """Whether the low data rate optimisation is as both sides need it."""
        return self.low_rate == (self.symbol_us > LONG_SYMBOL_US)

    def airtime_us(self, length: int) -> int:
        """Time on air of a frame (SX1261/2 data sheet, section 6.1.4)."""
        bits = 8 * length + 16 * self.crc - 4 * self.sf + 8 + 20 * self.explicit_header
        per_block = 4 * (self.sf - 2 * self.low_rate)
        blocks = max(0, -(-bits // per_block))
        quarters = 4 * self.preamble + 17 + 4 * (8 + blocks * (self.coding_rate + 4))
        return self.symbol_us * quarters // 4


@dataclass(frozen=True)
class Reception:
    """A frame that the chip has locked to, and what of it will not be understood."""

    payload: bytes
    rssi: int  # dBm
    snr: float  # dB
    crc: bool  # the frame has a payload CRC
    broken_header: bool
    broken_payload: bool


class ResetLine(SPIChip):
    """The chip's reset input, wired like a chip select: low holds the chip in reset."""

    def __init__(self, chip: "LoRaChip"):
        super().__init__()
        self._chip = chip

    def select(self) -> None:
        """Reset goes low."""
        if self._chip.powered:
            self._chip.hold_reset()

    def deselect(self) -> None:
        """Reset is released."""
        if self._chip.powered:
            self._chip.release_reset()

    def transfer(self, mosi: bytes) -> bytes:
        """No data line is here."""
        return bytes(len(mosi))


class LoRaChip(SPIChip):
    """Base of the chips. Faults: silent (no answer), checksum and header (payloads, headers arrive broken).

    `log`: the latest SPI transactions, as (now_us, bytes from the board); each one is also told to all
    `listeners`. `sent` and `heard`: the latest payloads.
    """

    def __init__(self, air: RadioAir):
        super().__init__()
        self.air = air
        self.log: deque[tuple[int, bytes]] = deque(maxlen=REMEMBERED)
        self.listeners: list[Callable[[bytes], None]] = []
        self.refusals: list[tuple[int, str]] = []
        self.flaws: list[tuple[int, str]] = []
        self.sent: deque[bytes] = deque(maxlen=REMEMBERED)
        self.heard: deque[bytes] = deque(maxlen=REMEMBERED)
        self._mosi = bytearray()
        self._selected = False
        self._in_reset = False
        self._timers: dict[str, Timer] = {}
        self._listens_as: Modulation
        self._spoiled_behind = LONGEST_FRAME

    def solder(
        self,
        board: SPIBoard,
        *,
        bus: int,
        cs: int,
        reset: int,
        wires: tuple[int, int, int] | None = None,
        **pins: int,
    ) -> None:
        """Attach the chip with all its pins, and its bus on `wires` (sck, mosi, miso); inputs that the board
        leaves alone are pulled up.
        """
        for name, number in pins.items():
            setattr(self, f"{name}_pin", number)
        board.attach_spi(bus, cs, self, wires)
        board.attach_spi(-1 - reset, reset, ResetLine(self))
        for number in (cs, reset):
            board.set_pin(number, 1)

    def power(self, on: bool) -> None:
        """Everything volatile is lost."""
        super().power(on)
        self.air.stop(self)
        self._cancel_all()
        if on and not self._in_reset:
            self.release_reset()

    def hold_reset(self) -> None:
        """Reset low: everything stops."""
        self._in_reset = True
        self.air.stop(self)
        self._cancel_all()

    def release_reset(self) -> None:
        """The chip starts with the data sheet's reset values."""
        self._in_reset = False
        self._start()

    def _start(self) -> None:
        raise NotImplementedError

    # The bus: a transaction is carried out when the chip select goes high, answered byte by byte before

    def select(self) -> None:
        """Chip select went low."""
        self._mosi.clear()
        self._selected = True

    def deselect(self) -> None:
        """Chip select went high: carry out what came."""
        if self._selected and self._mosi and not self._in_reset and "silent" not in self.faults:
            data = bytes(self._mosi)
            self.log.append((self.clock.now_us, data))
            for listener in self.listeners:
                listener(data)
            self._carry_out(data)
        self._selected = False

    def transfer(self, mosi: bytes) -> bytes:
        """Bytes in, bytes out."""
        if self._in_reset or "silent" in self.faults:
            return bytes(len(mosi))
        answer = bytearray()
        for byte in mosi:
            self._mosi.append(byte)
            answer.append(self._answer(len(self._mosi) - 1))
        return bytes(answer)

    def _carry_out(self, data: bytes) -> None:
        raise NotImplementedError

    def _answer(self, position: int) -> int:
        """Byte to the board while byte `position` of `self._mosi` comes in."""
        raise NotImplementedError

    def refuse(self, reason: str) -> None:
        """Note what is not carried out."""
        self.refusals.append((self.clock.now_us, reason))

    def flaw(self, reason: str) -> None:
        """Note an erratum that was not treated."""
        self.flaws.append((self.clock.now_us, reason))

    # Timers, by name: setting one anew cancels the old

    def _after(self, name: str, delay_us: int, fn: Callable[..., None], *args: object) -> None:
        self._cancel(name)
        self._timers[name] = self.clock.call_later(delay_us, fn, *args)

    def _cancel(self, *names: str) -> None:
        for name in names:
            timer = self._timers.pop(name, None)
            if timer is not None:
                timer.cancel()

    def _cancel_all(self) -> None:
        self._cancel(*list(self._timers))

    def _drive(self, pin: int | None, level: int) -> None:
        if pin is not None and self.board is not None:
            self.board.set_pin(pin, level)

    # The air

    def _radiate(
        self, modulation: Modulation, power_dbm: int, payload: bytes, start_us: int, *, spoiled: bool
    ) -> int:
        """Put a frame on the air -> when it ends. A spoiled one is not what the board meant."""
        end_us = start_us + modulation.airtime_us(len(payload))
        self.sent.append(payload)
        self.air.transmit(
            self,
            modulation.frequency_hz,
            modulation.sf,
            modulation.bandwidth_hz,
            power_dbm,
            modulation.inverted,
            modulation.crc,
            spoil(payload) if spoiled or not modulation.low_rate_is_right else payload,
            start_us,
            end_us,
            preamble=modulation.preamble,
            sync_word=modulation.sync_word,
        )
        return end_us

    def _open_ears(self, modulation: Modulation, from_us: int, *, spoiled_behind: int | None = None) -> None:
        """Listen; frames longer than `spoiled_behind` bytes arrive broken."""
        self._listens_as = modulation
        self._spoiled_behind = LONGEST_FRAME if spoiled_behind is None else spoiled_behind
        self.air.listen(
            self,
            modulation.frequency_hz,
            modulation.sf,
            modulation.bandwidth_hz,
            modulation.inverted,
            from_us,
            None,
            sync_word=modulation.sync_word,
        )

    def _close_ears(self) -> None:
        self.air.stop(self)
        self._cancel("header", "end")

    def hear(
        self,
        payload: bytes,
        rssi: int,
        snr: float,
        start_us: int,
        end_us: int,
        *,
        crc: bool = False,
        preamble: int = 8,
    ) -> None:
        """See `Ear`: the receiver has locked; header and end of the frame follow."""
        mine = self._listens_as
        broken = (
            "checksum" in self.faults
            or not mine.low_rate_is_right
            or not mine.explicit_header
            or len(payload) > self._spoiled_behind
        )
        reception = Reception(payload, rssi, snr, crc, "header" in self.faults, broken)
        header_us = start_us + mine.symbol_us * (4 * preamble + HEADER_QUARTERS) // 4
        self._on_preamble()
        self._after("header", header_us - self.clock.now_us, self._on_header, reception)
        if not reception.broken_header:
            self._after("end", end_us - self.clock.now_us, self._on_end, reception)

    def _on_preamble(self) -> None:
        raise NotImplementedError

    def _on_header(self, reception: Reception) -> None:
        raise NotImplementedError

    def _on_end(self, reception: Reception) -> None:
        raise NotImplementedError


def spoil(payload: bytes) -> bytes:
    """The payload with its last byte wrong."""
    return payload[:-1] + bytes([payload[-1] ^ 0x5A])
