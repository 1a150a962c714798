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
from luftpegel_tools.virtual_board.chips.base import I2CChip
from luftpegel_tools.virtual_board.chips.sht4x import SHT4x
from luftpegel_tools.virtual_board.chips.sx1262 import SX1262
from luftpegel_tools.virtual_board.chips.sx1276 import SX1276
from luftpegel_tools.virtual_time.clock import VirtualClock
from station.config import BOARDS

CHIPS = {"sx1262": SX1262, "sx1276": SX1276}
BATTERY_MV, CHIP_CENTI_DEGREES = 3800, 2500


class AXP2101(I2CChip):
    """A power manager as far as ALDO2 goes: it feeds `load` once its bit in register 0x90 is set."""

    address = 0x34
    ALDO2 = (0x90, 0x02)

    def __init__(self, load):
        super().__init__()
        self.load, self.registers, self.pointer = load, bytearray(256), 0
        self.registers[0x03] = 0x4A

    def write(self, data):
        self.pointer = data[0]
        for offset, value in enumerate(data[1:]):
            self.registers[self.pointer + offset] = value
        register, bit = self.ALDO2
        if bool(self.registers[register] & bit) != self.load.powered:
            self.load.power(not self.load.powered)

    def read(self, n):
        return bytes(self.registers[self.pointer : self.pointer + n])


def solder(board, table, air):
    """Wires a board as its table says; its radio and its sensor."""
    radio = CHIPS[table.LORA["chip"]](air)
    pins = {name: pin for name, pin in table.LORA["pins"].items() if name != "rx_enable"}
    radio.solder(board, bus=table.LORA["spi"]["id"], **pins)
    if "pmu" in table.LORA:
        manager = AXP2101(radio)
        board.attach_i2c(table.LORA["pmu"]["i2c"]["id"], manager)
        board.attach_rail(199, True, [radio])  # no pin switches it, the manager does
    sensor = SHT4x(lambda _: (21.5, 55.0))
    board.attach_i2c(table.I2C["id"], sensor)
    board.attach_rail(table.RAIL["pin"], not table.RAIL["on"], [sensor])
    if "battery" in table.HEALTH:
        board.attach_adc(table.BATTERY["adc"], lambda: BATTERY_MV * 1_000_000 // table.BATTERY["times_milli"])
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
        radio = solder(board, table, air)
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
