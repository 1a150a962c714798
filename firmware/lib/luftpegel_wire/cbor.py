# Deterministic CBOR (RFC 8949, section 4.2.1), as much of it as the frames need: integers, byte and text
# strings, arrays, and maps with unsigned integer keys. Reading it is apart, in cbor_reader.py: a station that
# sends readings pays no memory for that.

UINT, NEGATIVE, BYTES, TEXT, ARRAY, MAP = 0, 1, 2, 3, 4, 5  # major types


def head(major, number):
    # The initial byte with its argument in the shortest form (RFC 8949, section 3).
    major <<= 5
    if number < 24:
        return bytes([major | number])
    for more, limit in ((24, 0x100), (25, 0x10000), (26, 0x100000000)):
        if number < limit:
            return bytes([major | more]) + number.to_bytes(1 << (more - 24), "big")
    return bytes([major | 27]) + number.to_bytes(8, "big")


def dumps(item):
    # item: int (64 bits), bytes, str, list or tuple, dict with keys of 0 and up.
    if isinstance(item, int):
        return head(UINT, item) if item >= 0 else head(NEGATIVE, -1 - item)
    if isinstance(item, (bytes, bytearray)):
        return head(BYTES, len(item)) + item
    if isinstance(item, str):
        encoded = item.encode()
        return head(TEXT, len(encoded)) + encoded
    if isinstance(item, (list, tuple)):
        return head(ARRAY, len(item)) + b"".join([dumps(member) for member in item])
    keys = sorted(item)
    return head(MAP, len(keys)) + b"".join([dumps(key) + dumps(item[key]) for key in keys])
