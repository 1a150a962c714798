"""Whether a text holds a key, however it is written: nothing that does is handed to anybody.

A key is looked for as bytes and as hex digits, with whatever stands between them, as Base64, as numbers of a
list, each in both orders of its bytes (network servers show keys "LSB first", too). Besides, each run
of hex digits as long as a key is masked, for a key that nobody has listed.
"""

import base64
import re
from collections.abc import Iterable, Iterator

_NUMBER = re.compile(rb"0[xX][0-9a-fA-F]{1,2}|\d{1,3}")
_NO_HEX = re.compile(rb"[^0-9a-fA-F]")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_LONG_HEX = re.compile(
    r"(?<![0-9A-Fa-f])(?:(?:0[xX]|\\x)?[0-9A-Fa-f]{2}[\s,:;-]{0,2}){15}(?:0[xX]|\\x)?[0-9A-Fa-f]{2}(?![0-9A-Fa-f])"
)
MASK = "***"


def holds_a_key(content: bytes, keys: Iterable[bytes]) -> bool:
    """Whether one of the keys is in the content, in any encoding named above."""
    seen = list(_readings(content))
    return any(
        form in text for key in keys for kind, form in _forms(key) for what, text in seen if what == kind
    )


def masked(text: str) -> str:
    """The text without anything that could be a key: 16 bytes as hex digits, marks between or not."""
    return _LONG_HEX.sub(MASK, text)


def _forms(key: bytes) -> Iterator[tuple[str, bytes]]:
    for order in (bytes(key), bytes(key)[::-1]):
        yield "raw", order
        yield "hex", order.hex().encode()
        for shift in range(3):  # where in a longer text the key begins changes its letters
            whole = base64.b64encode(bytes(shift) + order)
            # Letters that other bytes have a part in, at both ends, are left away.
            yield "base64", whole[(0, 2, 3)[shift] : (shift + len(order)) * 8 // 6]


def _readings(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The content in all ways that it may be read."""
    dense = content.replace(b"\0", b"")  # UTF-16, UTF-32
    yield from (("raw", content), ("raw", dense))
    without_marks = re.sub(rb"0[xX]|\\x", b"", dense)
    yield "hex", _NO_HEX.sub(b"", without_marks).lower()
    # With words between, letters of words would be taken for digits: each line by itself as well.
    yield "hex", re.sub(rb"[^0-9a-fA-F\n]+", b"", without_marks).lower()
    runs = re.findall(rb"(?:[0-9a-fA-F]{1,2}[\s,:;.\-]*)+", without_marks)
    yield "hex", b"|".join(_NO_HEX.sub(b"", run).lower() for run in runs)
    base = dense.replace(b"-", b"+").replace(b"_", b"/")
    yield "base64", base
    yield "base64", _NO_BASE64.sub(b"", base)
    numbers = [int(found, 0 if found[:2] in {b"0x", b"0X"} else 10) for found in _NUMBER.findall(dense)]
    yield "raw", bytes(number for number in numbers if number < 256)
