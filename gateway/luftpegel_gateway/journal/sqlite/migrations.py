"""Brings a journal of an earlier version to this one, in one transaction, with a backup made before."""

import sqlite3
from pathlib import Path

from luftpegel_gateway.journal.sqlite.database import transaction
from luftpegel_gateway.journal.sqlite.schema import TABLES, VERSION
from luftpegel_gateway.model.faults import JournalDown


def bring_up_to_date(database: sqlite3.Connection, path: Path) -> None:
    """Make the tables, or migrate those that are there. Raises JournalDown for a newer file."""
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise JournalDown("LP-415", f"{path} is of version {version}, this gateway knows {VERSION}")
    if version == 0:
        with transaction(database):
            for statement in TABLES:
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {VERSION}")
