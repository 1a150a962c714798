# Time on air of a LoRa frame, by Semtech's formula (SX1261/2 data sheet, section 6.1.4), in microseconds.

_PREAMBLE = 8  # symbols
_LOW_RATE_SYMBOL_US = 16000  # longer symbols need the low data rate optimisation


def airtime_us(sf, bandwidth_hz, length):
    # An uplink as LoRaWAN sends it: explicit header, CRC, coding rate 4/5; `length` bytes in all.
    symbol = (1 << sf) * 1000 // (bandwidth_hz // 1000)
    in_block = 4 * (sf - 2 if symbol > _LOW_RATE_SYMBOL_US else sf)
    blocks = (8 * length - 4 * sf + 44 + in_block - 1) // in_block
    symbols = 8 + 5 * max(0, blocks)
    return symbol * (4 * (_PREAMBLE + symbols) + 17) // 4  # the sync word takes 4.25 symbols


def airtime_ms(sf, bandwidth_hz, length):
    # Rounded up, for accounts.
    return (airtime_us(sf, bandwidth_hz, length) + 999) // 1000
