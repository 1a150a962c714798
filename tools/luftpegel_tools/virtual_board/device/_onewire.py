# The 1-Wire primitives that the ESP32 firmware has built in; the host drives the line.
import vb_bus as _bus


def reset(pin):
    return bool(_bus.call(OP.OW_RESET, pin.id))


def readbit(pin):
    return _bus.call(OP.OW_READ, pin.id, 1)


def readbyte(pin):
    return _bus.call(OP.OW_READ, pin.id, 8)


def writebit(pin, value):
    _bus.call(OP.OW_WRITE, pin.id, 1, bytes((value & 1,)))


def writebyte(pin, value):
    _bus.call(OP.OW_WRITE, pin.id, 8, bytes((value,)))


def crc8(data):
    # Maxim's CRC-8, polynomial x^8 + x^5 + x^4 + 1 reflected (application note 27).
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8C if crc & 1 else 0)
    return crc
