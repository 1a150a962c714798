"""Fixtures of the gateway's heart; what they are made of: ingest_heart.py."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from ingest_heart import Board, Heart


@pytest.fixture
def board():
    return Board()


@pytest.fixture
def make_board():
    return Board


@pytest.fixture
def heart(tmp_path):
    heart = Heart(tmp_path / "journal.sqlite")
    yield heart
    heart.log.close()


@pytest.fixture
def make_heart(tmp_path):
    hearts = []

    def make(stations=()):
        hearts.append(Heart(tmp_path / f"journal-{len(hearts)}.sqlite", stations))
        return hearts[-1]

    yield make
    for heart in hearts:
        heart.log.close()
