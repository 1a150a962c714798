"""What the LoRaWAN MAC takes of a board: bytes of .mpy, heap on the 32-bit MicroPython, bytes of a session.

Heap is what stays after the import of one region (from .mpy, not frozen), after the construction of a Mac,
and after a session has got eight channels and has sent a frame. What a device loads
only if it uses it, the application packages above all, is counted apart.
"""

from collections.abc import Iterator

from luftpegel_tools.figures import Figure
from luftpegel_tools.figures.small_engine import compiled_package, run

PACKAGES = ("certification", "clock_sync", "firmware_management", "packages", "personalise")
REGION = "eu868"
MPY_AIM = 20 * 1024
HEAP_AIM = 26 * 1024
SESSION_AIM = 2 * 1024
RTC_AIM = 400
_HEAP = 112 * 1024
_PROBE = """
import gc
import cryptolib, struct

def taken():
    gc.collect()
    return gc.mem_alloc()

class Storage:
    def read(self, name):
        return 0

    def write(self, name, value):
        pass

def first(count):
    return 0

key = bytes(16)
storage = Storage()
steps = [0] * 5
steps[0] = taken()
from lorawan.mac import Mac
from lorawan.regions import {region}
from lorawan.session import Session
steps[1] = taken()
mac = Mac({region}, storage, first, key[:8], key[:8], key)
steps[2] = taken()
mac.session = Session({region}, key[:4], (key, key), 1, 5, True)
for index in range(3, 8):
    mac.session.channels.define(index, 867100000 + 200000 * (index - 3), 0x50)
mac.uplink(1, key, False, 10000000)
mac.windows_closed(10007000)
steps[3] = taken()
blob = len(mac.dump(10007000))
from lorawan import {packages}
steps[4] = taken()
print(" ".join([str(steps[i + 1] - steps[i]) for i in range(4)]), blob)
"""


def measure() -> Iterator[Figure]:
    """Sizes against the aims of the MAC."""
    sizes = mpy_bytes()
    mac = sum(size for name, size in sizes.items() if _of_the_mac(name))
    yield Figure("lorawan: MAC and one region, .mpy", mac, "bytes", "20 KiB aim", mac / MPY_AIM)
    for name in PACKAGES:
        yield Figure(f"lorawan: {name}, .mpy", sizes[name], "bytes", "20 KiB aim", sizes[name] / MPY_AIM)
    imported, constructed, session, packages, blob = heap_bytes()
    yield Figure("lorawan: heap of the import", imported, "bytes", "26 KiB aim", imported / HEAP_AIM)
    yield Figure("lorawan: heap of a Mac", constructed, "bytes", "2 KiB aim", constructed / SESSION_AIM)
    yield Figure("lorawan: heap of a session", session, "bytes", "2 KiB aim", session / SESSION_AIM)
    yield Figure("lorawan: heap of the packages", packages, "bytes", "26 KiB aim", packages / HEAP_AIM)
    yield Figure("lorawan: session to keep", blob, "bytes", "400-byte aim", blob / RTC_AIM)


def mpy_bytes() -> dict[str, int]:
    """Module, as "mac" or "regions.eu868" -> bytes of its .mpy."""
    with compiled_package("lorawan") as (_, sizes):
        return sizes


def heap_bytes() -> tuple[int, int, int, int, int]:
    """Bytes of import, Mac, session and packages, and those of the session's dump."""
    script = _PROBE.format(region=REGION, packages=", ".join(PACKAGES))
    with compiled_package("lorawan") as (folder, _):
        imported, constructed, session, packages, blob = map(int, run(folder, script, _HEAP).split())
    return imported, constructed, session, packages, blob


def _of_the_mac(module: str) -> bool:
    region, _, name = module.rpartition(".")
    return module not in PACKAGES and (not region or name in ("__init__", REGION))

