"""The board's pins: levels, pulls, edges, power rails, chip selects, analogue inputs and 1-Wire lines."""

from collections.abc import Callable
from dataclasses import dataclass, field

from luftpegel_tools.virtual_board.chips.base import Chip, OneWireDevice, SPIChip

MODE_OUT, MODE_OPEN_DRAIN = 3, 7
PULL_UP = 2
RISING, FALLING = 1, 2


@dataclass
class Pin:
    """One pin. `driven`: level from outside, None when nothing drives it; `out`: what the board puts out."""

    mode: int = -1
    pull: int = 0
    out: int = 0
    driven: int | None = None
    trigger: int = 0
    held: bool = False
    last: int = 0

    @property
    def is_output(self) -> bool:
        """Whether the board drives the pin."""
        return self.mode == MODE_OUT or (self.mode == MODE_OPEN_DRAIN and not self.out)

    @property
    def level(self) -> int:
        """What a voltmeter shows, as 0 or 1."""
        if self.is_output:
            return self.out
        if self.driven is not None:
            return self.driven
        return int(self.pull == PULL_UP)


@dataclass
class Rail:
    """A supply that a pin switches; off while the pin floats, as the pull resistor of the switch has it."""

    active_low: bool
    chips: list[Chip] = field(default_factory=list)


class Pins:
    """All pins by number; `on_edge(number, level)` tells the edges that the firmware asked for, `on_change`
    all.
    """

    def __init__(self, on_edge: Callable[[int, int], None], on_change: Callable[[int, int], None]):
        self._on_edge = on_edge
        self._on_change = on_change
        self._pins: dict[int, Pin] = {}
        self.rails: dict[int, Rail] = {}
        self.selects: dict[int, SPIChip] = {}
        self.analogue: dict[int, Callable[[], int]] = {}
        self.onewire: dict[int, list[OneWireDevice]] = {}

    def __getitem__(self, number: int) -> Pin:
        return self._pins.setdefault(number, Pin())

    def drive(self, number: int, level: int | None) -> None:
        """A chip (or a test) drives the pin, or leaves it alone (None)."""
        self[number].driven = level
        self._changed(number)

    def init(self, number: int, mode: int, pull: int) -> None:
        """Pin.init of the firmware; negative: leave as it is."""
        pin = self[number]
        if pin.held:
            return
        pin.mode = mode if mode >= 0 else pin.mode
        pin.pull = pull if pull >= 0 else pin.pull
        self._changed(number)

    def put(self, number: int, level: int) -> None:
        """Pin.value(level) of the firmware."""
        pin = self[number]
        if not pin.held:
            pin.out = level
            self._changed(number)

    def reset(self) -> None:
        """All pins float, but those on hold."""
        for number, pin in self._pins.items():
            pin.trigger = 0
            if not pin.held:
                pin.mode, pin.pull, pin.out = -1, 0, 0
                self._changed(number)

    def power_off(self) -> None:
        """Power is gone, holds too."""
        for pin in self._pins.values():
            pin.held = False
        self.reset()

    def rail_is_on(self, number: int) -> bool:
        """Whether the rail behind the pin has power."""
        pin = self[number]
        return pin.is_output and pin.out != int(self.rails[number].active_low)

    def _changed(self, number: int) -> None:
        pin = self[number]
        if number in self.rails:
            self._switch(number)
        if pin.level == pin.last:
            return
        pin.last = pin.level
        chip = self.selects.get(number)
        if chip is not None and chip.powered:
            (chip.deselect if pin.level else chip.select)()
        self._on_change(number, pin.level)
        if pin.trigger & (RISING if pin.level else FALLING):
            self._on_edge(number, pin.level)

    def _switch(self, number: int) -> None:
        on = self.rail_is_on(number)
        for chip in self.rails[number].chips:
            if chip.powered != on:
                chip.power(on)
