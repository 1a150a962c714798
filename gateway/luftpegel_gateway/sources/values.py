"""Single values of events, read with patience: what they say, or None and their name in `odd`.

ChirpStack v4 writes JSON by the rules of proto3 (protobuf.dev/programming-guides/json): a missing field holds
its default, numbers may stand as text, NaN becomes null, base64 may be URL-safe. What stands between it and
us (bridges, rules, other network servers that speak its format) adds habits of its own. JSON has times as
text; protobuf's come as (seconds, nanoseconds).
"""

import binascii
import math
import re
from datetime import UTC, datetime
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# GPS time began in 1980 and knows no leap seconds; UTC has had 18 since then, the last in 2017.
_GPS_EPOCH_US = (315_964_800 - 18) * 1_000_000
LATEST = 2**53  # microseconds: the year 2255
_WHOLE = re.compile(r"-?[0-9]{1,20}")
_DURATION = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,9}))?s")
_EUI = re.compile(r"[0-9a-f]{16}")
_SEPARATORS = str.maketrans("", "", "-:. ")
_STANDARD_ALPHABET = str.maketrans("-_", "+/", " \t\r\n")
_LONGEST_LABEL = 100


def whole(value: Any, low: int, high: int, name: str, odd: list[str]) -> int | None:
    """A whole number from `low` to `high`, also as 7.0 or "7"."""
    number = value if type(value) is int else _as_whole(value)
    if number is not None and low <= number <= high:
        return number
    odd.append(name)
    return None


def _as_whole(value: Any) -> int | None:
    if isinstance(value, str):
        return int(value) if _WHOLE.fullmatch(value) else None
    return int(value) if isinstance(value, float) and value.is_integer() else None


def real(value: Any, low: float, high: float, name: str, odd: list[str]) -> float | None:
    """A finite number from `low` to `high`, also as text."""
    if type(value) is float and low <= value <= high:
        return value
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if low <= number <= high:
        return number
    odd.append(name)
    return None


def moment(value: Any, name: str, odd: list[str]) -> int | None:
    """Unix microseconds of an RFC 3339 time or of (seconds, nanoseconds); nanoseconds are cut."""
    found: int | None
    if type(value) is tuple:
        found = _of_pair(value)
    else:
        try:
            elapsed = datetime.fromisoformat(value) - _EPOCH
            found = (elapsed.days * 86400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds
        except (TypeError, ValueError):
            found = _of_odd_text(value)
    if found is not None and 0 <= found <= LATEST:
        return found
    odd.append(name)
    return None


def gps_moment(value: Any, name: str, odd: list[str]) -> int | None:
    """The same of a time since the GPS epoch: "1379840.234s", or (seconds, nanoseconds)."""
    found = None
    if type(value) is tuple:
        found = _of_pair(value)
    elif isinstance(value, str) and (match := _DURATION.fullmatch(value)):
        found = int(match[1]) * 1_000_000 + int((match[2] or "").ljust(6, "0")[:6])
    if found is not None and 0 <= found <= LATEST - _GPS_EPOCH_US:
        return found + _GPS_EPOCH_US
    odd.append(name)
    return None


def _of_pair(value: tuple[int, int]) -> int:
    return value[0] * 1_000_000 + value[1] // 1000


def _of_odd_text(value: Any) -> int | None:
    """Small letters, and a leap second: POSIX time has none, it is the second after.

    None for a time without a zone: whose clock it follows cannot be told.
    """
    if not isinstance(value, str):
        return None
    plain = value[:40].strip().upper()
    leap = plain[16:19] == ":60"
    try:
        elapsed = datetime.fromisoformat(plain.replace(":60", ":59", 1) if leap else plain) - _EPOCH
    except (TypeError, ValueError):
        return None
    return (elapsed.days * 86400 + elapsed.seconds + leap) * 1_000_000 + elapsed.microseconds


def base64(value: Any) -> bytes:
    """The bytes behind base64, standard or URL-safe, padded or not, with line breaks or not; else ValueError.

    Hexadecimal is not guessed: every such text is base64 too, of other bytes.
    """
    if type(value) is bytes:
        return value
    if value is None:
        return b""
    if not isinstance(value, str):
        raise ValueError(f"it is {_kind(value)}")
    try:
        return binascii.a2b_base64(value, strict_mode=True)
    except ValueError:
        plain = value.translate(_STANDARD_ALPHABET).rstrip("=")
        if not plain:
            raise ValueError(f"{value[:40]!r}") from None
        try:
            return binascii.a2b_base64(plain + "=" * (-len(plain) % 4), strict_mode=True)
        except ValueError as error:
            raise ValueError(f"{value[:40]!r}: {error}") from error


def device_eui(value: Any) -> str:
    """16 lower-case hex digits, also of "70-B3-D5-…". ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError(f"it is {_kind(value)}")
    if _EUI.fullmatch(value):
        return value
    plain = value[:40].translate(_SEPARATORS).lower()
    if not _EUI.fullmatch(plain):
        raise ValueError(f"{value[:40]!r} has not 16 hexadecimal digits")
    return plain


def label(value: Any, name: str, odd: list[str]) -> str:
    """A short text to be stored, shown and compared; "" for what is none."""
    if type(value) is str and len(value) <= _LONGEST_LABEL and value.isprintable():
        return value
    odd.append(name)
    return ""


def prose(value: Any, longest: int) -> str:
    """Text for people as one that can be written down: cut, without half surrogates; "" for what is none."""
    if type(value) is int and abs(value) < 2**63:
        return str(value)
    return value[:longest].encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _kind(value: Any) -> str:
    kinds = {"NoneType": "missing", "bool": "true or false", "int": "a number", "float": "a number",
             "list": "a list", "dict": "an object"}  # fmt: skip
    return kinds.get(type(value).__name__, "something else")
