"""The boards' tables: pins are there once, the radio opens as the table says, and a T-Beam feeds it first."""

import contextlib
import importlib
import re
import sys
from pathlib import Path

import pytest

from lora_radio import SILENT, RadioError
from lora_radio.board_phy import light_sleep_beside, open_phy

BOARDS = Path(__file__).parents[2] / "firmware" / "boards"
sys.path.append(str(BOARDS.parent))
NAMES = sorted(path.stem for path in BOARDS.glob("*.py") if path.stem != "__init__")
ESP32 = {"tbeam_sx1262", "ttgo_lora32"}
FLASH = {
    False: set(range(26, 33)),
    True: {6, 7, 8, 9, 10, 11},
}  # pins of the flash chip, by whether it is an ESP32
INPUT_ONLY = set(range(34, 40))  # of the ESP32
USB = {19, 20}  # of the ESP32-S3
CAP = {"max_power_dbm": 14, "band_hz": (863_000_000, 870_000_000)}


def table(name):
    return importlib.import_module(f"boards.{name}")


def outputs(board):
    """Names and numbers of the pins that the board drives."""
    yield "rail", board.RAIL["pin"]
    yield "led", board.LED["pin"]
    yield "scl", board.I2C["scl"]
    yield "sda", board.I2C["sda"]
    yield "onewire", board.ONEWIRE
    yield from ((f"uart {socket}", where["tx"]) for socket, where in board.UARTS.items())
    yield from (("modem " + key, board.MODEM[key]) for key in ("tx", "reset") if hasattr(board, "MODEM"))
    yield from (("lora " + key, board.LORA["spi"][key]) for key in ("sck", "mosi"))
    yield from (
        ("lora " + key, pin) for key, pin in board.LORA["pins"].items() if key in {"cs", "reset", "rx_enable"}
    )


def inputs(board):
    yield from ((f"uart {socket} rx", where["rx"]) for socket, where in board.UARTS.items())
    yield from (("modem rx", board.MODEM["rx"]) for _ in "1" if hasattr(board, "MODEM"))
    yield from (("battery", board.BATTERY["adc"]) for _ in "1" if hasattr(board, "BATTERY"))
    yield "lora miso", board.LORA["spi"]["miso"]
    yield from (
        ("lora " + key, pin) for key, pin in board.LORA["pins"].items() if key in {"busy", "dio0", "dio1"}
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_pin_has_one_use_that_it_can_have(name):
    board = table(name)
    driven, read = list(outputs(board)), list(inputs(board))
    numbers = [pin for _, pin in driven + read]
    assert len(numbers) == len(set(numbers)), sorted(driven + read, key=lambda use: use[1])
    old = name in ESP32
    assert set(numbers) <= set(range(40 if old else 49)) - FLASH[old] - (set() if old else USB)
    assert not old or not {pin for _, pin in driven} & INPUT_ONLY


class Machine:
    """MicroPython's module, as far as opening a radio asks; `powers`: registers of the power manager."""

    def __init__(self, powers=None):
        self.powers, self.events = powers, []
        machine = self

        class Pin:
            IN, OUT = 1, 3

            def __init__(self, number, mode=None, value=None):
                self.number, self.mode, self.at_rest = number, mode, value

        class SPI:
            def __init__(self, number, **options):
                self.number, self.options = number, options
                machine.events.append("spi")

        class I2C:
            def __init__(self, number, scl, sda):
                machine.events.append(("i2c", number, scl.number, sda.number))

            def readfrom_mem(self, address, register, count):
                if machine.powers is None or address != 0x34:
                    raise OSError(19)
                return bytes([machine.powers[register]])

            def writeto_mem(self, _, register, data):
                machine.powers[register] = data[0]
                machine.events.append((register, data[0]))

        self.Pin, self.SPI, self.I2C = Pin, SPI, I2C


@pytest.mark.parametrize("name", [name for name in NAMES if name != "tbeam_sx1262"])
def test_the_radio_opens_with_the_tables_pins(name):
    lora = table(name).LORA
    phy = open_phy(lora, Machine(), **CAP)
    at_rest = {"cs": 1, "reset": 1, "rx_enable": 0, "busy": None, "dio0": None, "dio1": None}
    for wire, number in lora["pins"].items():
        pin = getattr(phy, "_" + wire)
        assert (pin.number, pin.at_rest, pin.mode) == (
            number,
            at_rest[wire],
            1 if at_rest[wire] is None else 3,
        )
    wires = {wire: pin.number for wire, pin in phy._spi.options.items() if wire != "baudrate"}
    assert wires == {wire: number for wire, number in lora["spi"].items() if wire != "id"}
    assert (phy._max_power_dbm, phy._band_hz) == (14, (863_000_000, 870_000_000))


@pytest.mark.parametrize(
    ("manager", "registers", "expected"),
    [
        ("axp192", {0x03: 0x03, 0x28: 0x1C, 0x12: 0x4B}, [(0x28, 0xFC), (0x12, 0x4F)]),
        ("axp2101", {0x03: 0x4A, 0x93: 0x8D, 0x90: 0x01}, [(0x93, 0x9C), (0x90, 0x03)]),
    ],
)
def test_a_tbeam_feeds_its_radio_before_it_talks_to_it(manager, registers, expected):
    machine = Machine(registers)
    open_phy(table("tbeam_sx1262").LORA, machine, **CAP)
    assert machine.events == [("i2c", 0, 22, 21), *expected, "spi"], manager


@pytest.mark.parametrize("registers", [None, {0x03: 0x77}])
def test_a_tbeam_whose_power_manager_is_not_there(registers):
    with pytest.raises(RadioError) as failure:
        open_phy(table("tbeam_sx1262").LORA, Machine(registers), **CAP)
    assert failure.value.kind == SILENT


def test_an_unknown_chip():
    lora = table("generic").LORA | {"chip": "cc1101"}
    with pytest.raises(KeyError):
        open_phy(lora, Machine(), **CAP)


@pytest.mark.parametrize("fails", [False, True])
def test_the_chips_inputs_are_held_in_light_sleep_and_let_go_behind_it(fails):
    lora, held = table("xiao_s3_wio_sx1262").LORA, set()

    class Pin:
        def __init__(self, number):
            self.number = number

        def init(self, hold):
            (held.add if hold else held.discard)(self.number)

    def lightsleep(ms):
        assert ms == 970
        assert held == {lora["pins"][name] for name in ("cs", "reset", "rx_enable")}
        if fails:
            raise KeyboardInterrupt

    machine = Machine()
    machine.Pin, machine.lightsleep = Pin, lightsleep
    with pytest.raises(KeyboardInterrupt) if fails else contextlib.nullcontext():
        light_sleep_beside(lora, machine)(970)
    assert not held


@pytest.mark.parametrize("name", NAMES)
def test_the_page_wires_the_board_as_its_table_does(name):
    page = (BOARDS.parents[1] / "docs" / "lorawan.md").read_text()
    heads = [cell.strip().lower() for cell in page.split("| board | chip |")[1].split("\n")[0].split("|")]
    row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
    cells = [cell.strip() for cell in row.split("|")[2:-1]]
    lora = table(name).LORA
    assert cells[0] == lora["chip"].upper()
    pins = {head: int(cell) for head, cell in zip(heads[:-1], cells[1:-1], strict=False) if cell.isdigit()}
    told = re.findall(r"pin (\d+) high to receive", cells[-1])
    wires = {**lora["spi"], **lora["pins"]}
    enable = wires.pop("rx_enable", None)
    assert pins == {wire: number for wire, number in wires.items() if wire != "id"}
    assert told == ([] if enable is None else [str(enable)])
