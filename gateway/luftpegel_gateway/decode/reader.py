"""The reader of readings frames: compiled where `make fast` has built it, else as it lies on the boards.

Both are the very same files, and the same vectors hold them. What was built from other sources than those
that lie here now is passed over: it might read a frame otherwise than the station wrote it.
"""

import hashlib
import importlib
from pathlib import Path
from types import ModuleType

import luftpegel_wire
from luftpegel_wire import readings_reader

COMPILED_PACKAGE = "luftpegel_wire_fast"
SOURCES = Path(luftpegel_wire.__path__[0])


def source_files() -> list[Path]:
    """All that a compiled reader is built from, sorted: modules, and the C types beside some of them."""
    return sorted([*SOURCES.glob("*.py"), *SOURCES.glob("*.pxd")])


def fingerprint() -> str:
    """Of the sources as they are; a compiled reader carries that of those it was built from."""
    digest = hashlib.sha256()
    for file in source_files():
        digest.update(f"{file.name} {file.stat().st_size}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def _compiled() -> ModuleType | None:
    try:
        package = importlib.import_module(COMPILED_PACKAGE)
        if fingerprint() == package.BUILT_FROM:
            return importlib.import_module(f"{COMPILED_PACKAGE}.readings_reader")
    except ImportError:  # not built, or for another interpreter
        pass
    return None


_found = _compiled()
COMPILED = _found is not None
_module = _found or readings_reader
ReadingsReader: type[readings_reader.ReadingsReader] = _module.ReadingsReader
