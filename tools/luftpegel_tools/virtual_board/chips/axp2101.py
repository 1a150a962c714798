"""AXP2101, the power manager of LilyGO's T-Beam from V1.2 on, as far as its ALDO2 goes, for the radio.

X-Powers' data sheet: chip id in register 0x03, on and off of the LDOs in 0x90, ALDO2 is bit 1.
"""

from luftpegel_tools.virtual_board.chips.base import Chip, I2CChip

_ID_REGISTER, _ID = 0x03, 0x4A
_SWITCHES, _ALDO2 = 0x90, 0x02


class AXP2101(I2CChip):
    """It feeds `load` as long as the bit of ALDO2 is set; at power-on it is not."""

    address = 0x34

    def __init__(self, load: Chip):
        super().__init__()
        self._load = load
        self._registers = bytearray(256)
        self._pointer = 0

    def power(self, on: bool) -> None:
        """Power comes or goes, and with it all registers and what it feeds."""
        super().power(on)
        self._registers[:] = bytes(256)
        self._registers[_ID_REGISTER] = _ID
        self._feed()

    def write(self, data: bytes) -> None:
        """A register's number, and values from there on."""
        self._pointer = data[0]
        for offset, value in enumerate(data[1:]):
            self._registers[(self._pointer + offset) & 0xFF] = value
        self._feed()

    def read(self, n: int) -> bytes:
        """From the register that was named last."""
        return bytes(self._registers[self._pointer : self._pointer + n])

    def _feed(self) -> None:
        on = bool(self._registers[_SWITCHES] & _ALDO2)
        if on != self._load.powered:
            self._load.power(on)
