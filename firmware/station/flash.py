# What outlives the power: a folder of the flash file system, and numbers in NVS.

import os

from station.memory import NUMBERS

_FILE = 0x8000
_HEX = b"0123456789abcdef"


class Folder:
    # Storage of the journal. LittleFS commits a file as a whole when it is closed. The file read last stays
    # open for the next read: rows are read one by one, and opening costs heap and time.

    def __init__(self, path):
        self._path = path
        self._name = self._file = None
        try:
            os.mkdir(path)
        except OSError:
            pass  # exists already; anything else is told by the first look into it

    def sizes(self):
        # Files named as the journal names its own, 8 hex digits: what else lies here is not ours.
        for entry in os.ilistdir(self._path):
            name = entry[0]
            if entry[1] == _FILE and len(name) == 8 and all(byte in _HEX for byte in name.encode()):
                yield name, entry[3]  # type: ignore[misc]  # files have a size

    def read(self, name, offset, count):
        if self._name != name:
            self._close()
            self._file = open(self._path + "/" + name, "rb")
            self._name = name
        self._file.seek(offset)
        return self._file.read(count)

    def append(self, name, data):
        self._close()
        with open(self._path + "/" + name, "ab") as file:
            file.write(data)

    def remove(self, name):
        self._close()
        os.remove(self._path + "/" + name)

    def _close(self):
        if self._name is not None:
            self._file.close()
            self._name = self._file = None


class Counter:
    # An integer in NVS (esp32.NVS), which outlives even a wiped file system.

    def __init__(self, nvs, key):
        self._nvs = nvs
        self._key = key

    def read(self):
        try:
            return self._nvs.get_i32(self._key)
        except OSError:
            return 0

    def write(self, value):
        # Raises OSError when NVS is full or broken, or does not give back what it took.
        self._nvs.set_i32(self._key, value)
        self._nvs.commit()
        if self.read() != value:
            raise OSError(5)


class Numbers:
    # What a LoRaWAN MAC must never forget (see lorawan.mac): numbers of 32 bits without sign, by name. Where
    # NVS refuses, they live on in RTC memory: right as long as there is power, and told.

    def __init__(self, nvs, memory):
        self._nvs = nvs
        self._memory = memory
        self._loose = {}
        kept = memory.block(NUMBERS) or b""
        for at in range(0, len(kept), 20):
            name = kept[at : at + 16].rstrip(b"\0").decode()
            self._loose[name] = int.from_bytes(kept[at + 16 : at + 20], "little")

    def read(self, name):
        return max(Counter(self._nvs, name).read() & 0xFFFFFFFF, self._loose.get(name, 0))

    def write(self, name, value):
        try:
            Counter(self._nvs, name).write(value - (1 << 32) if value >> 31 else value)
            if not self._loose.pop(name, 0):
                return
        except OSError as error:
            print("LP-225 NVS refuses %s (%r): it is kept as long as there is power." % (name, error))
            print("Next: erase the board's NVS, provision it anew")
            self._loose[name] = value
        kept = b""
        for key in self._loose:
            kept += key.encode() + bytes(16 - len(key)) + self._loose[key].to_bytes(4, "little")
        self._memory.keep(NUMBERS, kept)
