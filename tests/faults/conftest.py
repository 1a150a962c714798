"""Faults happen to the same real gateway that tests/gateway uses: its fixtures are shared."""

import os
import random

import pytest
from tests.faults import report
from tests.faults.faults import KILLS
from tests.faults.runs import Runs, Servers
from tests.faults.town import Zygote
from tests.gateway.conftest import (  # noqa: F401
    broker,
    make_station,
    network_server,
    server,
    site,
    station,
    until_fixture,
)
from tests.servers.frost import frost  # noqa: F401
from tests.servers.postgresql import postgis, postgresql  # noqa: F401


@pytest.fixture(scope="session")
def runs(request, tmp_path_factory):
    """See runs.py. A seed that failed is given again by LUFTPEGEL_SEED; LUFTPEGEL_FAULTS: the file for what
    was counted."""
    seed = int(os.environ.get("LUFTPEGEL_SEED", random.randrange(2**32)))
    print("seed", seed)
    folder = tmp_path_factory.mktemp("faults")
    servers, zygote = Servers(request, folder), Zygote()
    runs = Runs(servers, folder, zygote, seed)
    yield runs
    if file := os.environ.get("LUFTPEGEL_FAULTS"):
        report.write(file, runs.results, seed, KILLS)
    zygote.close()
    runs.close()
    servers.close()
