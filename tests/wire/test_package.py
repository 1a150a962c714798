"""The package for mip: a board that installs it gets each of its files."""

import json
from pathlib import Path

import luftpegel_wire

PACKAGE = Path(luftpegel_wire.__path__[0])


def test_mip_installs_every_file():
    urls = json.loads((PACKAGE / "package.json").read_text())["urls"]
    assert urls == [[f"luftpegel_wire/{path.name}", path.name] for path in sorted(PACKAGE.glob("*.py"))]
