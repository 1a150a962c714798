"""The package: its list for mip, what it imports, and that nothing in it does I/O."""

import ast
import json
from pathlib import Path

import pytest

import lorawan

PACKAGE = Path(lorawan.__path__[0])
FILES = sorted(PACKAGE.rglob("*.py"))
ALLOWED = {"struct", "cryptolib"}
FORBIDDEN = {"open", "print", "input", "eval", "exec", "float", "globals"}


def test_mip_installs_every_file():
    urls = json.loads((PACKAGE / "package.json").read_text())["urls"]
    names = sorted(path.relative_to(PACKAGE).as_posix() for path in FILES)
    assert urls == [[f"lorawan/{name}", name] for name in names]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_io_and_no_clock(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert {alias.name for alias in node.names} <= ALLOWED
        if isinstance(node, ast.ImportFrom):
            assert node.level > 0
        if isinstance(node, ast.Name):
            assert node.id not in FORBIDDEN
        assert not isinstance(node, ast.Constant) or not isinstance(node.value, float)
        assert not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div)


def test_an_error_tells_its_code():
    error = lorawan.MacError(lorawan.NO_CHANNEL, "no channel", 1500)
    assert (str(error), error.wait_ms) == (f"LP-{lorawan.NO_CHANNEL} no channel", 1500)
