"""Reads a store while the gateway writes it, from another process, without ever holding it up.

The connection is read-only, and each page is a transaction of its own: one that lasts for the whole of an
export would keep the write-ahead log from being emptied, and it would grow for as long. Never open the file
in any other way in this process: closing it would drop the locks that SQLite holds
(sqlite.org/howtocorrupt.html).
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.sinks.sqlite_file import BUSY_S
from luftpegel_gateway.sinks.store_schema import SERIES, VERSION
from luftpegel_gateway.sinks.value_rows import Row

PAGE = 5000  # rows that are held in memory
FIRST, LAST = -(2**63), 2**63 - 1
_IS_STORE = "SELECT 1 FROM sqlite_schema WHERE name = 'readings'"
_SERIES = f"""
WITH RECURSIVE {SERIES}
SELECT * FROM series WHERE tenant IS NOT NULL ORDER BY station, channel, tenant
"""  # noqa: S608 - made of constants
_PAGE = f"""
SELECT time, life, seq, value, quality, flags, revision FROM readings
WHERE station = ? AND channel = ? AND tenant = ? AND (time, life, seq) > (?, ?, ?) AND time < ?
ORDER BY time, life, seq LIMIT {PAGE}
"""  # noqa: S608 - made of constants
_UNDATED = f"""
SELECT time, life, seq, value, quality, flags, revision FROM readings
WHERE station = ? AND channel = ? AND tenant = ? AND time IS NULL AND (life, seq) > (?, ?)
ORDER BY life, seq LIMIT {PAGE}
"""  # noqa: S608 - made of constants


class Series(msgspec.Struct, frozen=True):
    """All values of one channel of one station."""

    station: str
    channel: int
    tenant: str


class StoreReader:
    """An open store; methods raise CannotStart LP-428."""

    def __init__(self, file: Path) -> None:
        """CannotStart LP-428: there is none, it cannot be read, or another version wrote it."""
        self._file = file
        if not file.exists():
            raise CannotStart("LP-428", f"{file}: it is not there")
        self._before = None if self._log().exists() else self._looks()
        self._open()
        try:
            version = self._all("PRAGMA user_version")[0][0]
            if not 1 <= version <= VERSION or not self._all(_IS_STORE):
                detail = f"it is no store of version 1 to {VERSION} (it says {version})"
                raise CannotStart("LP-428", f"{file}: {detail}")
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        """Close."""
        self._database.close()

    def series(self) -> list[Series]:
        """All series that have values, by station, channel and tenant."""
        return [Series(*row) for row in self._all(_SERIES)]

    def rows(
        self, series: Series, since: int | None, until: int | None, names: Mapping[tuple[str, str], str]
    ) -> Iterator[Row]:
        """The values of a series from `since` until before `until` (Unix seconds), in order of time.

        Without either, values whose time is not known stand at the end. `names`: of stations, by tenant and
        id.
        """
        name = names.get((series.tenant, series.station), "")
        for time, life, seq, value, quality, flags, revision in self._pages(series, since, until):
            yield Row(time, series.tenant, series.station, name, series.channel, value, quality, flags, life,
                      seq, revision)  # fmt: skip

    def _pages(self, series: Series, since: int | None, until: int | None) -> Iterator[tuple[Any, ...]]:
        which = (series.station, series.channel, series.tenant)
        after = (FIRST if since is None else since - 1, LAST, LAST)
        while page := self._all(_PAGE, *which, *after, LAST if until is None else until):
            yield from page
            time, life, seq, *_ = page[-1]
            after = (time, life, seq)
        position = (-1, -1)
        while since is until is None and (page := self._all(_UNDATED, *which, *position)):
            yield from page
            _, life, seq, *_ = page[-1]
            position = (life, seq)

    def _open(self) -> None:
        """Where nobody has the store open, looking at it makes no file beside it, which SQLite would do."""
        alone = "" if self._before is None else "&immutable=1"
        try:
            address = f"file:{quote(str(self._file.absolute()))}?mode=ro{alone}"
            self._database = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_S)
        except sqlite3.Error as error:
            raise CannotStart("LP-428", f"{self._file}: {error}") from error

    def _log(self) -> Path:
        return self._file.with_name(f"{self._file.name}-wal")

    def _looks(self) -> tuple[int, int, int]:
        found = self._file.stat()
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _all(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a statement; when it returns, nothing of the store is held."""
        try:
            rows = self._rows_of(statement, values)
        except CannotStart:
            if self._undisturbed():
                raise
        else:
            if self._undisturbed():
                return rows
        self._database.close()
        self._before = None
        self._open()
        return self._rows_of(statement, values)

    def _undisturbed(self) -> bool:
        """Whether what was read counts: the store was opened beside its writers, or has none."""
        if self._before is None:
            return True
        with contextlib.suppress(OSError):
            return not self._log().exists() and self._looks() == self._before
        return False

    def _rows_of(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise CannotStart("LP-428", f"{self._file}: {error}") from error
