"""The golden vectors that every decoder refuses, with the code that it must give.

level says what is violated, in the order in which a decoder looks: "port" (no frame of ours), "cbor"
(RFC 8949 or its one deterministic form), "cddl" (spec/luftpegel.cddl), "body" (the packed rows).
"""

from collections.abc import Callable

from luftpegel_tools.generate.golden_good import vectors as good_vectors
from luftpegel_tools.generate.golden_vectors import Bad
from luftpegel_wire import errors
from luftpegel_wire.cbor import dumps
from luftpegel_wire.column import MAX_MAGNITUDE, PROBABILITIES, level
from luftpegel_wire.rangecoder import HALF, Encoder
from luftpegel_wire.readings import MAX_AGE, MAX_SEQ

READINGS, STATUS, ALARM, CONFIG, BACKFILL = 1, 2, 3, 10, 11
FRAME = next(v.payload for v in good_vectors() if v.name == "one reading")
HEAD = bytes.fromhex("84011903e80c")  # [1, 1000, 12, ...
BODY = FRAME[len(HEAD) + 1 :]
assert HEAD + dumps(BODY) == FRAME

# Chances as the format has them, in 4096ths.
_LIKELY, _PLAIN, _NEGATIVE, _USUAL_LENGTH = 3072, 4032, 512, 3072
_FRESH = [chance << 4 for chance in PROBABILITIES[level(16)]]  # a column that has told one value
_FRESH_CLOCK = [chance << 4 for chance in PROBABILITIES[level(1)]]


def vectors() -> list[Bad]:
    """All bad vectors of today's format."""
    return [
        Bad("FPort of nobody", 99, FRAME, errors.UNKNOWN_PORT, "port"),
        Bad("FPort 0", 0, FRAME, errors.UNKNOWN_PORT, "port"),
        *_truncated(),
        *(Bad(name, port, data, code, "cbor") for name, (port, data, code) in _not_deterministic().items()),
        *(Bad(name, port, data, code, "cddl") for name, (port, data, code) in _other_shapes().items()),
        *(Bad(name, port, data, code, "cddl") for name, (port, data, code) in _beyond_range().items()),
        *(Bad(name, READINGS, data, code, "body") for name, (data, code) in _bodies().items()),
    ]


def _truncated() -> list[Bad]:
    return [
        Bad(f"cut after {length} bytes", READINGS, FRAME[:length], errors.TRUNCATED, "cbor")
        for length in range(len(FRAME))
    ]


def _not_deterministic() -> dict[str, tuple[int, bytes, str]]:
    refused, truncated = errors.NOT_CANONICAL, errors.TRUNCATED
    hexes = {
        "a byte behind the frame": (READINGS, FRAME.hex() + "00", refused),
        "a second frame behind the frame": (READINGS, FRAME.hex() * 2, refused),
        "version in two bytes": (BACKFILL, "83 1801 05 01", refused),
        "23 in two bytes": (BACKFILL, "83 01 1817 01", refused),
        "255 in three bytes": (BACKFILL, "83 01 1900ff 01", refused),
        "65535 in five bytes": (BACKFILL, "83 01 1a0000ffff 01", refused),
        "2^32-1 in nine bytes": (BACKFILL, "83 01 1b00000000ffffffff 01", refused),
        "length of the array in two bytes": (BACKFILL, "9803 01 05 01", refused),
        "length of the body in two bytes": (READINGS, f"{HEAD.hex()}58{len(BODY):02x}{BODY.hex()}", refused),
        "array of indefinite length": (BACKFILL, "9f 01 05 01 ff", refused),
        "body of indefinite length": (READINGS, HEAD.hex() + "5f" + dumps(BODY).hex() + "ff", refused),
        "map of indefinite length": (STATUS, "82 01 bf 02 01 ff", refused),
        "a break alone": (STATUS, "ff", refused),
        "reserved length": (STATUS, "82 01 bc", refused),
        "key twice": (STATUS, "82 01 a2 02 01 02 01", refused),
        "keys that fall": (STATUS, "82 01 a2 03 01 02 01", refused),
        "keys that fall where doubles cannot tell": (
            STATUS, "82 01 a2 1bffffffffffffffff 01 1bfffffffffffffffe 01", refused,
        ),
        "text that is not UTF-8": (STATUS, "82 01 a1 01 61 ff", errors.MALFORMED),
        "text with a detour": (STATUS, "82 01 a1 01 62 c080", errors.MALFORMED),
        "text with half a surrogate pair": (STATUS, "82 01 a1 01 63 eda080", errors.MALFORMED),
        "text beyond Unicode": (STATUS, "82 01 a1 01 64 f4908080", errors.MALFORMED),
        "body of 4 GiB": (READINGS, HEAD.hex() + "5affffffff 00", truncated),
        "body of 2^64-1 bytes": (READINGS, HEAD.hex() + "5bffffffffffffffff 00", truncated),
        "array of 2^64-1 items": (READINGS, "9bffffffffffffffff 01", truncated),
        "map of 4294967295 pairs": (STATUS, "82 01 baffffffff 01", truncated),
        "text longer than the frame": (STATUS, "82 01 a1 01 65 302e312e", truncated),
    }  # fmt: skip
    return {name: (port, bytes.fromhex(data), code) for name, (port, data, code) in hexes.items()}


