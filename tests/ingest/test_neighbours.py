"""A station that tells something else than those around is doubted, whoever of them is heard last."""

import itertools

import pytest

from luftpegel_gateway.directory.directory import Directory
from luftpegel_gateway.ingest.decide import Decider
from luftpegel_gateway.model.quality import NEIGHBOUR
from luftpegel_gateway.model.station import Station

EUIS = [f"70b3d57ed000000{number}" for number in range(1, 5)]


@pytest.fixture
def town(make_heart, make_board):
    """Four stations that are each other's neighbours, one of which is 20 degrees off."""
    names = [f"LP-{number}" for number in range(1, 5)]
    stations = [
        Station(name, eui, name, "climate", neighbours=tuple(other for other in names if other != name))
        for name, eui in zip(names, EUIS, strict=True)
    ]
    heart = make_heart(stations)
    directory = Directory(stations)
    heart.decider = Decider(heart.parse, directory.resolve, concerned=directory.concerned)
    boards = [make_board(dev_eui=eui, constant=(2000 + 10 * at, 6000)) for at, eui in enumerate(EUIS)]
    boards[3].constant = (4000, 6000)
    return heart, boards


def flagged(heart):
    return {
        place[0]
        for place, reading in heart.stored.items()
        if any(cell.flags & NEIGHBOUR for cell in reading.cells)
    }


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_any_order_doubts_the_same_station(town, order):
    heart, boards = town
    for number in order:
        heart.take(boards[number].uplink(0, network=0))
    assert flagged(heart) == {"LP-4"}
    assert len(heart.stored) == 4


def test_in_one_batch(town):
    heart, boards = town
    heart.take(*(board.uplink(3, network=0) for board in boards))
    assert flagged(heart) == {"LP-4"}
    assert all(reading.revision == 0 for reading in heart.stored.values())


def test_no_doubt_without_neighbours_of_that_time(town):
    heart, boards = town
    heart.take(boards[3].uplink(0, network=0))
    boards[0].begin += 7200
    heart.take(boards[0].uplink(0, network=0))
    assert flagged(heart) == set()
