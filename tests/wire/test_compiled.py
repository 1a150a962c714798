"""The compiled reader is used where it is built from the sources that lie here, and nowhere else."""

import importlib.machinery
import os
import subprocess
import sys

import pytest
import wire_compiled

from luftpegel_gateway.decode.reader import COMPILED_PACKAGE, SOURCES, fingerprint
from luftpegel_tools.image import firmware_image
from luftpegel_tools.packaging import compile_wire

SHOW = "from luftpegel_gateway.decode import reader; print(reader.COMPILED, reader.ReadingsReader.__module__)"
PURE = "False luftpegel_wire.readings_reader"


def chosen(path):
    """What a gateway chooses that finds the folder `path` before all others."""
    environment = {**os.environ, "PYTHONPATH": str(path)}
    done = subprocess.run(
        [sys.executable, "-c", SHOW], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def package(folder, built_from, reader):
    """Something that looks like the compiled package."""
    (folder / COMPILED_PACKAGE).mkdir()
    (folder / COMPILED_PACKAGE / "__init__.py").write_text(f"BUILT_FROM = {built_from!r}\n")
    (folder / COMPILED_PACKAGE / "readings_reader.py").write_text(reader)
    return folder


def test_it_is_used(tmp_path):
    reader = "class ReadingsReader: pass"
    assert chosen(package(tmp_path, fingerprint(), reader)) == f"True {COMPILED_PACKAGE}.readings_reader"


@pytest.mark.parametrize(
    ("built_from", "reader"),
    [
        pytest.param("of another time", "class ReadingsReader: pass", id="stale"),
        pytest.param(fingerprint(), "raise ImportError('of another libc')", id="does not load"),
    ],
)
def test_python_is_used_otherwise(tmp_path, built_from, reader):
    assert chosen(package(tmp_path, built_from, reader)) == PURE


def test_a_machine_without_a_compiler_is_told_what_to_do(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    with pytest.raises(compile_wire.CompileError, match=r"LP-395 the C compiler no-such-compiler .* gcc"):
        compile_wire.build()


def test_a_machine_without_headers_is_told_so(monkeypatch, tmp_path):
    monkeypatch.setenv("CC", sys.executable)
    monkeypatch.setattr(compile_wire.sysconfig, "get_path", lambda _name: str(tmp_path))
    assert "Python.h" in compile_wire.missing()


def test_types_stand_beside_modules_and_never_on_a_board():
    types = compile_wire.compiled_modules()
    assert {"readings_reader", "readings", "column", "rangedecoder"} <= set(types)
    assert all((SOURCES / f"{name}.py").is_file() for name in types)
    assert not [path for path in firmware_image.sources() if path.suffix != ".py"]


def test_nothing_is_there_twice(tmp_path):
    """What stays plain is one line that takes it from luftpegel_wire; what is compiled is the very file."""
    compile_wire.stage(tmp_path)
    for file in SOURCES.glob("*.py"):
        compiled, plain = tmp_path / COMPILED_PACKAGE / file.name, tmp_path / "plain" / file.name
        if file.stem in compile_wire.compiled_modules():
            assert compiled.read_bytes() == file.read_bytes()
            assert not plain.exists()
        elif file.name != "__init__.py":
            assert plain.read_text() == f"from luftpegel_wire.{file.stem} import *\n"


def compiled_files():
    suffixes = tuple(importlib.machinery.EXTENSION_SUFFIXES)
    found = (wire_compiled.folder() / COMPILED_PACKAGE).iterdir()
    return {path.name.split(".")[0] for path in found if path.name.endswith(suffixes)}


@pytest.mark.parametrize("able", [wire_compiled.CAN_COMPILE])
def test_what_has_types_is_compiled(able, tmp_path):
    if able:
        assert compiled_files() == set(compile_wire.compiled_modules())
        assert chosen(wire_compiled.folder()).startswith("True")
    else:
        with pytest.raises(compile_wire.CompileError, match="LP-395"):
            compile_wire.build("--target", str(tmp_path))