def _other_shapes() -> dict[str, tuple[int, bytes, str]]:
    refused, malformed, version = errors.NOT_CANONICAL, errors.MALFORMED, errors.UNKNOWN_VERSION
    body = dumps(BODY).hex()
    hexes = {
        "version 0": (READINGS, "84 00 1903e8 0c" + body, version),
        "version 2": (READINGS, "84 02 1903e8 0c" + body, version),
        "version 2 in another shape": (READINGS, "82 02 a0", version),
        "version -1": (STATUS, "82 20 a0", version),
        "version 2^64-1": (CONFIG, "83 1bffffffffffffffff 00 a0", version),
        "version is a text": (STATUS, "82 6131 a0", malformed),
        "version is missing": (STATUS, "80", malformed),
        "a number alone": (READINGS, "01", malformed),
        "a map alone": (STATUS, "a0", malformed),
        "body alone": (READINGS, body, malformed),
        "a member too few": (READINGS, "83 01 1903e8 0c", malformed),
        "a member too many": (READINGS, "85 01 1903e8 0c" + body + "00", malformed),
        "seq is a text": (READINGS, "84 01 6131 0c" + body, malformed),
        "age is an array": (READINGS, "84 01 1903e8 80" + body, malformed),
        "body is a text": (READINGS, "84 01 1903e8 0c 6130", malformed),
        "body is a number": (READINGS, "84 01 1903e8 0c 05", malformed),
        "body is empty": (READINGS, "84 01 1903e8 0c 40", malformed),
        "seq is a float": (READINGS, "84 01 f93c00 0c" + body, refused),
        "seq is a single": (READINGS, "84 01 fa3f8ccccd 0c" + body, refused),
        "seq is a double": (READINGS, "84 01 fb3ff199999999999a 0c" + body, refused),
        "seq is tagged": (READINGS, "84 01 c11903e8 0c" + body, refused),
        "seq is true": (READINGS, "84 01 f5 0c" + body, refused),
        "age is null": (READINGS, "84 01 1903e8 f6" + body, refused),
        "age is undefined": (READINGS, "84 01 1903e8 f7" + body, refused),
        "seq is a bignum": (READINGS, "84 01 c249010000000000000000 0c" + body, refused),
        "nested five deep": (STATUS, "82 01 81818181 01", malformed),
        "status is an array": (STATUS, "82 01 80", malformed),
        "status field is an array": (STATUS, "82 01 a1 02 80", malformed),
        "status field is bytes": (STATUS, "82 01 a1 02 4101", malformed),
        "key is a text": (STATUS, "82 01 a1 6132 01", refused),
        "key is negative": (STATUS, "82 01 a1 20 01", refused),
        "key is an array": (STATUS, "82 01 a1 80 01", refused),
        "token is a text": (CONFIG, "83 01 6131 a0", malformed),
        "settings are missing": (CONFIG, "82 01 05", malformed),
        "setting is a map": (CONFIG, "83 01 05 a1 01 a0", malformed),
        "alarm without its threshold": (ALARM, "86 01 05 03 0a 01 1864", malformed),
        "value of an alarm is a text": (ALARM, "87 01 05 03 0a 01 6131 1864", malformed),
        "backfill without a count": (BACKFILL, "82 01 05", malformed),
        "backfill of an array": (BACKFILL, "83 01 81 05 01", malformed),
    }
    return {name: (port, bytes.fromhex(data), code) for name, (port, data, code) in hexes.items()}


