# The RTC memory of firmware 0.3.0: version 2, the first 18 fields, the ranges, CRC-32 at 124; then the
# radio's bytes.

import struct
from binascii import crc32

_VERSION, _FORMAT, _SIZE = 2, "<BHIBIIIBBIBHIIHIIIB", 128


def older(memory, kept, fields_at, radio):
    # The station's bytes as they are kept now, or None; the radio's move to their new place.
    if len(kept) < _SIZE or kept[0] != _VERSION:
        return None
    if struct.unpack_from("<I", kept, _SIZE - 4)[0] != crc32(kept[: _SIZE - 4]):
        return None
    end = struct.calcsize(_FORMAT)
    memory.clear()
    if len(kept) > _SIZE:
        memory.keep(radio, kept[_SIZE:])
    return kept[end : end + fields_at] + kept[1:end]
