# os as on the ESP32: the file system calls, uname, sync and dupterm; nothing of the host's operating system.
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
    stat,
    statvfs,
    umount,
    unlink,
    urandom,
)

sep = "/"


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
