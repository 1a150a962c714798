# What UART drivers share: reading without waiting, and what a fault looks like when nothing sound arrived.

from sensors import BUS, CHECKSUM, SILENT, SensorFault


def waiting(uart):
    # The bytes that have arrived, perhaps none; never waits.
    count = uart.any()
    return uart.read(count) or b"" if count else b""


class Tally:
    # Counts what arrived, so that silence, a line held low (endless zero bytes) and noise can be told apart.
    def __init__(self):
        self.count = 0
        self.ones = 0

    def add(self, data):
        self.count += len(data)
        for byte in data:
            self.ones |= byte

    def fault(self, sensor):
        if not self.count:
            return SensorFault(SILENT, sensor, "does not answer")
        if not self.ones:
            return SensorFault(BUS, sensor, "the line is held low")
        return SensorFault(CHECKSUM, sensor, "no sound frame among {} bytes".format(self.count))
