"""The doubles of radios by their drivers' names: chips for our own LoRaWAN, modems that bring theirs."""

from collections.abc import Mapping

from luftpegel_tools.virtual_board.chips.lora_chip import LoRaChip
from luftpegel_tools.virtual_board.chips.lorawan_modem import LoRaWANModem
from luftpegel_tools.virtual_board.chips.rak3172 import Rak3172
from luftpegel_tools.virtual_board.chips.sx1262 import SX1262
from luftpegel_tools.virtual_board.chips.sx1276 import SX1276
from luftpegel_tools.virtual_board.chips.wio_e5 import WioE5

CHIPS: Mapping[str, type[LoRaChip]] = {"sx1262": SX1262, "sx1276": SX1276}
MODEMS: Mapping[str, type[LoRaWANModem]] = {"wio_e5": WioE5, "rak3172": Rak3172}
