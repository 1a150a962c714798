"""The gateway of version 0.2.0, unpacked from tests/data, to make journals and read what goes back to it."""

import importlib.util
import sys
import tarfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "ingest")]

from ingest_heart import Board, Heart  # noqa: E402
from old_gateway import OldJournal  # noqa: E402

_spec = importlib.util.spec_from_file_location("gateway_fixtures", HERE.parent / "gateway" / "conftest.py")
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)

station = _fixtures.station
broker = _fixtures.broker
server = _fixtures.server
site = _fixtures.site
until = _fixtures.until_fixture

ARCHIVE = HERE.parent / "data" / "gateway-0.2.0.tar.gz"


@pytest.fixture(scope="session")
def old_code(tmp_path_factory):
    folder = tmp_path_factory.mktemp("old")
    careful = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # Debian 12's Python has none yet
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, **careful)
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
