"""The default board: a Heltec WiFi LoRa 32 V3 on a desk, with one chip of each kind and an obliging network.

It has both radios, the board's own SX1262 and a Wio-E5 on the headers; each hears a network of its own.
"""

from luftpegel_tools.air.modem_messages import Downlink, JoinAccept, JoinRequest, Uplink
from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.network_server.lone_gateway import LoneGateway
from luftpegel_tools.network_server.lorawan import Identity
from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_board.chips.sx1262 import SX1262
from luftpegel_tools.virtual_board.chips.wio_e5 import WioE5
from luftpegel_tools.wiring import SCHEMATICS, solder, solder_radio

SETTINGS = {
    "board": "heltec_v3",
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
SCHEMATIC = SCHEMATICS["heltec_v3"]
NVS_NAMESPACE = "luftpegel"
BATTERY_MICROVOLTS = 800_000  # 3.92 V behind the divider of 4.9
DEV_EUI = bytes.fromhex("2cf7f12024900042")


class ObligingNetwork:
    """Lets every device join, and acknowledges what wants to be."""

    def join(self, request: JoinRequest) -> JoinAccept | None:
        """Welcome."""
        return JoinAccept(dev_addr=0x2600_0000 | request.dev_nonce)

    def uplink(self, uplink: Uplink) -> Downlink | None:
        """Heard."""
        return Downlink(f_port=None, data=b"", acknowledges=True) if uplink.confirmed else None


def wire(board: Board) -> None:
    """Solder the chips of the default board."""
    solder(board, SETTINGS, lambda quantity, _: TRUTH[quantity], WioE5(ObligingNetwork(), DEV_EUI))
    solder_radio(board, SCHEMATIC, _lora_chip(board))
    board.attach_adc(SCHEMATIC.battery_pin, lambda: BATTERY_MICROVOLTS)


def _lora_chip(board: Board) -> SX1262:
    """The LoRa chip, and a gateway that lets in who has the key that this board is provisioned with."""

    def known(dev_eui: bytes) -> Identity:
        try:
            return Identity(dev_eui, board.nvs.blob(NVS_NAMESPACE, "app_key"))
        except KeyError:
            return Identity(dev_eui, bytes(16))  # as the hardware tests take for a board without keys

    air = SharedAir(board.clock)
    LoneGateway(board.clock, air, ObligingNetwork(), known)
    return SX1262(air)
