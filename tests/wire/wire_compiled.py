"""The compiled reader, where this machine has a compiler: built once for each state of the sources."""

import fcntl
import functools
import importlib
import shutil
import sys

import luftpegel_wire
from luftpegel_gateway.decode.reader import COMPILED_PACKAGE, fingerprint
from luftpegel_tools.generate.table import REPOSITORY
from luftpegel_tools.packaging import compile_wire
from luftpegel_wire import readings_reader

CAN_COMPILE = compile_wire.missing() is None
_KEPT = REPOSITORY / ".cache" / "compiled-wire"


def folder():
    """Where the package lies; two processes that want it at once build it once."""
    tag = sys.implementation.cache_tag
    built = _KEPT / f"{tag}-{fingerprint()}"
    _KEPT.mkdir(parents=True, exist_ok=True)
    with (_KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (built / "ready").exists():
            for older in _KEPT.glob(f"{tag}-*"):
                shutil.rmtree(older)
            compile_wire.build("--target", str(built))
            (built / "ready").touch()
    return built


@functools.cache
def module():
    """luftpegel_wire_fast.readings_reader, of the sources as they are."""
    package = sys.modules.get(COMPILED_PACKAGE)
    if package is None or fingerprint() != package.BUILT_FROM:
        sys.modules.pop(COMPILED_PACKAGE, None)
        sys.path.insert(0, str(folder()))
    return importlib.import_module(f"{COMPILED_PACKAGE}.readings_reader")


def decode(port, payload):
    if port == luftpegel_wire.PORT_READINGS:
        return module().decode_readings(payload)
    return luftpegel_wire.decode(port, payload)


# Modules with the reader's face, by name: tests run over all that this machine can have.
READERS = {"python": lambda: readings_reader, **({"compiled": module} if CAN_COMPILE else {})}
