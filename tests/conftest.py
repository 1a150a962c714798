"""What holds for all tests: an SQLite connection that nobody closes is a fault of the test that opened it.

Python itself tells of it from 3.13 on, by chance in a later test: a connection holds itself, and goes only
when garbage is collected.
"""

import gc
import sqlite3
import warnings

import pytest
from tests.packaging.machine import can_boot

_connect = sqlite3.connect


class Told(sqlite3.Connection):
    """Warns, as a file does, when it is forgotten while open."""

    open_now = 0
    is_open = False

    def __init__(self, *place, **options):
        super().__init__(*place, **options)
        self.is_open = True
        Told.open_now += 1

    def close(self):
        super().close()
        self._ends()

    def __del__(self):
        if self._ends():
            warnings.warn(f"unclosed database {self!r}", ResourceWarning, source=self, stacklevel=1)

    def _ends(self):
        was_open, self.is_open = self.is_open, False
        Told.open_now -= was_open
        return was_open


def connect(*place, **options):
    return _connect(*place, **{"factory": Told} | options)


sqlite3.connect = connect


@pytest.fixture(autouse=True)
def _every_connection_is_closed():
    """Set up before all other fixtures of a test, hence torn down behind them."""
    yield
    if Told.open_now:
        gc.collect()


def pytest_terminal_summary(terminalreporter):
    """What is left out is said: nobody should take its silence for success."""
    if not can_boot():
        terminalreporter.write_line(
            "Left out: the package on booted Debians and the image's recipe, as nobody may mount here."
        )
