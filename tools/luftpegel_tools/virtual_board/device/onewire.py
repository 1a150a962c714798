# The OneWire class that is frozen into the ESP32's MicroPython: the same names, the same errors.
import _onewire as _ow


class OneWireError(Exception):
    pass


class OneWire:
    SEARCH_ROM = 0xF0
    MATCH_ROM = 0x55
    SKIP_ROM = 0xCC

    def __init__(self, pin):
        self.pin = pin
        self.pin.init(pin.OPEN_DRAIN, pin.PULL_UP)

    def reset(self, required=False):
        present = _ow.reset(self.pin)
        if required and not present:
            raise OneWireError
        return present

    def readbit(self):
        return _ow.readbit(self.pin)

    def readbyte(self):
        return _ow.readbyte(self.pin)

    def readinto(self, buf):
        for at in range(len(buf)):
            buf[at] = _ow.readbyte(self.pin)

    def writebit(self, value):
        return _ow.writebit(self.pin, value)

    def writebyte(self, value):
        return _ow.writebyte(self.pin, value)

    def write(self, buf):
        for byte in buf:
            _ow.writebyte(self.pin, byte)

    def select_rom(self, rom):
        self.reset()
        self.writebyte(self.MATCH_ROM)
        self.write(rom)

    def crc8(self, data):
        return _ow.crc8(data)

    def scan(self):
        # The search of Maxim's application note 187: at each fork of the addresses take the untried branch.
        found = []
        rom = None
        fork = 65
        while fork:
            rom, fork = self._search(rom, fork)
            if rom is None:
                break
            found.append(rom)
        return found

    def _search(self, before, fork):
        if not self.reset():
            return None, 0
        self.writebyte(self.SEARCH_ROM)
        before = before or bytes(8)
        rom = bytearray(8)
        next_fork = 0
        for place in range(64):
            left = 64 - place
            bit = self.readbit()
            if self.readbit():
                if bit:
                    return None, 0  # nobody answers any more
            elif not bit:  # both kinds are there
                old = before[place >> 3] >> (place & 7) & 1
                if fork > left or (old and fork != left):
                    bit = 1
                    next_fork = left
            self.writebit(bit)
            rom[place >> 3] |= bit << (place & 7)
        return bytes(rom), next_fork
