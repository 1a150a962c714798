"""Makes the helpers beside the tests importable: wire_content, wire_decoders, wire_strategies."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
