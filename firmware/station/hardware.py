# Opens what the board's table names: rails, buses, the radio, the battery's ADC.

import time

import machine
from machine import ADC, I2C, RTC, UART, Pin

_BATTERY_SAMPLES = 4


def board_ms():
    # Board time in milliseconds. The seconds of the two readings are reconciled, they may lie on either side
    # of a tick.
    seconds = time.time()
    moment = RTC().datetime()
    return (seconds + (moment[6] - seconds % 60) % 60) * 1000 + moment[7] // 1000


class Hardware:
    def __init__(self, board):
        self._board = board
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

    def radio(self, cls, storage, memory, light_sleep):
        # -> open radio driver; storage, memory and light_sleep (whether) are for one that keeps its session
        # itself.
        if not hasattr(cls, "BAUD"):
            from lora_radio.board_phy import light_sleep_beside, open_phy

            lora = self._board.LORA
            sleep = light_sleep_beside(lora, machine) if light_sleep else None
            return cls(
                lambda most, band: open_phy(lora, machine, most, band),
                storage,
                memory,
                board_ms,
                light_sleep=sleep,
            )
        where = self._board.MODEM
        uart = UART(
            where["id"],
            baudrate=cls.BAUD,
            tx=Pin(where["tx"]),
            rx=Pin(where["rx"]),
            timeout=50,
            rxbuf=cls.RXBUF,
        )
        return cls(uart, Pin(where["reset"], Pin.OUT, value=1))

    def health(self, name):
        # A health quantity in base units; KeyError for one that no board has.
        return {"battery": self._battery_mv, "enclosure_temperature": self._chip_temperature}[name]()

    def _battery_mv(self):
        battery = self._board.BATTERY
        adc = ADC(Pin(battery["adc"]), atten=getattr(ADC, battery["attenuation"]))
        self._connect_battery(True)
        microvolts = sum([adc.read_uv() for _ in range(_BATTERY_SAMPLES)]) // _BATTERY_SAMPLES
        self._connect_battery(False)
        return (microvolts * battery["times_milli"] + 500000) // 1000000

    def _connect_battery(self, on):
        battery = self._board.BATTERY
        if "enable" in battery:  # other dividers are always connected
            Pin(battery["enable"], Pin.OUT, value=battery["on"] if on else 1 - battery["on"])

    def _chip_temperature(self):
        from esp32 import mcu_temperature  # type: ignore[attr-defined]  # of the S3, not of the plain ESP32

        return 100 * mcu_temperature()
