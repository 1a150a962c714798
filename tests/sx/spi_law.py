"""The law of the SPI bus: neither more power than the cap nor a frequency outside the band is ever set.

It decodes the bytes by itself, from the data sheets; neither the driver nor the simulated chip is asked.
"""

# SX1262, table 13-21: paDutyCycle, hpMax -> dBm at TxParams 22.
SX1262_FULL_DBM = {(4, 7): 22, (3, 5): 20, (2, 3): 17, (2, 2): 14}
STEP_HZ = 100  # more than a step of either synthesiser


class Law:
    """A listener on a chip's bus; `broken` says what was against the law."""

    def __init__(self, chip, cap_dbm, band_hz):
        self._cap_dbm = cap_dbm
        self._low_hz, self._high_hz = band_hz
        self._look = {"SX1262": self._look_at_command, "SX1276": self._look_at_registers}[type(chip).__name__]
        self._full_dbm = 22
        self._registers = {}
        self.judged = 0
        self.broken = []
        chip.listeners.append(self._look)

    def _judge_power(self, dbm):
        self.judged += 1
        if dbm > self._cap_dbm:
            self.broken.append(f"{dbm} dBm")

    def _judge_frequency(self, hertz):
        self.judged += 1
        if not self._low_hz - STEP_HZ <= hertz <= self._high_hz + STEP_HZ:
            self.broken.append(f"{hertz:.0f} Hz")

    def _look_at_command(self, data):
        if data[0] == 0x95:
            self._full_dbm = SX1262_FULL_DBM[data[1], data[2]]
        elif data[0] == 0x8E:
            self._judge_power(self._full_dbm - 22 + int.from_bytes(data[1:2], "big", signed=True))
        elif data[0] == 0x86:
            self._judge_frequency(int.from_bytes(data[1:5], "big") * 32_000_000 / 2**25)

    def _look_at_registers(self, data):
        """What is in force whenever the chip is told to send (mode 3) or to listen (5, 6)."""
        address = data[0] & 0x7F
        if not data[0] & 0x80 or address == 0:
            return
        self._registers |= {address + offset: value for offset, value in enumerate(data[1:])}
        mode = data[1] & 7 if address == 1 else 0
        at = self._registers
        if mode in {3, 5, 6}:
            self._judge_frequency((at[6] << 16 | at[7] << 8 | at[8]) * 32_000_000 / 2**19)
        if mode == 3 and at[9] & 0x80:
            self._judge_power(2 + (at[9] & 15) + (3 if at.get(0x4D, 0x84) & 7 == 7 else 0))
        elif mode == 3:
            self._judge_power((108 + 6 * (at[9] >> 4 & 7)) // 10 - 15 + (at[9] & 15))
