"""The station's modules under CPython: firmware/ and firmware/lib as they lie on the board's path."""

import sys

from luftpegel_tools.firmware_image import FIRMWARE

for folder in (FIRMWARE, FIRMWARE / "lib"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
