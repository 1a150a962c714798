"""Makes the firmware's libraries and the helpers beside the tests importable."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1] / "firmware" / "lib"), str(HERE)]
