"""The MAC under test, in two engines: in this process, and in one of the 32-bit MicroPython.

A test takes the fixture `device`, which
belongs to the engine of the run, or `town`, a device and its network with a common clock.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from luftpegel_tools.desk import cryptolib
from luftpegel_tools.programs import debian

HERE = Path(__file__).parent
FIRMWARE_LIB = HERE.parents[1] / "firmware" / "lib"
ENGINES = ("cpython", "mpy32")


sys.path[:0] = [str(FIRMWARE_LIB), str(HERE)]
cryptolib.install()

import lorawan_device  # noqa: E402
from lorawan_town import Remote, Town  # noqa: E402


class _Here:
    """A device in this process."""

    def __init__(self):
        self._device = lorawan_device.Device()

    def ask(self, line):
        return json.dumps(self._device.do(json.loads(line)))


class _Board:
    """A device in a process of the 32-bit MicroPython, whose objects are as large as on an ESP32."""

    def __init__(self):
        self._process = None

    def ask(self, line):
        if self._process is None:
            self._process = self._start()
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer.startswith("["):
            raise AssertionError(answer + self.close())
        return answer

    def _start(self):
        program = debian.mpy32()
        return subprocess.Popen(
            [*program.argv_prefix, str(HERE / "lorawan_device.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **program.env, "MICROPYPATH": str(FIRMWARE_LIB)},
        )

    def close(self):
        """Ends the process; what it had still to say."""
        if self._process is None:
            return ""
        process, self._process = self._process, None
        rest, _ = process.communicate()
        return rest


@pytest.fixture(scope="session")
def board():
    board = _Board()
    yield board
    board.close()


@pytest.fixture(params=ENGINES)
def device(request):
    """A Remote whose device has an empty storage and no Mac yet."""
    remote = Remote(_Here() if request.param == "cpython" else request.getfixturevalue("board"))
    remote.wipe(1)
    return remote


@pytest.fixture
def here():
    """A device in this process, for tests of many lives."""
    remote = Remote(_Here())
    remote.wipe(1)
    return remote


@pytest.fixture
def town(device):
    """A device of EU868 that has not joined, and its network."""
    return Town(device)


def run_micropython(script, *arguments):
    """What a script printed in the 32-bit MicroPython."""
    program = debian.mpy32()
    done = subprocess.run(
        [*program.argv_prefix, str(script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **program.env, "MICROPYPATH": str(FIRMWARE_LIB)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
