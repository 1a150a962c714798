"""The law of the SPI bus, held to a chip's log: neither too much power nor a foreign frequency is ever set.

It decodes the bytes by itself, from the data sheets; neither the driver nor the simulated chip is asked.
"""

# SX1262, table 13-21: paDutyCycle, hpMax -> dBm at TxParams 22.
SX1262_FULL_DBM = {(4, 7): 22, (3, 5): 20, (2, 3): 17, (2, 2): 14}


def violations(chip, cap_dbm, band_hz):
    """-> what breaks the law, as texts."""
    commands = [data for _, data in chip.log]
    assert len(commands) < chip.log.maxlen, "the log has forgotten its beginning"
    laws = {"SX1262": _sx1262, "SX1276": _sx1276}
    return [
        text
        for power_dbm, frequency_hz in laws[type(chip).__name__](commands)
        for text in _judge(power_dbm, frequency_hz, cap_dbm, band_hz)
    ]


def _judge(power_dbm, frequency_hz, cap_dbm, band_hz):
    if power_dbm is not None and power_dbm > cap_dbm:
        yield f"{power_dbm} dBm"
    if frequency_hz is not None and not band_hz[0] - 100 <= frequency_hz <= band_hz[1] + 100:
        yield f"{frequency_hz} Hz"


def _sx1262(commands):
    """Yields (dBm or None, Hz or None) of each command that sets one."""
    full_dbm = 22
    for data in commands:
        if data[0] == 0x95:
            full_dbm = SX1262_FULL_DBM[data[1], data[2]]
        elif data[0] == 0x8E:
            yield full_dbm - 22 + int.from_bytes(data[1:2], "big", signed=True), None
        elif data[0] == 0x86:
            yield None, int.from_bytes(data[1:5], "big") * 32_000_000 / 2**25


def _sx1276(commands):
    """Yields (dBm, Hz) in force whenever the chip is told to send or to listen."""
    registers = {}
    for data in commands:
        if not data[0] & 0x80:
            continue
        address = data[0] & 0x7F
        for offset, value in enumerate(data[1:] if address else b""):
            registers[address + offset] = value
        mode = data[1] & 7 if address == 1 else None
        if mode in {3, 5, 6}:
            steps = registers[6] << 16 | registers[7] << 8 | registers[8]
            power = None
            if mode == 3:
                config, boosted = registers[9], registers.get(0x4D, 0x84) & 7 == 7
                assert config & 0x80, "the boards of the test have PA_BOOST wired"
                power = 2 + (config & 15) + (3 if boosted else 0)
            yield power, steps * 32_000_000 / 2**19
