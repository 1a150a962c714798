"""The gateway of version 0.2.0, unpacked from tests/data, to make journals and read what goes back to it."""

import base64
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "ingest")]

from ingest_heart import Board, Heart  # noqa: E402

ARCHIVE = HERE.parent / "data" / "gateway-0.2.0.tar.gz"
STATIONS = [["LP-0001", "70b3d57ed0000001", "Mühlbach", "climate"]]


class OldJournal:
    """A journal in the hands of the old gateway's own code."""

    def __init__(self, code, path):
        self.path = path
        places = os.pathsep.join(str(code / place) for place in ("gateway", "firmware/lib"))
        self._environment = os.environ | {"PYTHONPATH": places}

    def run(self, *steps, path=None, stations=STATIONS):
        """The answers to these steps (old_journal.py)."""
        told = {"path": str(path or self.path), "stations": stations, "steps": steps}
        done = subprocess.run(
            [sys.executable, "-P", str(HERE / "old_journal.py")],
            input=json.dumps(told), capture_output=True, text=True, env=self._environment, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def take(self, *messages, at=None):
        """Frames, each in a batch of its own, at the moment when it was sent (or with our clock at `at`)."""
        return self.run(*(self.step(message, at=at) for message in messages))

    @staticmethod
    def step(message, at=None):
        delivery = message.delivery
        data = base64.b64encode(delivery.payload).decode()
        return ["take", [[delivery.kind, delivery.topic, data]], message.sent + 1 if at is None else at]

    def look(self, *sinks, path=None):
        return self.run(["look", list(sinks)], path=path)[0]


@pytest.fixture(scope="session")
def old_code(tmp_path_factory):
    folder = tmp_path_factory.mktemp("old")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder / "gateway-0.2.0"


@pytest.fixture
def old(old_code, tmp_path):
    return OldJournal(old_code, tmp_path / "journal.sqlite")


@pytest.fixture
def board():
    return Board()


@pytest.fixture
def make_board():
    return Board


@pytest.fixture
def open_heart(old):
    """Opens the journal with this gateway; it may be opened again after it was closed."""
    hearts = []

    def open_now(stations=()):
        hearts.append(Heart(old.path, stations))
        return hearts[-1]

    yield open_now
    for heart in hearts:
        heart.log.close()
