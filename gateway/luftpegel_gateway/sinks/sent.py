"""What was handed to a platform that recognises no repeats: marks in a small file, on the disk when told.

Of each station and life the newest numbers; bounded by `MOST` marks in all, the oldest leave.
"""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from luftpegel_gateway.sinks.sqlite_file import open_file, transaction

MOST = 20_000
TRIED = ""  # no mark of any value
SCHEMA = """
CREATE TABLE IF NOT EXISTS sent (
    number INTEGER PRIMARY KEY,      -- rises: the order in which marks were made
    mark TEXT NOT NULL UNIQUE,
    time INTEGER NOT NULL            -- unix seconds, of the value
) STRICT
"""


class Sent:
    """The marks. All methods block and raise sqlite3.Error: they belong into a thread."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._times: dict[str, int] | None = None

    def times(self) -> dict[str, int]:
        """Each mark with its time."""
        if self._times is None:
            with closing(open_file(self._file)) as database:
                with transaction(database):
                    database.execute(SCHEMA)
                self._times = dict(database.execute("SELECT mark, time FROM sent").fetchall())
        return self._times

    def add(self, marks: Iterable[tuple[str, int]]) -> None:
        """Make marks, or give them another time."""
        told, known = list(marks), self.times()
        with closing(open_file(self._file)) as database, transaction(database):
            database.executemany("INSERT OR REPLACE INTO sent (mark, time) VALUES (?, ?)", told)
            database.execute("DELETE FROM sent WHERE number <= (SELECT max(number) FROM sent) - ?", (MOST,))
        known.update(told)
        while len(known) > 2 * MOST:
            known.pop(next(iter(known)))

    def try_to_write(self) -> None:
        """Raise where a mark could not be made now: a full disk, a file that others hold."""
        self.add([(TRIED, 0)])
        self.remove(TRIED)

    def remove(self, mark: str) -> None:
        """Take a mark back."""
        with closing(open_file(self._file)) as database, transaction(database):
            database.execute("DELETE FROM sent WHERE mark = ?", (mark,))
        self.times().pop(mark, None)