def _beyond_range() -> dict[str, tuple[int, bytes, str]]:
    over = 1 << 32
    items: dict[str, tuple[int, list[object]]] = {
        "seq is negative": (READINGS, [1, -1, 12, BODY]),
        "seq of 33 bits": (READINGS, [1, MAX_SEQ + 1, 12, BODY]),
        "age is -2": (READINGS, [1, 1000, -2, BODY]),
        "age of 32 bits": (READINGS, [1, 1000, MAX_AGE + 1, BODY]),
        "status key of 33 bits": (STATUS, [1, {over: 1}]),
        "status value of 33 bits": (STATUS, [1, {2: over}]),
        "status value of 64 bits": (STATUS, [1, {2: (1 << 64) - 1}]),
        "status value of -2^64": (STATUS, [1, {2: -(1 << 64)}]),
        "token is negative": (CONFIG, [1, -1, {}]),
        "token of 33 bits": (CONFIG, [1, over, {}]),
        "setting of 33 bits": (CONFIG, [1, 5, {1: -over}]),
        "alarm: seq is negative": (ALARM, [1, -1, 3, 10, 1, 100, 90]),
        "alarm: age is negative": (ALARM, [1, 5, -1, 10, 1, 100, 90]),
        "alarm: channel is negative": (ALARM, [1, 5, 3, -10, 1, 100, 90]),
        "alarm: reason is negative": (ALARM, [1, 5, 3, 10, -1, 100, 90]),
        "alarm: value of 33 bits": (ALARM, [1, 5, 3, 10, 1, over, 90]),
        "alarm: threshold of 33 bits": (ALARM, [1, 5, 3, 10, 1, 100, -over]),
        "backfill: seq is negative": (BACKFILL, [1, -1, 1]),
        "backfill: count is negative": (BACKFILL, [1, 5, -1]),
        "backfill: count of 33 bits": (BACKFILL, [1, 5, over]),
    }
    return {name: (port, dumps(item), errors.OUT_OF_RANGE) for name, (port, item) in items.items()}


def _bodies() -> dict[str, tuple[bytes, str]]:
    """Frames whose packed rows, made by hand with the coder, no station sends."""
    malformed, out_of_range, truncated = errors.MALFORMED, errors.OUT_OF_RANGE, errors.TRUNCATED
    bodies = {
        "rows without channels": (b"\0", truncated),
        "rows end too early": (BODY[:3], truncated),
        "rows of another frame's number": (b"\xff" + BODY[1:], truncated),
        "a byte behind the rows": (BODY + b"\1", malformed),
        "many bytes behind the rows": (BODY + b"\1" * 40, malformed),
        "a zero behind the rows": (BODY + b"\0", malformed),
        "rows that begin with 255, 255, 255": (b"\0\xff\xff\xff", malformed),
        "rows that are all ones": (b"\0" + b"\xff" * 40, malformed),
        "channel twice": (_packed(0, lambda c: _channels(c, 2, 0)), out_of_range),
        "channel 1": (_packed(0, lambda c: _channels(c, 1)), out_of_range),
        "channel above 255": (_packed(0, lambda c: _channels(c, 255, 1)), out_of_range),
        "first value of 27 bits": (_packed(0, _first_value_too_long), out_of_range),
        "difference of 30 bits": (_packed(1, _difference_too_long), out_of_range),
        "value beyond what is carried": (_packed(1, _value_too_high), out_of_range),
        "interval below zero": (_packed(1, _interval_below_zero), out_of_range),
        "interval beyond two years": (_packed(2, _interval_too_long), out_of_range),
    }
    frames = {name: (HEAD + dumps(body), code) for name, (body, code) in bodies.items()}
    frames["more rows than numbers"] = (dumps([1, 0, 12, b"\1" + BODY[1:]]), out_of_range)
    return frames


