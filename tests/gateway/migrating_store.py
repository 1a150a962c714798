"""A program that opens a store, which migrates an older one, and is killed at the n-th step, or has no room.

Usage: migrating_store.py FILE STEP LIMIT. STEP 0: not killed; it then prints how many steps there are.
LIMIT: bytes that no file may pass; 0: none. Prints the code of the trouble, if there is one."""

import asyncio
import os
import resource
import signal
import sqlite3
import sys
from pathlib import Path

from tests.gateway.memory_log import observed

from luftpegel_gateway.sinks import SinkDown, store, store_schema
from luftpegel_gateway.sinks.sqlite_file import open_file

file, last, limit = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
steps = 0


def step(*_details):
    global steps  # noqa: PLW0603
    steps += 1
    if steps == last:
        os.kill(os.getpid(), signal.SIGKILL)


def at(module, name):
    """Count and perhaps die before and after a call."""
    real = getattr(module, name)

    def call(*details, **options):
        step()
        answer = real(*details, **options)
        step()
        return answer

    setattr(module, name, call)


def opened(path):
    database = open_file(path)
    database.set_trace_callback(step)  # before each statement
    return database


class Traced(sqlite3.Connection):
    def backup(self, target, **options):
        super().backup(target, pages=16, progress=step)


at(os, "fsync")
at(Path, "replace")
store.open_file = opened
real_connect = sqlite3.connect
sqlite3.connect = lambda *details, **options: real_connect(*details, factory=Traced, **options)


async def main():
    found = store.Store(file)
    try:
        assert await found.deliver([observed(10_000, 7)]) == []
    except SinkDown as down:
        print(down.code, down.detail)
    finally:
        await found.stop()


if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
assert store_schema.prepare is store.prepare
asyncio.run(main())
if not last:
    print("steps", steps)
