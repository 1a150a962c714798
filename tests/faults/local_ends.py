"""Sinks that write to a disk: its folder may be gone (a mount that is away), a file may be held by others."""

import csv
import sqlite3
from collections import Counter
from contextlib import closing
from typing import ClassVar

from tests.faults.far_ends import FarEnd

DISK = "on the same machine: no way to it that could be cut"
NO_LOGIN = "a disk asks for no login"
NO_ANSWERS = "a disk gives no answers; see the full disk"


class _LocalEnd(FarEnd):
    """`folder` is its own."""

    without: ClassVar = {
        "cut": DISK,
        "restart": "nothing runs there that could end",
        "expire": NO_LOGIN,
        "refuse": NO_ANSWERS,
    }

    def __init__(self, servers):
        self.folder = servers.folder(self.kind)
        self._aside = self.folder.with_name(f"{self.kind} unmounted")

    def away(self):
        """What an unmounted disk looks like: a place where no folder can be made."""
        self.folder.rename(self._aside)
        self.folder.write_text("not mounted")

    def back(self):
        if self._aside.exists():
            self.folder.unlink()
            self._aside.rename(self.folder)


class StoreEnd(_LocalEnd):
    kind = "store"

    def __init__(self, servers):
        super().__init__(servers)
        self._lock = None

    @property
    def file(self):
        return self.folder / "store.sqlite"

    def settings(self, town):
        return f'path = "{self.file}"\n'

    def slow(self):
        """Somebody holds the file, as a backup does."""
        if self.file.exists():
            self._lock = sqlite3.connect(self.file, isolation_level=None)
            self._lock.execute("BEGIN IMMEDIATE")

    def calm(self):
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def held(self, town):
        if not self.file.exists():
            return Counter()
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=30)) as database:
            rows = database.execute(
                "SELECT station, seq, CASE channel WHEN 2 THEN 'temperature' ELSE 'humidity' END "
                "FROM readings"
            )
            return Counter(rows.fetchall())

    def close(self):
        self.calm()


class FilesEnd(_LocalEnd):
    kind = "files"
    without: ClassVar = _LocalEnd.without | {"slow": "files are written beside, and nobody waits for them"}

    def settings(self, town):
        return f'folder = "{self.folder}"\nwrite_every_s = 1\n'

    def held(self, town):
        found = Counter()
        for file in self.folder.rglob("*.csv"):
            with file.open(newline="", encoding="utf-8") as lines:
                for row in csv.DictReader(lines):
                    found[row["station"], int(row["seq"]), row["quantity"]] += 1
        return found
