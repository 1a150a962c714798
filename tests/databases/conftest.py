"""Sinks that write to databases: each test has a database of its own on a real server that all share."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))
sys.path.insert(0, str(Path(__file__).parent))
from databases_world import make_sink, number, stations  # noqa: F401
from postgresql import postgis, postgresql  # noqa: F401
from postgresql_town import town  # noqa: F401
