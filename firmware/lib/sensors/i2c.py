# One device on an I2C bus, with the bus's errors told apart: nobody answers, or the bus is stuck.

from sensors import BUS, SILENT, SensorFault

# MicroPython reports a missing acknowledge as ENODEV on the ESP32, as EIO on other ports. Everything else
# (ETIMEDOUT is 116 on the ESP32, 110 elsewhere) means that a line is held low.
NO_ACKNOWLEDGE = (5, 19)


class I2CDevice:
    def __init__(self, bus, address, name):
        self._bus = bus
        self._address = address
        self._name = name

    def write(self, data):
        self._call(self._bus.writeto, data)

    def read(self, count):
        return self._call(self._bus.readfrom, count)

    def write_register(self, register, value):
        self._call(self._bus.writeto_mem, register, bytes((value,)))

    def read_registers(self, register, count):
        return self._call(self._bus.readfrom_mem, register, count)

    def fault(self, quality, cause):
        return SensorFault(quality, "{} at 0x{:02x}".format(self._name, self._address), cause)

    def _call(self, method, *args):
        try:
            return method(self._address, *args)
        except OSError as error:
            number = error.args[0]
        if number in NO_ACKNOWLEDGE:
            raise self.fault(SILENT, "does not answer")
        raise self.fault(BUS, "the I2C bus is stuck")
