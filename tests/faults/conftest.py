"""Faults happen to the same real gateway that tests/gateway uses: its fixtures are shared."""

import importlib.util
from pathlib import Path

_spec = importlib.util.spec_from_file_location(
    "gateway_fixtures", Path(__file__).parents[1] / "gateway" / "conftest.py"
)
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)

station = _fixtures.station
make_station = _fixtures.make_station
broker = _fixtures.broker
server = _fixtures.server
network_server = _fixtures.network_server
site = _fixtures.site
until = _fixtures.until_fixture
