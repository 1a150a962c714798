"""The station on each board that has a table: sensor rail, bus, battery and radio where the table says."""

import importlib

import pytest
from tests.station.conftest import DEV_EUI, EPOCH, SLOT_US, Network
from tests.sx.spi_law import Law

from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.image import firmware_image
from luftpegel_tools.network_server.lone_gateway import LoneGateway
from luftpegel_tools.network_server.lorawan import Identity
from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_time.clock import VirtualClock
from luftpegel_tools.wiring import CHIPS, SCHEMATICS, solder
from luftpegel_tools.wiring.schematics import NONE
from station.config import BOARDS

TRUTH = {"temperature": 21.5, "humidity": 55.0}
BATTERY_MV, CHIP_CENTI_DEGREES = 3800, 2500


def solder_board(board, name, air):
    """Wires a board as its maker tells; its radio and a sensor, and a battery."""
    schematic = SCHEMATICS[name]
    radio = CHIPS[schematic.radio](air)
    solder(
        board, {"board": name, "sensors": [{"driver": "sht4x"}]}, lambda quantity, _: TRUTH[quantity], radio
    )
    if schematic.battery_pin != NONE:
        microvolts = round(BATTERY_MV * 1000 / schematic.battery_divider)
        board.attach_adc(schematic.battery_pin, lambda: microvolts)
    return radio


@pytest.mark.parametrize("name", sorted(BOARDS))
def test_the_firmware_runs_on_each_board(tmp_path, name):
    table = importlib.import_module(BOARDS[name])
    clock, network = VirtualClock(epoch=EPOCH), Network()
    settings = {
        "station": "LP-0001",
        "board": name,
        "sensors": [{"driver": "sht4x"}],
        "radio": {"driver": table.LORA["chip"]},
        "health": list(table.HEALTH),
    }
    with Board(clock, name="LP-0001", unique_id=DEV_EUI[2:], state_dir=tmp_path / "board") as board:
        air = SharedAir(clock)
        LoneGateway(clock, air, network, Identity(DEV_EUI, bytes(16), bytes(8)))
        radio = solder_board(board, name, air)
        law = Law(radio, 14, (863_000_000, 870_000_000))
        firmware_image.build(tmp_path / "image", settings)
        board.install(tmp_path / "image")
        board.nvs.provision("luftpegel", app_key=bytes(16), dev_eui=DEV_EUI, join_eui=bytes(8))
        board.power_on()
        clock.run_until(clock.now_us + 3 * SLOT_US)
        text = bytes(board.console.text).decode()
    assert network.frames(), text
    frame = network.frames()[-1][1]
    health = {"battery": BATTERY_MV, "enclosure_temperature": CHIP_CENTI_DEGREES}
    told = [2150, 5500, *(health[quantity] for quantity in table.HEALTH)]
    assert [row.seq for row in frame.rows] == [2, 1, 0], text
    for row in frame.rows:
        assert row.values == pytest.approx(told, rel=0.01)
    assert law.broken == radio.refusals == radio.flaws == []
