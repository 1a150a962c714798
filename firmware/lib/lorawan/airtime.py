# Time on air of a LoRa frame, by Semtech's formula (SX1261/2 data sheet, section 6.1.4).


def airtime_ms(sf, bandwidth_hz, length):
    # Milliseconds, rounded up. A frame as LoRaWAN sends it: `length` bytes with explicit header, CRC, coding
    # rate 4/5 and a preamble of 8 symbols, which the sync word follows with 4.25 symbols.
    symbol_us = (1 << sf) * 1000 // (bandwidth_hz // 1000)
    in_block = 4 * (sf - 2 if symbol_us > 16000 else sf)  # longer symbols: low data rate optimisation
    blocks = max(0, (8 * length - 4 * sf + 44 + in_block - 1) // in_block)
    return (symbol_us * (4 * (16 + 5 * blocks) + 17) + 3999) // 4000
