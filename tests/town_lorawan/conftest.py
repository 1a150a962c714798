"""Makes the models beside the tests importable, and starts a broker and networks at it."""

import itertools
import sys
from pathlib import Path

import pytest

from luftpegel_tools.programs.broker import Broker

sys.path.insert(0, str(Path(__file__).parent))

_prefixes = (f"eu868-{number}" for number in itertools.count(1))


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    with Broker(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture
def make_network(broker):
    from model_network import ModelNetwork  # noqa: PLC0415 - the path to it is set above

    made = []

    def make(on=broker, **wishes):
        made.append(ModelNetwork(on, next(_prefixes), **wishes))
        return made[-1]

    yield make
    for network in made:
        network.close()
