"""A board on a desk, by default a Heltec WiFi LoRa 32 V3, with one chip of each kind and an obliging network.

It has the board's own LoRa chip, and a Wio-E5 on the headers where a UART is left for it; each hears a
network of its own.
"""

from collections.abc import Callable
from functools import partial

from luftpegel_tools.air.modem_messages import Downlink, JoinAccept, JoinRequest, Uplink
from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.network_server.lone_gateway import LoneGateway
from luftpegel_tools.network_server.lorawan import Identity
from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_board.chips.lora_chip import LoRaChip
from luftpegel_tools.virtual_board.chips.wio_e5 import WioE5
from luftpegel_tools.wiring import CHIPS, SCHEMATICS, solder, solder_radio
from luftpegel_tools.wiring.schematics import NONE

BOARD = "heltec_v3"
SETTINGS = {
    "board": BOARD,
    "sensors": [
        {"driver": "sht4x"},
        {"driver": "bme280"},
        {"driver": "sps30", "socket": "a"},
        {"driver": "a02yyuw", "socket": "b"},
        {"driver": "ds18b20"},
    ],
}
TRUTH = {
    "temperature": 21.5,
    "humidity": 48.0,
    "pressure": 101_325.0,
    "pm1": 4.0,
    "pm25": 6.5,
    "pm4": 8.0,
    "pm10": 9.5,
    "distance": 1234.0,
    "water_temperature": 12.5,
}
NVS_NAMESPACE = "luftpegel"
BATTERY_MICROVOLTS = 3_920_000
DEV_EUI = bytes.fromhex("2cf7f12024900042")


class ObligingNetwork:
    """Lets every device join, and acknowledges what wants to be."""

    def join(self, request: JoinRequest) -> JoinAccept | None:
        """Welcome."""
        return JoinAccept(dev_addr=0x2600_0000 | request.dev_nonce)

    def uplink(self, uplink: Uplink) -> Downlink | None:
        """Heard."""
        return Downlink(f_port=None, data=b"", acknowledges=True) if uplink.confirmed else None


def wire(board: Board, name: str = BOARD) -> None:
    """Solder the chips of the board `name` (as under firmware/boards)."""
    schematic = SCHEMATICS[name]
    chip = _lora_chip(board, CHIPS[schematic.radio])
    modem = WioE5(ObligingNetwork(), DEV_EUI) if schematic.modem_uart is not None else chip
    solder(board, SETTINGS | {"board": name}, lambda quantity, _: TRUTH[quantity], modem)
    if modem is not chip:
        solder_radio(board, schematic, chip)
    if schematic.battery_pin != NONE:
        microvolts = round(BATTERY_MICROVOLTS / schematic.battery_divider)
        board.attach_adc(schematic.battery_pin, lambda: microvolts)


def wiring_of(name: str) -> Callable[[Board], None]:
    """What solders the chips of the board `name`."""
    return partial(wire, name=name)


def _lora_chip(board: Board, kind: type[LoRaChip]) -> LoRaChip:
    """The LoRa chip, and a gateway that lets in who has the key that this board is provisioned with."""

    def known(dev_eui: bytes) -> Identity:
        try:
            return Identity(dev_eui, board.nvs.blob(NVS_NAMESPACE, "app_key"))
        except KeyError:
            return Identity(dev_eui, bytes(16))  # as the hardware tests take for a board without keys

    air = SharedAir(board.clock)
    LoneGateway(board.clock, air, ObligingNetwork(), known)
    return kind(air)
