"""CSV (RFC 4180), UTF-8. With a decimal comma: semicolons between, and a mark at the beginning by which
spreadsheets know UTF-8 from what was usual before.
"""

import csv
import io
from collections.abc import Iterable
from datetime import tzinfo
from typing import BinaryIO

from luftpegel_gateway.sinks.value_rows import COLUMNS, Row

SUFFIX = ".csv"
_VALUE = COLUMNS.index("value")


def write(stream: BinaryIO, rows: Iterable[Row], zone: tzinfo, decimal: str = ".") -> None:
    """Write a heading and all rows. `decimal`: "." or ","."""
    comma = decimal == ","
    text = io.TextIOWrapper(stream, encoding="utf-8-sig" if comma else "utf-8", newline="")
    try:
        writer = csv.writer(text, delimiter=";" if comma else ",", lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for row in rows:
            texts = list(row.texts(zone))
            if comma:
                texts[_VALUE] = row.number.replace(".", ",")
            writer.writerow(texts)
        text.flush()
    finally:
        text.detach()
