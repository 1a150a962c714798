"""The firmware's own modules under CPython: its settings' checks, its boards, its drivers, its regions."""

import importlib
import sys
import types
from typing import Any

from luftpegel_tools.image.firmware_image import FIRMWARE


def firmware_module(name: str) -> Any:
    """A module of the firmware by its name on the board, such as "station.config"."""
    for folder in (FIRMWARE, FIRMWARE / "lib"):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    # Drivers import onewire, which only a board has; nothing here calls it.
    onewire = types.ModuleType("onewire")
    onewire.OneWire = onewire.OneWireError = None  # type: ignore[attr-defined]
    sys.modules.setdefault("onewire", onewire)
    return importlib.import_module(name)
