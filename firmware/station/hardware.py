# Opens what the board's table names for the sensors: rails, buses, the battery's ADC.

import time

from machine import ADC, I2C, UART, Pin

from sensors import SENTINEL, SensorFault

_BATTERY_SAMPLES = 4


class Hardware:
    def __init__(self, board, revision=None):
        # revision: of a board of which there are several; where none is named, the battery tells.
        self._board = board
        self._revision = revision
        self._i2c = None
        self._uarts = {}  # UART id -> (UART, socket that its pins are at)

    def rail(self, on):
        rail = self._board.RAIL
        Pin(rail["pin"], Pin.OUT, value=rail["on"] if on else 1 - rail["on"])
        if on:
            time.sleep_ms(rail["settle_ms"])

    def led(self, on):
        led = self._board.LED
        Pin(led["pin"], Pin.OUT, value=led["on"] if on else 1 - led["on"])

    def bus(self, sensor, cls):
        # The bus of a sensor's driver, ready for that sensor. To be called before each use: a UART that two
        # sockets share is moved to this sensor's socket.
        if cls.BUS == "i2c":
            return self._open_i2c()
        if cls.BUS == "onewire":
            return Pin(self._board.ONEWIRE)
        socket = sensor["socket"]
        where = self._board.UARTS[socket]
        uart, at = self._uarts.get(where["id"], (None, None))
        if at != socket:
            wiring = {"baudrate": cls.BAUD, "tx": Pin(where["tx"]), "rx": Pin(where["rx"]), "timeout": 50}
            if uart is None:
                uart = UART(where["id"], rxbuf=512, **wiring)
            else:
                uart.init(**wiring)
            self._uarts[where["id"]] = uart, socket
        return uart

    def _open_i2c(self):
        if self._i2c is None:
            where = self._board.I2C
            self._i2c = I2C(where["id"], scl=Pin(where["scl"]), sda=Pin(where["sda"]), freq=where["freq"])
        return self._i2c

    def recover_i2c(self):
        # True when both lines are free again; the bus is to be opened anew.
        from sensors.bus_recovery import recover

        self._i2c = None
        return recover(Pin(self._board.I2C["scl"]), Pin(self._board.I2C["sda"]))

    def health(self, name):
        # A health quantity in base units; KeyError for one that no board has.
        return {"battery": self._battery_mv, "enclosure_temperature": self._chip_temperature}[name]()

    def _battery_mv(self):
        battery = self._board.BATTERY
        low, high = battery["limits_mv"]
        levels = battery.get("revisions", {None: battery.get("on")})
        for revision in [self._revision] if self._revision in levels else sorted(levels):
            millivolts = self._divided_mv(battery, levels[revision])
            if low <= millivolts <= high:
                self._revision = revision
                return millivolts
        print("LP-229 the battery reads %d mV, which none of this board has." % millivolts)
        print("Next: name the board's revision in station.json, look at the battery's plug")
        raise SensorFault(SENTINEL, "battery", "%d mV" % millivolts)

    def _divided_mv(self, battery, level):
        # level: of the pin that connects the divider; other dividers are always connected.
        adc = ADC(Pin(battery["adc"]), atten=getattr(ADC, battery["attenuation"]))
        if level is not None:
            Pin(battery["enable"], Pin.OUT, value=level)
        time.sleep_ms(battery["settle_ms"])  # behind so many kilohms the ADC's capacitor takes its time
        microvolts = sum([adc.read_uv() for _ in range(_BATTERY_SAMPLES)]) // _BATTERY_SAMPLES
        if level is not None:
            Pin(battery["enable"], Pin.OUT, value=1 - level)
        return (microvolts * battery["times_milli"] + 500000) // 1000000

    def _chip_temperature(self):
        from esp32 import mcu_temperature  # type: ignore[attr-defined]  # of the S3, not of the plain ESP32

        return 100 * mcu_temperature()
