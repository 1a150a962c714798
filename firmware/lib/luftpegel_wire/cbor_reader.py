# Reads deterministic CBOR, as cbor.py writes it. It is strict: what is not in the one deterministic form is
# refused, so equal frames are equal bytes.

from .cbor import ARRAY, BYTES, MAP, NEGATIVE, TEXT, UINT
from .errors import MALFORMED, NOT_CANONICAL, TRUNCATED, WireError

_MAX_DEPTH = 4


def loads(data):
    # The one item that `data` holds; arrays come as lists. Raises WireError.
    item, end = _item(data, 0, 0)
    if end != len(data):
        raise WireError(NOT_CANONICAL, "%d bytes behind the frame's end" % (len(data) - end))
    return item


def _argument(data, at):
    # (major type, argument, position behind them)
    if at >= len(data):
        raise WireError(TRUNCATED, "frame ends at byte %d, where an item should begin" % at)
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if info < 24:
        return major, info, at
    if info > 27:
        raise WireError(NOT_CANONICAL, "byte %d: indefinite length or reserved" % (at - 1))
    size = 1 << (info - 24)
    if at + size > len(data):
        raise WireError(TRUNCATED, "frame ends inside the number at byte %d" % (at - 1))
    number = int.from_bytes(data[at : at + size], "big")
    if number < 24 or (size > 1 and number >> (4 * size) == 0):
        raise WireError(NOT_CANONICAL, "byte %d: number is not in its shortest form" % (at - 1))
    return major, number, at + size


def _item(data, at, depth):
    major, number, at = _argument(data, at)
    if major == UINT:
        return number, at
    if major == NEGATIVE:
        return -1 - number, at
    if major in (BYTES, TEXT):
        return _string(data, at, number, major)
    if major > MAP:
        raise WireError(NOT_CANONICAL, "byte %d: tags, floats and simple values have no place" % (at - 1))
    if depth == _MAX_DEPTH:
        raise WireError(MALFORMED, "nested deeper than %d" % _MAX_DEPTH)
    if number > len(data):
        raise WireError(TRUNCATED, "%d items announced in %d bytes" % (number, len(data)))
    return (_array if major == ARRAY else _map)(data, at, number, depth + 1)


def _string(data, at, length, major):
    end = at + length
    if end > len(data):
        raise WireError(TRUNCATED, "string of %d bytes at byte %d ends behind the frame" % (length, at))
    raw = bytes(data[at:end])
    if major == BYTES:
        return raw, end
    try:
        text = raw.decode()
        # MicroPython's decode() lets pass what UTF-8 forbids: detours, surrogates, numbers beyond Unicode.
        strict = b"".join([chr(ord(character)).encode() for character in text]) == raw
    except (UnicodeError, ValueError):
        strict = False
    if not strict or any(0xD800 <= ord(character) < 0xE000 for character in text):
        raise WireError(MALFORMED, "text at byte %d is not UTF-8" % at)
    return text, end


def _array(data, at, count, depth):
    members = []
    for _ in range(count):
        member, at = _item(data, at, depth)
        members.append(member)
    return members, at


def _map(data, at, count, depth):
    pairs = {}
    last = -1
    for _ in range(count):
        key, at = _item(data, at, depth)
        if not isinstance(key, int) or key <= last:
            raise WireError(NOT_CANONICAL, "map keys must be unsigned integers in rising order")
        last = key
        pairs[key], at = _item(data, at, depth)
    return pairs, at
