"""Every engine that can be the journal, and how to open it. A new one is a line here."""

import resource
from contextlib import contextmanager

from memory_journal import MemoryLog, MemoryReader

from luftpegel_gateway.journal.sqlite.backend import SqliteLog
from luftpegel_gateway.journal.sqlite.reader import SqliteReader


@contextmanager
def no_room(_log):
    """Every write of this process fails: a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@contextmanager
def failing(log):
    log.failing = True
    yield
    log.failing = False


# name: (log, reader, how it fails, whether other processes can read it)
BACKENDS = {
    "sqlite": (SqliteLog, SqliteReader, no_room, True),
    "memory": (MemoryLog, MemoryReader, failing, False),
}
