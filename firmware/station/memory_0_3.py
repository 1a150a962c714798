# The RTC memory of firmware 0.3.0: version 2, the first 18 fields, the ranges, CRC-32 at 124; then the
# radio's bytes.

import struct
from binascii import crc32

from station.memory import FIELDS_AT, RADIO

_VERSION, _FORMAT, _SIZE = 2, "<BHIBIIIBBIBHIIHIIIB", 128


def older(memory, kept):
    # The station's bytes as they are kept now, or None; the radio's move to their new place.
    if len(kept) < _SIZE or kept[0] != _VERSION:
        return None
    if struct.unpack_from("<I", kept, _SIZE - 4)[0] != crc32(kept[: _SIZE - 4]):
        return None
    end = struct.calcsize(_FORMAT)
    memory.clear()
    if len(kept) > _SIZE:
        memory.keep(RADIO, kept[_SIZE:])
    return kept[end : end + FIELDS_AT] + kept[1:end]
