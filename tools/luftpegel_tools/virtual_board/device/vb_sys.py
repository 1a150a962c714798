# sys as on the board: a module like the built-in one, with everything that is in it, but its streams are the
# console's, its platform is the chip's, and a traceback shows no frame of what plays the board.
import vb_bus as _bus
from usys import *
from usys import implementation as _native
from usys import path  # of those that can be set, a star brings none

__name__ = "sys"
try:
    del __file__
except NameError:
    pass

import vb_console as _console

ps1, ps2 = ">>> ", "... "
platform = "esp32"
stdin = _console.stdin
stdout = stderr = _console.stdout


def print_exception(error, file=stdout):
    text = _bus.trace(error).replace(b"\r\n", b"\n")
    file.write(text if file is stdout else text.decode())


def _is(machine):
    # What the host calls this board.
    from ucollections import namedtuple

    global implementation
    kind = namedtuple("implementation", ("name", "version", "_machine", "_mpy", "_build"))
    build = "ESP32_GENERIC_S3" if machine.endswith("S3") else "ESP32_GENERIC"
    implementation = kind(_native.name, _native.version, machine, _native._mpy, build)
