"""Makes the helpers beside the tests importable: checks_series, checks_oracles."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
