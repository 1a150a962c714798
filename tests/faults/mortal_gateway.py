"""The gateway, whole, but it kills itself at one exact moment: `mortal_gateway.py POINT MOMENT COUNT ...`.

POINT is a transaction, known by what it writes, or "acknowledge"; MOMENT is before or after it; COUNT says at
which occurrence. Only the database driver and paho's `ack` are watched; the gateway's own code is untouched.
"""

import os
import signal
import sqlite3
import sys

import paho.mqtt.client as paho

from luftpegel_tools.cli import main

POINTS = {
    "make": "CREATE TABLE frame",
    "tidy": "DELETE FROM frame",
    "take": "INSERT INTO frame",
    "advance": "INTO cursor",
    "store": "INSERT INTO readings",
}
point, moment = sys.argv[1:3]
occurrences = iter(range(1, int(sys.argv[3])))


def reached(name, when):
    """Die here if this is the moment, and its occurrences before are used up."""
    if (name, when) == (point, moment) and next(occurrences, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)


class Watched(sqlite3.Connection):
    """Knows what the open transaction writes."""

    writes = None

    def execute(self, sql, *values):
        return self._watch(sql, super().execute, sql, *values)

    def executemany(self, sql, *values):
        return self._watch(sql, super().executemany, sql, *values)

    def _watch(self, sql, run, *arguments):
        if sql.startswith("BEGIN"):
            self.writes = None
        self.writes = self.writes or next((name for name, text in POINTS.items() if text in sql), None)
        commits = sql == "COMMIT"
        if commits:
            reached(self.writes, "before")
        answer = run(*arguments)
        if commits:
            reached(self.writes, "after")
        return answer


def connect(*arguments, _connect=sqlite3.connect, **options):
    return _connect(*arguments, factory=Watched, **options)


def ack(*arguments, _ack=paho.Client.ack):
    reached("acknowledge", "before")
    answer = _ack(*arguments)
    reached("acknowledge", "after")
    return answer


sqlite3.connect = connect
paho.Client.ack = ack
sys.exit(main(["gateway", "run", *sys.argv[4:]]))
