"""luftpegel_wire runs on a board: it imports nothing but itself, does no I/O, and knows no floats."""

import ast
from pathlib import Path

import pytest

import luftpegel_wire

FILES = sorted(Path(luftpegel_wire.__file__).parent.glob("*.py"))
# Of the standard library, what MicroPython has built in, too.
ALLOWED_IMPORTS = {"collections"}
# Names that reach out of the wire, or that MicroPython lacks.
FORBIDDEN_NAMES = {"open", "input", "print", "exec", "eval", "compile", "float", "complex", "globals", "vars"}


def nodes(path, *kinds):
    return [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, kinds)]


def imported(path):
    plain = [alias.name for node in nodes(path, ast.Import) for alias in node.names]
    absolute = [node.module for node in nodes(path, ast.ImportFrom) if node.level == 0]
    return plain + absolute


def floats(path):
    constants = [node.value for node in nodes(path, ast.Constant) if isinstance(node.value, (float, complex))]
    divisions = [node for node in nodes(path, ast.BinOp, ast.AugAssign) if isinstance(node.op, ast.Div)]
    return constants + divisions


def forbidden(path):
    return {node.id for node in nodes(path, ast.Name)} & FORBIDDEN_NAMES


def test_files_are_there():
    assert len(FILES) >= 10


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_imports_nothing_but_itself(path):
    assert set(imported(path)) <= ALLOWED_IMPORTS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_has_no_floats(path):
    assert floats(path) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_reaches_for_nothing(path):
    assert forbidden(path) == set()


@pytest.mark.parametrize(
    ("source", "finder"),
    [
        ("import os", imported),
        ("from time import time", imported),
        ("x = 0.5", floats),
        ("x = y / 2", floats),
        ("x /= 2", floats),
        ("open('f')", forbidden),
    ],
)
def test_the_walk_finds_what_it_looks_for(source, finder, tmp_path):
    path = tmp_path / "module.py"
    path.write_text(source, encoding="utf-8")
    assert len(finder(path)) == 1
