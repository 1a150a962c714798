"""Type-checks the firmware against the ESP32's own modules: `python -m luftpegel_tools.image.firmware_check`.

MicroPython's stubs replace the standard library's, so this is a run of mypy of its own. It sees the firmware
laid out as it lies on the board, without our own type hints for the wire, which describe it to CPython.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from luftpegel_tools.image.firmware_image import FIRMWARE

# var-annotated: annotations have no place on the board. union-attr: what begins as None is seen as None for
# ever. The stubs carry errors of their own.
_CONFIGURATION = """[mypy]
custom_typeshed_dir = {stubs}
mypy_path = {stubs}:{board}
cache_dir = {stubs}/.mypy_cache
check_untyped_defs = true
explicit_package_bases = true
namespace_packages = true
disable_error_code = var-annotated, union-attr

[mypy-machine,vfs,esp32,_mpy_shed.*]
ignore_errors = true

# Attributes that a table makes (the station's memory), that a subclass has (chips under Phy), or that are
# somebody else's (micropython-lib).
[mypy-station.guard,lora_radio.phy,lora_radio.micropython_lib]
disable_error_code = attr-defined, var-annotated, union-attr

# Types that mypy infers from a first value of None.
[mypy-lorawan.*]
disable_error_code = assignment, list-item, var-annotated, union-attr
"""


def lay_out(board: Path) -> None:
    """Copies the firmware to `board` as an image has it: libraries and modules side by side."""
    keep = shutil.ignore_patterns("*.pyi", "*.pxd", "__pycache__", "README.md", "*.json", "py.typed")
    shutil.copytree(FIRMWARE / "lib", board, ignore=keep, dirs_exist_ok=True)
    for folder in ("station", "boards"):
        shutil.copytree(FIRMWARE / folder, board / folder, ignore=keep)
    for name in ("boot.py", "main.py"):
        shutil.copy(FIRMWARE / name, board)


def main() -> int:
    """mypy's exit code."""
    parser = argparse.ArgumentParser(prog="luftpegel_tools.image.firmware_check", description=__doc__)
    parser.add_argument("--stubs", type=Path, required=True, help="folder with micropython-esp32-stubs")
    stubs = parser.parse_args().stubs.resolve()
    with tempfile.TemporaryDirectory(prefix="luftpegel-check-") as folder:
        board = Path(folder) / "board"
        lay_out(board)
        configuration = Path(folder) / "mypy.ini"
        configuration.write_text(_CONFIGURATION.format(stubs=stubs, board=board))
        command = [sys.executable, "-m", "mypy", "--config-file", str(configuration), str(board)]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
