# esp32 as far as a station needs it: non-volatile storage, the file system's partition, wake pins, the
# chip's heat.
import ustruct
import vb_bus as _bus

WAKEUP_ALL_LOW = False
WAKEUP_ANY_HIGH = True
HEAP_DATA = 4
HEAP_EXEC = 1

_I32 = 1
_BLOB = 2
_MOST = 4000  # bytes a blob may have here; the real limit is the partition


class NVS:
    def __init__(self, namespace):
        if len(namespace) > 15:
            raise OSError(-0x1109, "ESP_ERR_NVS_KEY_TOO_LONG")
        self._prefix = namespace.encode() + b"\0"

    def _call(self, op, key, kind=0, value=b"", room=0):
        return _bus.call(op, kind, 0, self._prefix + key.encode() + b"\0" + value, room)

    def set_i32(self, key, value):
        if not -(1 << 31) <= value < 1 << 31:
            raise OverflowError("overflow converting long int to machine word")
        self._call(OP.NVS_SET, key, _I32, ustruct.pack("<i", value))

    def get_i32(self, key):
        return ustruct.unpack("<i", self._call(OP.NVS_GET, key, _I32, b"", 4))[0]

    def set_blob(self, key, value):
        value = bytes(value) if not isinstance(value, str) else value.encode()
        if len(value) > _MOST:
            raise OSError(-0x110C, "ESP_ERR_NVS_INVALID_LENGTH")
        self._call(OP.NVS_SET, key, _BLOB, value)

    def get_blob(self, key, buffer):
        value = self._call(OP.NVS_GET, key, _BLOB, b"", len(buffer) + 1)
        if len(value) > len(buffer):
            raise OSError(-0x110C, "ESP_ERR_NVS_INVALID_LENGTH")
        buffer[: len(value)] = value
        return len(value)

    def erase_key(self, key):
        self._call(OP.NVS_ERASE, key)

    def commit(self):
        _bus.call(OP.NVS_COMMIT, 0, 0, self._prefix)


class Partition:
    TYPE_APP = 0
    TYPE_DATA = 1
    BOOT = 0
    RUNNING = 1
    _ADDRESS = 0x200000

    def __init__(self, label):
        if label != "vfs":
            raise OSError(2, label)

    @staticmethod
    def find(type=0, subtype=0xFF, label=None, block_size=4096):
        return [Partition("vfs")] if type == Partition.TYPE_DATA and label in (None, "vfs") else []

    def info(self):
        return (1, 129, self._ADDRESS, _bus.flash.blocks * 4096, "vfs", False)

    def readblocks(self, block, buffer, offset=0):
        _bus.flash.readblocks(block, buffer, offset)

    def writeblocks(self, block, buffer, offset=None):
        _bus.flash.writeblocks(block, buffer, offset)

    def ioctl(self, op, argument):
        return _bus.flash.ioctl(op, argument)


def wake_on_ext0(pin, level):
    _bus.call(OP.WAKE_PIN, -1 if pin is None else pin.id, bool(level))


def gpio_deep_sleep_hold(enable):
    pass  # a pin with hold=True keeps its level through deep sleep here


def mcu_temperature():
    return 25


def idf_heap_info(capabilities):
    import gc

    free = gc.mem_free()
    return [(free + gc.mem_alloc(), free, free, free)]
