"""JSON lines: one object a value, UTF-8, a line each. Numbers are exact decimals, as they are in CSV."""

from collections.abc import Iterable
from datetime import tzinfo
from typing import BinaryIO

import msgspec

from luftpegel_gateway.sinks.value_rows import COLUMNS, Row

SUFFIX = ".jsonl"
_encode = msgspec.json.Encoder().encode
_NULL = msgspec.Raw(b"null")


def write(stream: BinaryIO, rows: Iterable[Row], zone: tzinfo, _decimal: str = ".") -> None:
    """Write all rows."""
    for row in rows:
        told: dict[str, object] = dict(zip(COLUMNS, row.texts(zone), strict=True))
        told["time"] = told["time"] or None
        told["unit"] = told["unit"] or None
        told["value"] = msgspec.Raw(row.number.encode()) if row.value is not None else _NULL
        told["flags"] = row.flags.split(",") if row.flags else []
        stream.write(_encode(told) + b"\n")
