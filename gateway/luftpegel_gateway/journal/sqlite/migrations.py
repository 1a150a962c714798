"""Brings a journal of an earlier version to this one, in one transaction, with a backup made before.

Killed at any moment, it starts again and ends alike: until the commit the file is the old one, and the backup
gets its name only when it is complete. The backup stays beside the journal, for the way back; a different one
that lay there is kept as `.older`.
"""

import contextlib
import filecmp
import sqlite3
from collections.abc import Callable
from pathlib import Path

from luftpegel_gateway.journal.sqlite import backup, from_version_1, version_2
from luftpegel_gateway.journal.sqlite.database import open_for_reading, transaction
from luftpegel_gateway.journal.sqlite.messages import Packer
from luftpegel_gateway.journal.sqlite.schema import TABLES, VERSION
from luftpegel_gateway.model.faults import JournalDown

OLDER = ".older"
# From which version: what the backup is called after (the release that wrote it), the step, where it leads.
MIGRATIONS: dict[int, tuple[str, Callable[[sqlite3.Connection, Packer], None], int]] = {
    1: ("0.2.0", from_version_1.migrate, VERSION),  # it makes the tables as they are now
    2: (version_2.RELEASE, version_2.migrate, 3),
}


def bring_up_to_date(database: sqlite3.Connection, path: Path) -> None:
    """Make the tables, or migrate those that are there.

    Raises JournalDown LP-418 when there is no room, sqlite3.Error otherwise; then the file is as it was.
    """
    version = version_of(database)
    if version == 0:
        with transaction(database):
            for statement in TABLES:
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {VERSION}")
    elif version < VERSION:
        try:
            _migrate(database, path, version)
        except (OSError, sqlite3.OperationalError) as error:
            needed = 3 * path.stat().st_size >> 20
            detail = f"{path}: {error};"
            raise JournalDown("LP-418", f"{detail} this needs up to {needed + 1} MiB of room") from error


def refuse_newer(path: Path) -> None:
    """Raises JournalDown LP-415 for a file of a later version, before anything of it is touched."""
    if not path.exists():
        return
    with contextlib.closing(open_for_reading(path)) as database:
        version = version_of(database)
    if version > VERSION:
        raise JournalDown("LP-415", f"{path} is of version {version}, this gateway knows {VERSION}")


def version_of(database: sqlite3.Connection) -> int:
    """The version of the tables; 0: there are none yet."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _migrate(database: sqlite3.Connection, path: Path, version: int) -> None:
    release, *_ = MIGRATIONS[version]
    _back_up(database, path.with_name(f"{path.name}.{release}"))
    packer = Packer()
    with transaction(database):
        while version < VERSION:
            _, step, version = MIGRATIONS[version]
            step(database, packer)
        database.execute(f"PRAGMA user_version = {VERSION}")


def _back_up(database: sqlite3.Connection, to: Path) -> None:
    """A copy under this name. Who went back once and comes again finds the copy from before as well."""
    fresh = to.with_name(f"{to.name}.new")
    backup.copy(database, fresh)
    if to.exists() and not filecmp.cmp(to, fresh, shallow=False):
        to.replace(to.with_name(to.name + OLDER))
    backup.put_in_place(fresh, to)
