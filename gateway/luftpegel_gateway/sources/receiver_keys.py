"""The stations' keys for plain LoRa: a secret of many lines, `DevEUI key`, 16 and 32 hexadecimal digits.

Empty lines, and what stands after a "#", count for nothing. No message repeats what stands in a line.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from luftpegel_gateway.config.options import Wrong, text
from luftpegel_gateway.config.secrets import Unread, read_secret_text
from luftpegel_gateway.sources import values

WRONG_LINE = "LP-528"
_KEY = re.compile(r"[0-9a-fA-F]{32}")


class StationKeys(dict[str, bytes]):
    """Device EUI -> key; shows itself to nobody who prints what it lies in."""

    def __repr__(self) -> str:
        return f"<{len(self)} keys>"


def station_keys(value: Any, folder: Path) -> Mapping[str, bytes]:
    """The reader of an option: where the keys are (a file of its owner's alone, `env:…`, `credential:…`)."""
    found = StationKeys()
    secret = read_secret_text(text(value, folder), folder)
    if isinstance(secret, Unread):
        return found
    for number, written in enumerate(secret.splitlines(), 1):
        words = written.partition("#")[0].split()
        if not words:
            continue
        dev_eui = _dev_eui(words[0])
        if len(words) != 2 or dev_eui is None or not _KEY.fullmatch(words[1]):
            raise Wrong(WRONG_LINE, line=number, reason="not a DevEUI and a key of 32 hexadecimal digits")
        if dev_eui in found:
            raise Wrong(WRONG_LINE, line=number, reason="the DevEUI stands there twice")
        found[dev_eui] = bytes.fromhex(words[1])
    return found


def _dev_eui(word: str) -> str | None:
    try:
        return values.device_eui(word)
    except ValueError:
        return None
