"""Everything of the chip that firmware reaches through `machine` and `esp32`, but power, sleep and flash.

Each request is one method of the table `handlers()`: it yields an Answer with its cost in virtual µs, or a
Wait.
"""

import struct
from collections.abc import Callable
from pathlib import Path

from luftpegel_tools.virtual_board.chips.base import BusStuck, I2CChip, Nack, SPIChip
from luftpegel_tools.virtual_board.flash import Flash
from luftpegel_tools.virtual_board.nvs import Nvs, NvsError
from luftpegel_tools.virtual_board.pin_users import UNNAMED, PinUsers
from luftpegel_tools.virtual_board.pins import Pins
from luftpegel_tools.virtual_board.protocol import OPS, STATUS_ESP_ERROR, Answer, DeviceError, Request
from luftpegel_tools.virtual_board.uart import UARTPort
from luftpegel_tools.virtual_board.waiting import Wait
from luftpegel_tools.virtual_time.clock import VirtualClock

Wires = tuple[int, ...] | None  # pins: scl, sda; sck, mosi, miso. None: whichever the bus is on
Handler = Callable[[Request], Answer | Wait]

ENODEV, ETIMEDOUT, EINVAL = 19, 110, 22
CALL_US = 20  # a call into a driver of the chip, about what MicroPython takes on an ESP32-S3
PIN_US = 10  # about 100,000 times a second is what MicroPython there can switch a pin
I2C_SETUP_US = 60
I2C_STUCK_US = 50_000  # the driver's default timeout
ADC_US = 80
OW_RESET_US, OW_SLOT_US = 960, 70
RTC_MEMORY_BYTES = 2048


class Rtc:
    """The real-time clock (µs since 2000-01-01) and its memory: both live while there is power."""

    def __init__(self, clock: VirtualClock):
        self._clock = clock
        self._zero_us = 0
        self.memory = b""

    def power_on(self) -> None:
        """Power came back: 2000-01-01, memory empty."""
        self._zero_us = self._clock.now_us
        self.memory = b""

    @property
    def us(self) -> int:
        """µs since 2000-01-01 as the board believes."""
        return self._clock.now_us - self._zero_us

    def set(self, us: int) -> None:
        """Set the clock."""
        self._zero_us = self._clock.now_us - us


