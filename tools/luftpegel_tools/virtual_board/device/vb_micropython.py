# micropython as on the board: a module like the built-in one, with the interrupt character where the console is
# (on the host), and a lock on the heap that does not stop what plays the chip's peripherals.
import micropython as _native
import vb_bus as _bus
from micropython import *

__name__ = "micropython"
try:
    del __file__
except NameError:
    pass


def kbd_intr(character):
    _bus.call(OP.INTERRUPT_CHAR, character)


def alloc_emergency_exception_buf(size):
    pass


def heap_lock():
    _bus.locks += 1
    if _bus.locks == 1:
        _native.heap_lock()


def heap_unlock():
    _bus.locks -= 1
    if not _bus.locks:
        _native.heap_unlock()
    return _bus.locks
