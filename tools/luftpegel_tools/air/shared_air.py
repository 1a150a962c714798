"""The air as LoRa chips share it, frame by frame in virtual time.

A frame is heard by whoever listens to the same frequency, spreading factor, bandwidth, IQ and sync word while
at least five symbols of its preamble pass: so many a receiver needs to lock. Who receives hears one frame at
a time. Each frame knows which others were on the air with it; what that means is the receiver's business.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from luftpegel_tools.air.airtime import symbol_us
from luftpegel_tools.virtual_time.clock import VirtualClock

LOCK_SYMBOLS = 5
PUBLIC_NETWORK = 0x34  # LoRaWAN's sync word
DEFAULT_SIGNAL = (-80, 8.0)


class Ear(Protocol):
    """Who listens."""

    def hear(
        self, payload: bytes, rssi: int, snr: float, start_us: int, end_us: int, *, crc: bool, preamble: int
    ) -> None:
        """The receiver has locked to a frame that lasts until `end_us`; dBm, dB."""


class RadioAir(Protocol):
    """What a chip needs of the air."""

    def transmit(  # noqa: PLR0917 - what makes a frame
        self,
        chip: object,
        frequency_hz: int,
        sf: int,
        bandwidth_hz: int,
        power_dbm: int,
        inverted: bool,
        crc: bool,
        payload: bytes,
        start_us: int,
        end_us: int,
        *,
        preamble: int = 8,
        sync_word: int = PUBLIC_NETWORK,
    ) -> None:
        """A frame goes on the air from `start_us` until `end_us`."""

    def listen(  # noqa: PLR0917
        self,
        chip: Ear,
        frequency_hz: int,
        sf: int,
        bandwidth_hz: int,
        inverted: bool,
        from_us: int,
        until_us: int | None,
        *,
        sync_word: int = PUBLIC_NETWORK,
    ) -> None:
        """The chip listens for a preamble from `from_us` on, until `until_us` or until it hears or stops."""

    def stop(self, chip: object) -> None:
        """The chip listens and sends no more; what it was sending is lost."""


@dataclass(frozen=True)
class Tuning:
    """What sender and receiver must have in common."""

    frequency_hz: int
    sf: int
    bandwidth_hz: int
    inverted: bool
    sync_word: int

    @property
    def symbol_us(self) -> int:
        """Length of one symbol."""
        return symbol_us(self.sf, self.bandwidth_hz)

    def suits(self, other: "Tuning") -> bool:
        """Whether a receiver tuned so hears the other; a quarter of the bandwidth may lie between them."""
        near = abs(self.frequency_hz - other.frequency_hz) <= self.bandwidth_hz // 4
        return near and replace(other, frequency_hz=self.frequency_hz) == self


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame on the air; `sender` is whoever transmits it.

    `rivals`: those that share the tuning with it and some of its time.
    """

    sender: object
    tuning: Tuning
    power_dbm: int
    crc: bool
    payload: bytes
    start_us: int
    end_us: int
    preamble: int
    rivals: list["Frame"] = field(default_factory=list, repr=False)


@dataclass(frozen=True, eq=False)
class _Listening:
    chip: Ear
    tuning: Tuning
    from_us: int
    until_us: int | None


class SharedAir:
    """Carries each frame to all who listen to it, and at its end tells it to the `observers` (gateways).

    `signal(sender, receiver)` gives RSSI in dBm and SNR in dB, or None when the two do not reach each other.
    `frames` holds what is on the air.
    """

    def __init__(
        self,
        clock: VirtualClock,
        signal: Callable[[object, object], tuple[int, float] | None] = lambda _, __: DEFAULT_SIGNAL,
    ) -> None:
        self._clock = clock
        self._signal = signal
        self._listening: dict[int, _Listening] = {}
        self.frames: list[Frame] = []
        self.observers: list[Callable[[Frame], None]] = []

    def transmit(  # noqa: PLR0917 - what makes a frame
        self,
        chip: object,
        frequency_hz: int,
        sf: int,
        bandwidth_hz: int,
        power_dbm: int,
        inverted: bool,
        crc: bool,
        payload: bytes,
        start_us: int,
        end_us: int,
        *,
        preamble: int = 8,
        sync_word: int = PUBLIC_NETWORK,
    ) -> None:
        """See `RadioAir`."""
        tuning = Tuning(frequency_hz, sf, bandwidth_hz, inverted, sync_word)
        frame = Frame(chip, tuning, power_dbm, crc, bytes(payload), start_us, end_us, preamble)
        for other in self.frames:
            if other.tuning.suits(tuning) and other.end_us > start_us:
                frame.rivals.append(other)
                other.rivals.append(frame)
        self.frames.append(frame)
        self._clock.call_at(end_us, self._end, frame)
        for listening in list(self._listening.values()):
            self._expect(frame, listening)

    def listen(  # noqa: PLR0917
        self,
        chip: Ear,
        frequency_hz: int,
        sf: int,
        bandwidth_hz: int,
        inverted: bool,
        from_us: int,
        until_us: int | None,
        *,
        sync_word: int = PUBLIC_NETWORK,
    ) -> None:
        """See `RadioAir`."""
        tuning = Tuning(frequency_hz, sf, bandwidth_hz, inverted, sync_word)
        listening = self._listening[id(chip)] = _Listening(chip, tuning, from_us, until_us)
        for frame in self.frames:
            self._expect(frame, listening)

    def stop(self, chip: object) -> None:
        """See `RadioAir`."""
        self._listening.pop(id(chip), None)
        self.frames = [frame for frame in self.frames if frame.sender is not chip]

    def _expect(self, frame: Frame, listening: _Listening) -> None:
        """Let the receiver lock if enough of the preamble falls into its time."""
        if not frame.tuning.suits(listening.tuning) or frame.sender is listening.chip:
            return
        symbol = frame.tuning.symbol_us
        locked_us = max(frame.start_us, listening.from_us) + LOCK_SYMBOLS * symbol
        preamble_end_us = frame.start_us + frame.preamble * symbol
        if locked_us <= preamble_end_us and (listening.until_us is None or locked_us <= listening.until_us):
            self._clock.call_at(locked_us, self._lock, frame, listening)

    def _lock(self, frame: Frame, listening: _Listening) -> None:
        chip = listening.chip
        signal = self._signal(frame.sender, chip)
        if self._listening.get(id(chip)) is not listening or frame not in self.frames or signal is None:
            return
        del self._listening[id(chip)]
        chip.hear(
            frame.payload, *signal, frame.start_us, frame.end_us, crc=frame.crc, preamble=frame.preamble
        )

    def _end(self, frame: Frame) -> None:
        if frame in self.frames:
            self.frames.remove(frame)
            for observer in self.observers:
                observer(frame)
