"""Makes the models beside the tests importable: model_device, model_air."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
