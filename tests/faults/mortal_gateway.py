"""The gateway, whole, but it kills itself at one exact moment: `mortal_gateway.py POINT MOMENT COUNT ...`.

POINT is a call at a port: a method of the journal's writing side, "open" (the journal is made or brought up
to date), "deliver" (the store's), or "acknowledge" (a source's). MOMENT is before or after the commit that it
makes, or before or after the acknowledgement; COUNT says at which occurrence. The gateway's own code is
untouched.
"""

import os
import signal
import sys
import threading
from contextlib import contextmanager

from luftpegel_gateway.journal.sqlite import backend, migrations, retention
from luftpegel_gateway.sinks import store
from luftpegel_gateway.sources import mqtt_events
from luftpegel_tools.cli import main

COMMITTING = {
    backend.SqliteLog: {name: name for name in ("transact", "advance", "replay", "discard", "tidy")},
    store.Store: {"_deliver_now": "deliver"},
}
point, moment = sys.argv[1:3]
occurrences = iter(range(1, int(sys.argv[3])))
working = threading.local()  # at what this thread is


def reached(name, when):
    """Die here if this is the moment, and its occurrences before are used up."""
    if (name, when) == (point, moment) and next(occurrences, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)


def named(room, method, name):
    """Know that a thread is at this while the method runs."""
    real = getattr(room, method)

    def call(*arguments):
        working.at = name
        try:
            return real(*arguments)
        finally:
            working.at = "open"

    setattr(room, method, call)


def watch_commits(module):
    """Die around the commits of whatever the thread is at."""
    real = module.transaction

    @contextmanager
    def transaction(database):
        with real(database):
            yield
            reached(getattr(working, "at", "open"), "before")
        reached(getattr(working, "at", "open"), "after")

    module.transaction = transaction


def acknowledge(*arguments, _acknowledge=mqtt_events.MqttEvents.acknowledge):
    reached("acknowledge", "before")
    _acknowledge(*arguments)
    reached("acknowledge", "after")


for one in (backend, migrations, retention, store):
    watch_commits(one)
for owner, methods in COMMITTING.items():
    for method_name, told in methods.items():
        named(owner, method_name, told)
mqtt_events.MqttEvents.acknowledge = acknowledge
sys.exit(main(["gateway", "run", *sys.argv[4:]]))
