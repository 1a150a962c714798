# os as on the ESP32: the file system calls, uname, sync and dupterm; nothing of the host's operating system.
import vb_bus as _bus
from ustruct import pack as _pack
from uos import stat as _stat
from uos import (
    VfsFat,
    VfsLfs2,
    chdir,
    getcwd,
    ilistdir,
    listdir,
    mkdir,
    mount,
    remove,
    rename,
    rmdir,
    statvfs,
    umount,
    unlink,
    urandom,
)

sep = "/"


def stat(path):
    # Files keep the host's time of their last write; the host knows what the board's clock said then.
    found = list(_stat(path))
    for at in (7, 8, 9):
        if found[at]:
            found[at] = _bus.call(OP.FILE_TIME, 0, 0, _pack("<q", found[at]))
    return tuple(found)


def uname():
    import sys
    from collections import namedtuple

    release = ".".join(str(part) for part in sys.implementation.version[:3])
    kind = namedtuple("uname", ("sysname", "nodename", "release", "version", "machine"))
    return kind("esp32", "esp32", release, "v" + release, sys.implementation._machine)


def sync():
    pass  # each block is on the flash when its write returns


def dupterm(stream, index=0):
    return None  # the console is the only terminal
