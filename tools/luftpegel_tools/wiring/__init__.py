"""Which chip double goes with which driver, and how it is soldered to a board: here and nowhere else."""

from luftpegel_tools.wiring.radios import CHIPS, MODEMS
from luftpegel_tools.wiring.schematics import SCHEMATICS, Schematic
from luftpegel_tools.wiring.sensors import MAKERS, Maker, Truth
from luftpegel_tools.wiring.solder import solder, solder_radio

__all__ = [
    "CHIPS",
    "MAKERS",
    "MODEMS",
    "SCHEMATICS",
    "Maker",
    "Schematic",
    "Truth",
    "solder",
    "solder_radio",
]
