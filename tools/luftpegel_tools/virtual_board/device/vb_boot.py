# What happens from reset to the prompt: shims in place, flash mounted, boot.py, main.py, REPL.
import gc

import micropython as _native
import uos
import usys
import vb_bus as bus

gc.collect()  # between one file and the next, so that what they leave behind makes no holes
from vb_repl import Repl  # noqa: E402

gc.collect()

_BLOCK = 4096
_POOL_BYTES = 8192  # only a pool of 1,280 names is larger


class Flash:
    # The block device of the "vfs" partition: reads come straight from the image, the host erases and
    # programs.
    def __init__(self, path, first, blocks):
        self.first = first
        self.blocks = blocks
        self._image = open(path, "rb")

    def readblocks(self, block, buffer, offset=0):
        self._image.seek((self.first + block) * _BLOCK + offset)
        self._image.readinto(buffer)

    def writeblocks(self, block, buffer, offset=None):
        if offset is None:
            for at in range(len(buffer) // _BLOCK):
                bus.call(OP.FLASH_ERASE, block + at)
            offset = 0
        for at in range(0, len(buffer), _BLOCK):
            bus.call(OP.FLASH_PROGRAM, block, offset + at, bytes(buffer[at : at + _BLOCK]))

    def ioctl(self, op, argument):
        if op == 4:
            return self.blocks
        if op == 5:
            return _BLOCK
        if op == 6:
            bus.call(OP.FLASH_ERASE, argument)
        return 0


class Later:
    # Stands in sys.modules for a module that is seldom wanted, and loads it from the host's folder, which
    # is otherwise out of sight, at the first look at one of its names. (A replaced __import__ would not do:
    # relative imports are resolved against the module that calls the original.)
    NAMES = ("esp32", "select", "_asyncio", "onewire", "_onewire", "ds18x20")

    def __init__(self, name, shims):
        self._name = name
        self._shims = shims

    def __getattr__(self, attribute):
        if usys.modules[self._name] is self:
            del usys.modules[self._name]
            if "/rom" in usys.path:  # wanted by another of them
                self._import()
            else:
                self._load()
        return getattr(usys.modules[self._name], attribute)

    def _import(self):
        # A file named _asyncio would never be looked for: that module is built in.
        file = "vb_asyncio" if self._name == "_asyncio" else self._name
        __import__(file)
        usys.modules[self._name] = usys.modules[file]

    def _load(self):
        uos.mount(uos.VfsPosix(self._shims), "/rom")
        usys.path.insert(0, "/rom")
        try:
            self._import()
        finally:
            usys.path.remove("/rom")
            uos.umount("/rom")


def mount(flash):
    try:
        volume = uos.VfsLfs2(flash)
    except OSError:
        uos.VfsLfs2.mkfs(flash)
        volume = uos.VfsLfs2(flash)
    uos.mount(volume, "/")
    uos.chdir("/")


def install(source, target):
    # Copy a folder of the host onto the flash; what the firmware leaves there besides stays.
    for entry in uos.ilistdir(source):
        name = entry[0]
        if name.startswith(".") or name == "__pycache__":
            continue
        if entry[1] & 0x4000:
            try:
                uos.mkdir(target + name)
            except OSError:
                pass  # it is there already
            install(source + name + "/", target + name + "/")
        else:
            _copy(source + name, target + name)


def _copy(source, target):
    buffer = bytearray(_BLOCK)
    view = memoryview(buffer)
    with open(source, "rb") as reader, open(target, "wb") as writer:
        while True:
            count = reader.readinto(buffer)
            if not count:
                return
            writer.write(view[:count])


def fill_names():
    # MicroPython keeps the names of all modules in pools, each twice as large as the one before, and gives
    # none back. On the chip the names used here lie in ROM, and a firmware of 640 to 1,270 names fills pools
    # of 1,270 together. Here the shims' names would bring it into the next one, of 1,280. So the small ones
    # are filled up, and that one is the firmware's: bytes that it takes.
    number = 0
    while True:
        before = gc.mem_alloc()
        for _ in range(32):  # the heap is looked through for each count of it
            hasattr(fill_names, "%x" % number)
            number += 1
        taken = gc.mem_alloc() - before
        if taken > _POOL_BYTES:
            return taken


def _settings():
    # HELLO answers lines: mode, board's name, flash image, first block, blocks, shim folder, folder to install.
    return bus.call(OP.HELLO, room=2048).decode().split("\n")


def main():
    lent = fill_names() if usys.maxsize >> 31 == 0 else 0  # the 64-bit engine's heap tells nothing of a chip's
    mode, machine, image, first, blocks, shims, folder = _settings()
    modules = usys.modules
    import vb_sys as system

    system._is(machine)
    modules["sys"] = system
    import vb_micropython

    modules["micropython"] = vb_micropython
    gc.collect()
    import os as _os  # noqa: F401
    import time as _time  # noqa: F401

    gc.collect()

    import machine as _machine  # noqa: F401 - loaded here, where it need not be searched on the flash

    import __main__

    flash = Flash(image, int(first), int(blocks))
    uos.umount("/")
    mount(flash)
    if mode == "install":
        uos.mount(uos.VfsPosix(folder), "/host")
        install("/host/", "/")
        bus.call(OP.INSTALLED)
    system.path[:] = ["", ".frozen", "/lib"]
    for name in Later.NAMES:
        system.modules[name] = Later(name, shims)
    space = __main__.__dict__
    space.clear()
    space["__name__"] = "__main__"
    bus.flash = flash
    _native.kbd_intr(3)
    Repl(space, lent).run(mode == "raw")


main()