class Peripherals:
    """The peripherals of one board; the board wires chips to them."""

    def __init__(
        self,
        clock: VirtualClock,
        pins: Pins,
        state_dir: Path,
        flash: Flash,
        on_arrival: Callable[[UARTPort], None],
    ):
        self._clock = clock
        self._on_arrival = on_arrival
        self.pins = pins
        self.users = PinUsers()
        self.flash = flash
        self.nvs = Nvs(state_dir / "nvs.json")
        self.rtc = Rtc(clock)
        self.i2c: dict[int, dict[int, I2CChip]] = {}
        self._i2c_pins: dict[int, Wires] = {}
        self._i2c_hz: dict[int, int] = {}
        self.spi: dict[int, list[tuple[int, SPIChip, Wires]]] = {}
        self.uarts: dict[int, UARTPort] = {}

    def uart(self, number: int) -> UARTPort:
        """The UART `number`."""
        return self.uarts.setdefault(number, UARTPort(self._clock, self._on_arrival))

    def reset(self) -> None:
        """The chip was reset: pins float, UARTs are closed, what was not committed is forgotten."""
        self.pins.reset()
        self.users.clear()
        for port in self.uarts.values():
            port.close()
        self.nvs.revert()

    def handlers(self) -> dict[int, Handler]:
        """Request number -> method."""
        table: dict[str, Handler] = {
            "PIN_INIT": self._pin_init, "PIN_GET": self._pin_get, "PIN_SET": self._pin_set,
            "PIN_IRQ": self._pin_irq, "PIN_HOLD": self._pin_hold, "ADC": self._adc,
            "I2C_INIT": self._i2c_init, "I2C_WRITE": self._i2c_write, "I2C_READ": self._i2c_read,
            "I2C_WRITE_READ": self._i2c_write_read, "I2C_SCAN": self._i2c_scan,
            "SPI_INIT": self._spi_init, "SPI_TRANSFER": self._spi_transfer,
            "UART_INIT": self._uart_init, "UART_DEINIT": self._uart_deinit, "UART_ANY": self._uart_any,
            "UART_READ": self._uart_read, "UART_READLINE": self._uart_readline,
            "UART_WRITE": self._uart_write, "UART_FLUSH": self._uart_flush, "UART_TXDONE": self._uart_txdone,
            "OW_RESET": self._ow_reset, "OW_READ": self._ow_read, "OW_WRITE": self._ow_write,
            "NVS_GET": self._nvs_get, "NVS_SET": self._nvs_set, "NVS_ERASE": self._nvs_erase,
            "NVS_COMMIT": self._nvs_commit,
            "RTC_GET": self._rtc_get, "RTC_SET": self._rtc_set,
            "RTC_MEMORY_READ": self._rtc_memory_read, "RTC_MEMORY_WRITE": self._rtc_memory_write,
        }  # fmt: skip
        return {OPS[name]: handler for name, handler in table.items()}

    # Pins and ADC

    def _pin_init(self, request: Request) -> Answer:
        self.pins.init(request.a, request.b, struct.unpack("<b", request.data)[0])
        if request.b > 0:
            self.users.claim_gpio(request.a)
        return Answer(cost_us=PIN_US)

    def _pin_get(self, request: Request) -> Answer:
        return Answer(self.pins[request.a].level, cost_us=PIN_US)

    def _pin_set(self, request: Request) -> Answer:
        self.pins.put(request.a, request.b)
        return Answer(cost_us=PIN_US)

    def _pin_irq(self, request: Request) -> Answer:
        self.pins[request.a].trigger = request.b
        return Answer(cost_us=PIN_US)

    def _pin_hold(self, request: Request) -> Answer:
        self.pins[request.a].held = bool(request.b)
        return Answer(cost_us=PIN_US)

    def _adc(self, request: Request) -> Answer:
        source = self.pins.analogue.get(request.a)
        return Answer(max(0, int(source())) if source else 0, cost_us=ADC_US)

    # I2C: the cost is nine bits a byte, address bytes included

    def _i2c_init(self, request: Request) -> Answer:
        self._i2c_hz[request.a] = max(1, request.b)
        self.users.claim(f"i2c{request.a}", _wires(request))
        return Answer(cost_us=CALL_US)

    def _i2c(self, request: Request, write: bytes | None, read: int | None) -> Answer:
        chips = self._i2c_reached(request.a)
        chip = chips.get(request.b)
        octets = (0 if write is None else 1 + len(write)) + (0 if read is None else 1 + read)
        hertz = self._i2c_hz.get(request.a, 400_000)
        cost = I2C_SETUP_US + octets * 9 * 1_000_000 // hertz
        if any("stuck" in other.faults and other.powered for other in chips.values()):
            raise DeviceError(ETIMEDOUT, I2C_STUCK_US)
        if chip is None or not chip.powered or "silent" in chip.faults:
            raise DeviceError(ENODEV, I2C_SETUP_US)
        try:
            if write is not None:
                chip.write(write)
            return Answer(0 if write is None else len(write), b"" if read is None else chip.read(read), cost)
        except Nack:
            raise DeviceError(ENODEV, cost) from None
        except BusStuck:
            raise DeviceError(ETIMEDOUT, I2C_STUCK_US) from None

    def _i2c_write(self, request: Request) -> Answer:
        return self._i2c(request, request.data, None)

    def _i2c_read(self, request: Request) -> Answer:
        return self._i2c(request, None, struct.unpack("<H", request.data)[0])

    def _i2c_write_read(self, request: Request) -> Answer:
        return self._i2c(request, request.data[2:], struct.unpack_from("<H", request.data)[0])

    def _i2c_scan(self, request: Request) -> Answer:
        chips = self._i2c_reached(request.a)
        there = sorted(
            a for a, chip in chips.items() if chip.powered and not chip.faults & {"silent", "stuck"}
        )
        return Answer(data=bytes(there), cost_us=112 * I2C_SETUP_US)

    def _i2c_reached(self, bus: int) -> dict[int, I2CChip]:
        """The chips on a bus, if the firmware has opened it where they hang."""
        return self.i2c.get(bus, {}) if self.users.leads_to(f"i2c{bus}", self._i2c_pins.get(bus)) else {}

    def attach_i2c(self, bus: int, chip: I2CChip, pins: Wires) -> None:
        """Hang a chip on a bus; all chips of a bus hang on the same pins."""
        self.i2c.setdefault(bus, {})[chip.address] = chip
        if pins is not None:
            self._i2c_pins[bus] = pins

    def _spi_init(self, request: Request) -> Answer:
        self.users.claim(f"spi{request.a}", _wires(request))
        return Answer(cost_us=CALL_US)

    def _spi_transfer(self, request: Request) -> Answer:
        answer = bytes(len(request.data))
        for select_pin, chip, wires in self.spi.get(request.a, []):
            reached = self.users.leads_to(f"spi{request.a}", wires)
            if reached and chip.powered and not self.pins[select_pin].level:
                answer = chip.transfer(request.data)
        return Answer(data=answer, cost_us=CALL_US + len(request.data) * 8_000_000 // max(1, request.b))

    # UART

    def _uart_init(self, request: Request) -> Answer:
        baudrate, timeout_ms, rxbuf, tx, rx = struct.unpack("<iiiii", request.data)
        self.users.claim(f"uart{request.a}", (tx, rx))
        self.uart(request.a).open(baudrate, timeout_ms, rxbuf, (tx, rx))
        return Answer(cost_us=CALL_US)

    def _uart_deinit(self, request: Request) -> Answer:
        self.users.release(f"uart{request.a}")
        self.uart(request.a).close()
        return Answer(cost_us=CALL_US)

    def _uart_any(self, request: Request) -> Answer:
        return Answer(self.uart(request.a).any(), cost_us=CALL_US)

    def _uart_read(self, request: Request) -> Wait:
        # The ESP32 port reads in windows of `timeout` and ends with the first window in which nothing came.
        port, count = self.uart(request.a), request.b
        seen = 0

        def ready() -> Answer | None:
            return Answer(data=port.take(count), cost_us=CALL_US) if port.any() >= count else None

        def expired() -> Answer | None:
            nonlocal seen
            if port.timeout_us and port.any() > seen:
                seen = port.any()
                return None
            return Answer(data=port.take(count), cost_us=CALL_US)

        return Wait(ready, expired, port.timeout_us, (port,))

    def _uart_readline(self, request: Request) -> Wait:
        port, most = self.uart(request.a), request.b
        seen = 0

        def ready() -> Answer | None:
            length = port.line_length(most)
            return Answer(data=port.take(length), cost_us=CALL_US) if length else None

        def expired() -> Answer | None:
            nonlocal seen
            if port.timeout_us and port.any() > seen:
                seen = port.any()
                return None
            return Answer(data=port.take(most), cost_us=CALL_US)

        return Wait(ready, expired, port.timeout_us, (port,))

    def _uart_write(self, request: Request) -> Answer:
        port, (tx, _) = self.uart(request.a), self.uart(request.a).pins
        if self.users.has(f"uart{request.a}", tx):
            port.write(request.data)
        return Answer(len(request.data), cost_us=CALL_US)

    def _uart_flush(self, request: Request) -> Answer:
        return Answer(cost_us=CALL_US + self.uart(request.a).busy_us())

    def _uart_txdone(self, request: Request) -> Answer:
        return Answer(int(not self.uart(request.a).busy_us()), cost_us=CALL_US)

    # 1-Wire: a number of bits, least significant first; the line is the AND of everybody on it

    def _ow_reset(self, request: Request) -> Answer:
        devices = [device for device in self.pins.onewire.get(request.a, []) if device.powered]
        return Answer(int(sum(device.reset() for device in devices) > 0), cost_us=OW_RESET_US)

    def _ow_read(self, request: Request) -> Answer:
        devices = [device for device in self.pins.onewire.get(request.a, []) if device.powered]
        value = 0
        for place in range(request.b):
            value |= min((device.read_bit() for device in devices), default=1) << place
        return Answer(value, cost_us=OW_SLOT_US * request.b)

    def _ow_write(self, request: Request) -> Answer:
        devices = [device for device in self.pins.onewire.get(request.a, []) if device.powered]
        for place in range(request.b):
            for device in devices:
                device.write_bit(request.data[0] >> place & 1)
        return Answer(cost_us=OW_SLOT_US * request.b)

    # NVS, RTC

    def _nvs(self, action: Callable[[str, str, bytes], bytes], request: Request) -> Answer:
        namespace, key, value = request.data.split(b"\0", 2)
        try:
            return Answer(data=action(namespace.decode(), key.decode(), value), cost_us=CALL_US)
        except NvsError as error:
            raise DeviceError(error.code, CALL_US, STATUS_ESP_ERROR) from None

    def _nvs_get(self, request: Request) -> Answer:
        return self._nvs(lambda namespace, key, _: self.nvs.get(namespace, key, request.a), request)

    def _nvs_set(self, request: Request) -> Answer:
        def action(namespace: str, key: str, value: bytes) -> bytes:
            self.nvs.set(namespace, key, request.a, value)
            return b""

        return self._nvs(action, request)

    def _nvs_erase(self, request: Request) -> Answer:
        def action(namespace: str, key: str, _: bytes) -> bytes:
            self.nvs.erase(namespace, key)
            return b""

        return self._nvs(action, request)

    def _nvs_commit(self, _: Request) -> Answer:
        self.nvs.commit()
        return Answer(cost_us=1000)

    def _rtc_get(self, _: Request) -> Answer:
        return Answer(data=struct.pack("<Q", self.rtc.us), cost_us=CALL_US)

    def _rtc_set(self, request: Request) -> Answer:
        self.rtc.set(struct.unpack("<Q", request.data)[0])
        return Answer(cost_us=CALL_US)

    def _rtc_memory_read(self, _: Request) -> Answer:
        return Answer(data=self.rtc.memory, cost_us=CALL_US)

    def _rtc_memory_write(self, request: Request) -> Answer:
        if len(request.data) > RTC_MEMORY_BYTES:
            raise DeviceError(EINVAL)
        self.rtc.memory = request.data
        return Answer(cost_us=CALL_US)


def _wires(request: Request) -> tuple[int, ...]:
    """The pins that a bus is opened on; those that were not named come as 255."""
    return tuple(UNNAMED if pin == 255 else pin for pin in request.data)
