"""docs/station.md names every modem and its speed, and the pins that each board has for one."""

import importlib
import re
import sys

import pytest

from lora_radio import DRIVERS, LORAWAN_RADIO, open_driver
from luftpegel_tools.image.firmware_image import FIRMWARE

PAGE = (FIRMWARE.parent / "docs" / "station.md").read_text()
ROWS = [re.findall(r"[^|]+", line) for line in PAGE.splitlines() if line.startswith("| `")]
CELLS = {row[0].strip(" `"): [cell.strip() for cell in row[1:]] for row in ROWS if len(row) >= 4}

if str(FIRMWARE) not in sys.path:
    sys.path.append(str(FIRMWARE))
BOARDS = {
    path.stem: importlib.import_module(f"boards.{path.stem}") for path in (FIRMWARE / "boards").glob("*.py")
}


@pytest.mark.parametrize("name", [name for name, where in DRIVERS.items() if where is not LORAWAN_RADIO])
def test_a_modem_and_its_speed(name):
    assert f"{open_driver(name).BAUD} baud" in CELLS[name][1]


@pytest.mark.parametrize("name", [name for name, board in BOARDS.items() if hasattr(board, "MODEM")])
def test_the_pins_for_a_modem(name):
    wiring = BOARDS[name].MODEM
    assert CELLS[name] == [str(wiring[pin]) for pin in ("tx", "rx", "reset")]
