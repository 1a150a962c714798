"""Opens a journal and kills itself at one moment: `mortal_migration.py FILE "before|after STEP"`.

STEP is a step of the migration or a share of SQLite's work in its transaction (`after 1/3`).
"""

import os
import shutil
import signal
import sys
import tempfile
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from luftpegel_gateway.journal.sqlite import backup, migrations
from luftpegel_gateway.journal.sqlite.backend import SqliteLog

path, told = Path(sys.argv[1]), sys.argv[2]
EVERY = 50  # of SQLite's instructions
ticks = {"done": 0, "deadline": None}


def reached(moment):
    if moment == told:
        os.kill(os.getpid(), signal.SIGKILL)


def tick():
    ticks["done"] += 1
    if ticks["deadline"] is not None and ticks["done"] > ticks["deadline"]:
        os.kill(os.getpid(), signal.SIGKILL)


def watch(room, name):
    real = getattr(room, name)

    def watched(*arguments):
        reached(f"before {name}")
        answer = real(*arguments)
        reached(f"after {name}")
        return answer

    setattr(room, name, watched)


@contextmanager
def transaction(database, real=migrations.transaction):
    database.set_progress_handler(tick, EVERY)
    with real(database):
        yield
        reached("before commit")
    reached("after commit")


watch(backup, "copy")
watch(backup, "put_in_place")
migrations.transaction = transaction
share = told.removeprefix("after ")
if "/" in share:
    with tempfile.TemporaryDirectory() as folder:
        SqliteLog(Path(shutil.copy(path, folder))).close()
    ticks = {"done": 0, "deadline": int(ticks["done"] * Fraction(share))}
SqliteLog(path)
