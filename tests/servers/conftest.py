"""The servers that other tests stand on."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from postgresql import postgis, postgresql  # noqa: F401
