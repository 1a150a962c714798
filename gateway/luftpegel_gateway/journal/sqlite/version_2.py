"""A journal of version 2 (release 0.3.0), and the ways from it and back to it.

It knew no tenant in two places: what the network server reports of a device, and the quarantine. Two tenants
may have the same device and the same ids, so version 3 says whose each row is.
"""

import contextlib
import sqlite3
from pathlib import Path

import msgspec

from luftpegel_gateway.journal.sqlite import backup
from luftpegel_gateway.journal.sqlite.database import fold, open_for_reading, told_as_down, transaction
from luftpegel_gateway.journal.sqlite.messages import Packer
from luftpegel_gateway.journal.sqlite.schema import VERSION
from luftpegel_gateway.model.faults import JournalDown

RELEASE = "0.3.0"
OLD = 2
_TABLES = ("notice", "quarantine")


class Exported(msgspec.Struct, frozen=True):
    """What was written."""

    frames: int
    readings: int
    quarantined: int
    left_out: int = 0


def migrate(database: sqlite3.Connection, _packer: Packer) -> None:
    """Bring the open file from version 2 to 3, in the transaction that the caller has opened.

    Whose an entry is, its station tells where only one tenant has it. What nobody can tell belongs to no
    tenant, and so is shown to none.
    """
    for table in _TABLES:
        database.execute(f"ALTER TABLE {table} ADD COLUMN tenant TEXT NOT NULL DEFAULT ''")
    database.execute(
        "UPDATE quarantine SET tenant = (SELECT tenant FROM station WHERE id = quarantine.station)"
        " WHERE (SELECT count(*) FROM station WHERE id = quarantine.station) = 1"
    )


def export(path: Path, to: Path) -> Exported:
    """Write the journal at `path` as one of version 2 into the file `to`, which is replaced.

    All of it is there, but for whose a notice or an entry is. Raises JournalDown; then `to` is as it was.
    """
    part = to.with_name(f"{to.name}.new")
    with told_as_down(to), contextlib.closing(open_for_reading(path)) as database:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version != VERSION:
            raise JournalDown("LP-417" if version < VERSION else "LP-415", f"{path} is of version {version}")
        backup.copy(database, part)
    with told_as_down(to), contextlib.closing(sqlite3.connect(part, isolation_level=None)) as old:
        with transaction(old):
            for table in _TABLES:
                old.execute(f"ALTER TABLE {table} DROP COLUMN tenant")
            old.execute(f"PRAGMA user_version = {OLD}")
        frames, readings, quarantined = (
            int(old.execute(f"SELECT {what}").fetchone()[0])
            for what in (
                "coalesce(sum(frames), 0) FROM segment",
                "count(*) FROM reading",
                "count(*) FROM quarantine WHERE resolved_at IS NULL",
            )
        )
    try:
        backup.put_in_place(part, to)
    except OSError as error:
        raise JournalDown("LP-410", f"{to}: {error.strerror}") from error
    with told_as_down(path):
        fold(path)  # last: reading leaves an empty log beside it
    return Exported(frames, readings, quarantined)
