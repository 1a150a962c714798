"""Every firmware file compiles for MicroPython, and the image is all of it."""

from pathlib import Path

import pytest

from luftpegel_tools.image.firmware_image import FIRMWARE, build, compile_file, sources

FILES = {source.relative_to(FIRMWARE).as_posix(): source for source in sources()}


@pytest.mark.parametrize("source", list(FILES.values()), ids=list(FILES))
def test_compiles(source: Path) -> None:
    compiled = compile_file(source, source.name)
    assert compiled[:2] == b"M\x06", "not bytecode of version 6"


def test_the_image_holds_every_file(tmp_path: Path) -> None:
    paths = {file.path for file in build(tmp_path / "image")}
    python = {path.relative_to(FIRMWARE).as_posix() for path in FIRMWARE.rglob("*.py")}
    assert paths == {path if path in {"boot.py", "main.py"} else path[:-3] + ".mpy" for path in python}
