"""The default board: a Heltec WiFi LoRa 32 V3 on a bench, with one chip of each kind and an obliging network.

It has both radios, the board's own SX1262 and a Wio-E5 on the headers; each hears a network of its own.
Pins as in firmware/boards/heltec_v3.py, written down here a second time, as a schematic is.
"""

from luftpegel_tools.air.modem_messages import Downlink, JoinAccept, JoinRequest, Uplink
from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.network_server.lone_gateway import LoneGateway
from luftpegel_tools.network_server.lorawan import Identity
from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_board.chips.a02yyuw import A02YYUW
from luftpegel_tools.virtual_board.chips.base import Chip
from luftpegel_tools.virtual_board.chips.bme280 import BME280
from luftpegel_tools.virtual_board.chips.ds18b20 import DS18B20
from luftpegel_tools.virtual_board.chips.sht4x import SHT4x
from luftpegel_tools.virtual_board.chips.sps30 import SPS30
from luftpegel_tools.virtual_board.chips.sx1262 import SX1262
from luftpegel_tools.virtual_board.chips.wio_e5 import WioE5

RAIL_PIN = 36
I2C_BUS = 0
ONEWIRE_PIN = 4
SENSOR_UART, SOCKET_A, SOCKET_B = 1, (47, 48), (5, 6)
MODEM_UART = 2
LORA_PINS = {"bus": 1, "cs": 8, "reset": 12, "busy": 13, "dio1": 14}
NVS_NAMESPACE = "luftpegel"
BATTERY_PIN, BATTERY_MICROVOLTS = 1, 800_000  # 3.92 V behind the divider of 4.9
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
    climate = [SHT4x(lambda _: (21.5, 48.0)), BME280(lambda _: (21.5, 48.0, 101_325.0))]
    for chip in climate:
        board.attach_i2c(I2C_BUS, chip)
    dust, level, water = (
        SPS30(lambda _: (4.0, 6.5, 8.0, 9.5)),
        A02YYUW(lambda _: 1234.0),
        DS18B20(lambda _: 12.5),
    )
    board.attach_uart(SENSOR_UART, dust, SOCKET_A)
    board.attach_uart(SENSOR_UART, level, SOCKET_B)
    board.attach_onewire(ONEWIRE_PIN, water)
    railed: list[Chip] = [*climate, dust, level, water]
    board.attach_rail(RAIL_PIN, active_low=True, chips=railed)
    board.attach_uart(MODEM_UART, WioE5(ObligingNetwork(), DEV_EUI))
    _attach_lora(board)
    board.attach_adc(BATTERY_PIN, lambda: BATTERY_MICROVOLTS)


def _attach_lora(board: Board) -> None:
    """The LoRa chip, and a gateway that lets in who has the key that this board is provisioned with."""

    def known(dev_eui: bytes) -> Identity:
        try:
            return Identity(dev_eui, board.nvs.blob(NVS_NAMESPACE, "app_key"))
        except KeyError:
            return Identity(dev_eui, bytes(16))  # as the hardware tests take for a board without keys

    air = SharedAir(board.clock)
    LoneGateway(board.clock, air, ObligingNetwork(), known)
    SX1262(air).solder(board, **LORA_PINS)
