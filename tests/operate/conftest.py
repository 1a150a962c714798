"""The operator's page walked through: the broker of tests/gateway, and a real SensorThings server."""

import importlib.util
from pathlib import Path

from tests.servers.frost import frost  # noqa: F401
from tests.servers.postgresql import postgis  # noqa: F401

_spec = importlib.util.spec_from_file_location(
    "gateway_fixtures", Path(__file__).parents[1] / "gateway" / "conftest.py"
)
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)

broker = _fixtures.broker
until = _fixtures.until_fixture
