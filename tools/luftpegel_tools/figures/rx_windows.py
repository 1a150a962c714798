"""The largest error of the clock at which each downlink is still received: by chip, window, spreading factor.

A cell of the table is the largest whole number of milliseconds at which nothing is lost, early or late, in a
sample of frames on a troubled board. Nothing is learnt in between: each frame is the first of a new device.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from luftpegel_tools.desk.lora_desk import KINDS
from luftpegel_tools.desk.troubled_board import FASTEST, Trouble, troubled_board
from luftpegel_tools.figures import Figure

SPREADING_FACTORS = range(7, 13)
WINDOWS_US = {"RX1": 1_000_000, "RX2": 2_000_000, "join": 5_000_000}
STATES = {"awake": False, "light sleep": True}
# Drift of the clock: a crystal with its temperature; the RC clock of light sleep as ESP-IDF calibrates it.
DRIFT_PPM = {"awake": 50, "light sleep": 5_000}
REQUIRED_MS = {"awake": 20, "light sleep": 30}
REQUIRED_JOIN_MS = 50
SAMPLES = 8
PSRAM_US = 100_000  # a collection of megabytes
STEADY = 4  # downlinks with each error before it grows


@dataclass(frozen=True)
class Cell:
    """One place of the table."""

    chip: str
    sf: int
    window: str
    state: str

    @property
    def required_ms(self) -> int:
        """What it has to bear."""
        return REQUIRED_JOIN_MS if self.window == "join" else REQUIRED_MS[self.state]

    @property
    def name(self) -> str:
        """As the figures have it."""
        return f"{self.chip.upper()}, SF{self.sf}, {self.window}, {self.state}"


CELLS = [
    Cell(chip, sf, window, state)
    for chip in KINDS
    for state in STATES
    for window in WINDOWS_US
    for sf in SPREADING_FACTORS
]


def hears_all(cell: Cell, error_ms: int, trouble: Trouble | None = None) -> bool:
    """Whether no downlink of the sample is lost, neither so early nor so late."""
    listen = _joins if cell.window == "join" else _hears
    signed = (error_ms, -error_ms) if error_ms else (0,)
    return all(listen(cell, error * 1000, trouble or Trouble()) for error in signed)


def _joins(cell: Cell, error_us: int, trouble: Trouble) -> bool:
    return all(_joins_once(cell, error_us, trouble, sample) for sample in range(SAMPLES))


def _joins_once(cell: Cell, error_us: int, trouble: Trouble, sample: int) -> bool:
    light = STATES[cell.state]
    with troubled_board(cell.chip, trouble, f"{cell.name} {error_us} {sample}", light=light) as board:
        board.storage["dev_nonce"] = cell.sf - SPREADING_FACTORS[0]  # it steps through the data rates
        board.err(error_us, WINDOWS_US["join"], DRIFT_PPM[cell.state])
        return bool(board.radio.join())


def _hears(cell: Cell, error_us: int, trouble: Trouble) -> bool:
    data_rate = 12 - cell.sf
    rates = {"data_rate": data_rate} if cell.window == "RX1" else {"rx2_data_rate": data_rate}
    light = STATES[cell.state]
    seed = f"{cell.name} {error_us}"
    with troubled_board(cell.chip, trouble, seed, light=light, **rates) as board:
        board.join_untroubled()
        board.gateway.answers_in = list(WINDOWS_US).index(cell.window)
        for _ in range(SAMPLES):
            board.err(error_us, WINDOWS_US[cell.window], DRIFT_PPM[cell.state])
            board.radio.rx_offset_us = board.radio.rx_spread_us = 0
            if not board.hears():
                return False
    return True


def largest_ms(cell: Cell, trouble: Trouble | None = None) -> int:
    """The cell's value; 0 when even a right clock loses something."""
    good, step = cell.required_ms, 1
    if not hears_all(cell, good, trouble):
        good, step = 0, cell.required_ms
    while step and hears_all(cell, good + step, trouble):
        good, step = good + step, 2 * step
    bad = good + step
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if hears_all(cell, middle, trouble) else (good, middle)
    return good


def table() -> dict[Cell, int]:
    """Every cell's value, in ms."""
    return {cell: largest_ms(cell) for cell in CELLS}


def learnt_ms(state: str) -> int:
    """How far an error may grow, a millisecond in a few frames with deep sleep between, and all be heard."""
    with troubled_board("sx1262", Trouble(), state, light=STATES[state]) as board:
        board.join_untroubled()
        for count in range(1000):
            board.err(count // STEADY * 1000, WINDOWS_US["RX1"], DRIFT_PPM[state])
            if not board.hears():
                return count // STEADY - 1
            board.radio.sleep()
            board.boot(FASTEST)
    raise AssertionError("no error is too large")


def measure() -> Iterator[Figure]:
    """The table; what is learnt; and what long collections do, held off and not."""
    for cell, value in table().items():
        yield _figure(cell.name, value, cell.required_ms)
    for state, required in REQUIRED_MS.items():
        yield _figure(f"learnt, {state}", learnt_ms(state), required)
        tight = Cell("sx1262", 7, "RX1", state)
        for how, holds in (("held off", True), ("not held off", False)):
            value = largest_ms(tight, Trouble(collection_us=PSRAM_US, holds=holds))
            yield _figure(f"collections of 100 ms {how}, {state}", value, required)


def _figure(name: str, value: int, required: int) -> Figure:
    return Figure(name, value, "ms", f"{required} ms required", value / required)
