"""Where the firmware's sources lie: in a checkout the folder `firmware/`, else what the wheel brought.

The wheel has them as the data of `luftpegel_firmware` (setup.py). In a checkout its own folder is taken, so
that an edit counts at once, whatever was installed beside it.
"""

import os
from importlib.resources import files
from pathlib import Path

import platformdirs

import luftpegel_wire

MAIN = "main.py"
_PACKAGE = "luftpegel_firmware"
_CACHE_VARIABLE = "LUFTPEGEL_CACHE"


def firmware_folder() -> Path:
    """The folder that is laid out as a board is; one that is not there where an installation is damaged."""
    beside_the_wire = Path(luftpegel_wire.__file__).resolve().parents[2]
    if (beside_the_wire / MAIN).is_file():
        return beside_the_wire
    try:
        main = files(_PACKAGE) / MAIN
    except ModuleNotFoundError:
        return beside_the_wire
    return Path(str(main)).parent


def cache_folder() -> Path:
    """Where compiled files are kept: $LUFTPEGEL_CACHE, the checkout's `.cache`, or the user's cache."""
    if named := os.environ.get(_CACHE_VARIABLE):
        return Path(named).absolute()
    checkout = firmware_folder().parent
    if (checkout / "pyproject.toml").is_file():
        return checkout / ".cache"
    return Path(platformdirs.user_cache_dir("luftpegel", appauthor=False))
