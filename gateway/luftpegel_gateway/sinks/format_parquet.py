"""Parquet by pyarrow, which is an optional part: it is imported only here, and only when it is wanted.

`value` is a decimal with six places: exact, whatever the quantity's resolution. Times are instants in UTC.
"""

import importlib
import importlib.util
import itertools
from collections.abc import Iterable
from datetime import tzinfo
from decimal import Decimal
from typing import Any, BinaryIO

from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.model.quality import quality_word
from luftpegel_gateway.model.quantities import name_of
from luftpegel_gateway.sinks.value_rows import Row

SUFFIX = ".parquet"
MISSING = "LP-337"
GROUP = 50_000  # rows that are held in memory
DIGITS, PLACES = 18, 6


def is_there() -> bool:
    """Whether pyarrow is installed; it is not imported for that."""
    return importlib.util.find_spec("pyarrow") is not None


def need() -> Any:
    """pyarrow with its Parquet part. CannotStart LP-337: it is not installed."""
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise CannotStart(MISSING, str(error)) from error


def write(stream: BinaryIO, rows: Iterable[Row], _zone: tzinfo, _decimal: str = ".") -> None:
    """Write all rows; a row group for each GROUP of them."""
    arrow, parquet = need()
    schema = _schema(arrow)
    left = iter(rows)
    with parquet.ParquetWriter(stream, schema, compression="zstd") as writer:
        while group := list(itertools.islice(left, GROUP)):
            columns = zip(*map(_columns, group), strict=True)
            arrays = [arrow.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))


def _schema(arrow: Any) -> Any:
    words = arrow.dictionary(arrow.int32(), arrow.string())
    return arrow.schema([
        ("time", arrow.timestamp("ms", tz="UTC")), ("station", words), ("name", words), ("quantity", words),
        ("unit", words), ("value", arrow.decimal128(DIGITS, PLACES)), ("quality", words), ("flags", words),
        ("revision", arrow.int32()), ("life", arrow.int32()), ("seq", arrow.int64()), ("tenant", words),
    ])  # fmt: skip


def _columns(row: Row) -> tuple[Any, ...]:
    """A row in the order of `value_rows.COLUMNS`."""
    return (
        None if row.time is None else row.time * 1000,
        *(row.station, row.name, name_of(row.channel), row.unit),
        None if row.value is None else Decimal(row.number),
        *(quality_word(row.quality), row.flags, row.revision, row.life, row.seq, row.tenant),
    )