def _packed(older: int, code: Callable[[Encoder], None]) -> bytes:
    coder = Encoder()
    code(coder)
    return bytes([older]) + bytes(coder.finished())


def _channels(coder: Encoder, *gaps: int) -> None:
    coder.bits(5, len(gaps))
    for gap in gaps:
        if not coder.bit(_LIKELY, gap == 2):
            coder.bits(3, 0)
            coder.bits(8, gap)


def _start(coder: Encoder, count: int = 1) -> None:
    """Channels 2, 4, ... in their usual steps, and a first row without anything unusual."""
    _channels(coder, *[2] * count)
    coder.bit(HALF, 1)
    coder.bit(_PLAIN, 1)


def _value(coder: Encoder, magnitude: int, length: int) -> None:
    coder.bit(_NEGATIVE, 0)
    coder.bit(_USUAL_LENGTH, 0)
    coder.bits(5, length)
    coder.bits(length - 1, magnitude & ((1 << (length - 1)) - 1))


def _next_row(coder: Encoder) -> None:
    """Nothing unusual, a minute after the row before; it cannot be the last thing in a frame."""
    coder.bit(_PLAIN + ((4096 - 32 - _PLAIN) >> 4), 1)
    coder.bit(_LIKELY, 1)
    coder.bits(3, 0)


def _escape(coder: Encoder) -> None:
    """Twelve times no: a difference, from a column at its start, that is written out."""
    for chance in _FRESH + [_FRESH[-1]] * 5:
        coder.bit(chance, 0)


def _first_value_too_long(coder: Encoder) -> None:
    _start(coder)
    _value(coder, 0, 27)


def _difference_too_long(coder: Encoder) -> None:
    _start(coder)
    _value(coder, 1, 1)
    _next_row(coder)
    _escape(coder)
    coder.bits(30, (1 << 30) - 1)


def _value_too_high(coder: Encoder) -> None:
    _start(coder)
    _value(coder, MAX_MAGNITUDE, 26)
    _next_row(coder)
    _one_more(coder, _FRESH)


def _interval_below_zero(coder: Encoder) -> None:
    _start(coder, 0)
    coder.bit(_PLAIN + ((4096 - 32 - _PLAIN) >> 4), 1)
    coder.bit(_LIKELY, 0)
    coder.bit(_NEGATIVE, 1)
    coder.bit(_USUAL_LENGTH, 0)
    coder.bits(5, 1)


def _interval_too_long(coder: Encoder) -> None:
    _start(coder, 0)
    plain = _PLAIN + ((4096 - 32 - _PLAIN) >> 4)
    coder.bit(plain, 1)
    coder.bit(_LIKELY, 0)
    _value(coder, MAX_MAGNITUDE, 26)
    coder.bit(plain + ((4096 - 32 - plain) >> 4), 1)
    _one_more(coder, _FRESH_CLOCK)


def _one_more(coder: Encoder, chances: list[int]) -> None:
    coder.bit(chances[0], 0)
    coder.bit(chances[1], 1)
    coder.bit(HALF, 0)
