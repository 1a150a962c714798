"""I2C, SPI, UART, 1-Wire, ADC, pins and rails between the firmware and chips written for the purpose."""

import pytest

from luftpegel_tools.virtual_board.chips.base import (
    BusStuck,
    I2CChip,
    Nack,
    OneWireDevice,
    SPIChip,
    UARTDevice,
)


class Registers(I2CChip):
    """256 registers; reading the last one is refused, the one before hangs the bus."""

    address = 0x44

    def __init__(self):
        super().__init__()
        self.registers = bytearray(256)
        self.pointer = 0

    def power(self, on):
        super().power(on)
        self.registers[:] = bytes(256)

    def write(self, data):
        self.pointer = data[0]
        self.registers[self.pointer : self.pointer + len(data) - 1] = data[1:]

    def read(self, n):
        if self.pointer == 255:
            raise Nack
        if self.pointer == 254:
            raise BusStuck
        return bytes(self.registers[self.pointer : self.pointer + n])


class Echo(UARTDevice):
    """Sends back what it hears, after a second."""

    def __init__(self):
        super().__init__()
        self.heard = []

    def receive(self, data):
        self.heard.append((self.clock.now_us, data))
        self.send(data, delay_us=1_000_000)


class Inverter(SPIChip):
    """Answers each byte with its complement, and counts its selections."""

    selected = 0

    def select(self):
        self.selected += 1

    def deselect(self):
        self.board.set_pin(9, 1)

    def transfer(self, mosi):
        return bytes(byte ^ 255 for byte in mosi)


class Button(OneWireDevice):
    """A ROM number on the line: understands the search only."""

    def __init__(self, rom):
        super().__init__()
        self.rom = int.from_bytes(rom, "little")
        self.state = "idle"

    def reset(self):
        self.state, self.bits, self.command = "command", 0, 0
        return True

    def write_bit(self, bit):
        if self.state == "command":
            self.command |= bit << self.bits
            self.bits += 1
            if self.bits == 8:
                self.state, self.bits, self.asked = ("search" if self.command == 0xF0 else "idle"), 0, 0
        elif self.state == "search":
            self.state = "search" if bit == self.rom >> self.bits & 1 else "idle"
            self.bits, self.asked = self.bits + 1, 0

    def read_bit(self):
        if self.state != "search":
            return 1
        self.asked += 1
        return (self.rom >> self.bits & 1) ^ (self.asked == 2)


def wired(*steps):
    """A wiring that does (method, arguments...) on the board."""

    def wire(board):
        for method, *arguments in steps:
            getattr(board, method)(*arguments)

    return wire


I2C = "import machine; i2c = machine.I2C(0, scl=machine.Pin(42), sda=machine.Pin(41), freq=100_000)\n"


def test_i2c_reads_and_writes(bench):
    board = bench.board(
        I2C
        + """
i2c.writeto(0x44, b"\\x10ab"); i2c.writeto_mem(0x44, 0x12, b"cd")
buffer = bytearray(2); i2c.writeto(0x44, b"\\x10"); i2c.readfrom_into(0x44, buffer)
print(i2c.scan(), buffer, i2c.readfrom_mem(0x44, 0x11, 3), i2c.readfrom_mem(0x44, 0x10, 1))
i2c.writevto(0x44, (b"\\x20", b"xy")); i2c.readfrom_mem_into(0x44, 0x20, buffer); print(buffer)
""",
        wiring=wired(("attach_i2c", 0, Registers())),
    )
    assert bench.run_to_prompt(board) == ["[68] bytearray(b'ab') b'bcd' b'a'", "bytearray(b'xy')"]


ERRORS = (
    I2C
    + """
for address, register in ((0x44, 0), (0x45, 0), (0x44, 255), (0x44, 254)):
    try: print(i2c.readfrom_mem(address, register, 1))
    except OSError as error: print(error.errno)
"""
)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (None, ["b'\\x00'", "19", "19", "110"]),
        ("silent", ["19"] * 4),
        ("stuck", ["110"] * 4),
    ],
)
def test_i2c_errors(bench, fault, expected):
    chip = Registers()
    board = bench.board(ERRORS, wiring=wired(("attach_i2c", 0, chip)))
    if fault:
        chip.faults.add(fault)
    assert bench.run_to_prompt(board) == expected


def test_a_rail_switches_its_chips(bench):
    chip = Registers()
    board = bench.board(
        I2C
        + """
import time
rail = machine.Pin(36, machine.Pin.OUT, value=1)
print(i2c.scan()); rail.off(); i2c.writeto(0x44, b"\\x01z"); print(i2c.scan(), i2c.readfrom_mem(0x44, 1, 1))
rail.on(); rail.off(); print(i2c.readfrom_mem(0x44, 1, 1)); machine.deepsleep(1000)
""",
        wiring=wired(("attach_i2c", 0, chip), ("attach_rail", 36, True, [chip])),
    )
    bench.run(lambda: board.asleep)
    assert bench.lines() == ["[]", "[68] b'z'", "b'\\x00'"]
    assert not chip.powered


def test_spi_selects_and_drives_pins_back(bench):
    chip = Inverter()
    board = bench.board(
        """
        import machine
        busy, seen = machine.Pin(9, machine.Pin.IN), []
        busy.irq(lambda pin: seen.append(pin.value()), machine.Pin.IRQ_RISING)
        cs = machine.Pin(8, machine.Pin.OUT, value=1)
        spi = machine.SPI(1, baudrate=1_000_000)
        buffer = bytearray(2)
        spi.write_readinto(b"\\x00\\x01", buffer); print(buffer)
        cs(0); spi.write_readinto(b"\\x00\\x01", buffer); print(buffer, spi.read(1)); cs(1)
        print(busy.value(), seen)
        """,
        wiring=wired(("attach_spi", 1, 8, chip)),
    )
    assert bench.run_to_prompt(board) == [
        "bytearray(b'\\x00\\x00')",
        "bytearray(b'\\xff\\xfe') b'\\xff'",
        "1 [1]",
    ]
    assert chip.selected == 1


def test_uart_takes_its_time(bench):
    device = Echo()
    board = bench.board(
        """
        import machine, time
        uart = machine.UART(1, 9600, timeout=3000)
        start = time.ticks_ms(); uart.write("0123456789"); uart.flush()
        print(time.ticks_diff(time.ticks_ms(), start), uart.txdone(), uart.any())
        print(uart.read(10), time.ticks_diff(time.ticks_ms(), start))
        uart.write("one\\ntwo\\n"); print(uart.readline(), uart.readline(), uart.readline())
        uart.init(timeout=0); print(uart.read(5), uart.readline())
        """,
        wiring=wired(("attach_uart", 1, device)),
    )
    assert bench.run_to_prompt(board) == [
        "10 True 0",
        "b'0123456789' 1020",
        "b'one\\n' b'two\\n' None",
        "None None",
    ]
    assert device.heard[0][1] == b"0123456789"


def test_uart_buffer_overflows_as_a_real_one(bench):
    device = Echo()
    board = bench.board(
        """
        import machine, time
        uart = machine.UART(1, 9600, rxbuf=100)
        uart.write(bytes(range(150))); time.sleep(3)
        data = uart.read(); print(len(data), data == bytes(range(100)), uart.any())
        """,
        wiring=wired(("attach_uart", 1, device)),
    )
    assert bench.run_to_prompt(board) == ["100 True 0"]
    assert board.peripherals.uart(1).overflows == 50


def test_uart_at_the_wrong_rate_is_garbage(bench):
    device = Echo()
    board = bench.board(
        "import machine; u = machine.UART(1, 115200, timeout=2000); u.write('hi'); print(u.read(2) == b'hi')",
        wiring=wired(("attach_uart", 1, device)),
    )
    assert bench.run_to_prompt(board) == ["True"]  # garbled twice is whole again
    assert device.heard[0][1] != b"hi"


def test_two_devices_share_a_uart_by_their_pins(bench):
    first, second = Echo(), Echo()
    board = bench.board(
        """
        import machine
        uart = machine.UART(1, 9600, tx=47, rx=48, timeout=3000); uart.write("a"); print(uart.read(1))
        uart.init(tx=machine.Pin(5), rx=machine.Pin(6)); uart.write("b"); print(uart.read(1))
        """,
        wiring=wired(("attach_uart", 1, first, (47, 48)), ("attach_uart", 1, second, (5, 6))),
    )
    assert bench.run_to_prompt(board) == ["b'a'", "b'b'"]
    assert [data for _, data in first.heard + second.heard] == [b"a", b"b"]


def test_onewire_finds_everybody(bench):
    roms = [bytes.fromhex(rom) for rom in ("28aabbccddee0001", "28aabbccddee0002", "10ffbbccddee0003")]
    board = bench.board(
        """
        import machine, onewire, ds18x20
        line = onewire.OneWire(machine.Pin(4))
        print(line.reset(), sorted(rom.hex() for rom in line.scan()))
        print(onewire.OneWire(machine.Pin(5)).reset(), line.crc8(b"123456789"))
        try: onewire.OneWire(machine.Pin(5)).reset(True)
        except onewire.OneWireError: print("nobody")
        """,
        wiring=wired(*(("attach_onewire", 4, Button(rom)) for rom in roms)),
    )
    expected = sorted(rom.hex() for rom in roms)
    assert bench.run_to_prompt(board) == [f"True {expected}", "False 161", "nobody"]


def test_adc_reads_microvolts(bench):
    board = bench.board(
        """
        import machine
        adc = machine.ADC(machine.Pin(1), atten=machine.ADC.ATTN_11DB)
        print(adc.read_uv(), adc.read_u16(), machine.ADC(1).read_uv(), machine.ADC(2).read_uv())
        """,
        wiring=wired(("attach_adc", 1, lambda: 1_550_000)),
    )
    assert bench.run_to_prompt(board) == ["1550000 32767 950000 0"]


ON_PINS = """
import machine
from machine import Pin
def look(scl, sda):
    i2c = machine.I2C(0, scl=Pin(scl), sda=Pin(sda))
    return i2c, i2c.scan()
print(look(41, 42)[1], look(42, 40)[1], machine.I2C(1, scl=Pin(42), sda=Pin(41)).scan())
i2c, found = look(42, 41)
print(found)
Pin(42, Pin.OUT)
print(i2c.scan())
try: i2c.readfrom(0x44, 1)
except OSError as error: print(error)
i2c = look(42, 41)[0]
print(i2c.scan())
uart = machine.UART(1, tx=41, rx=5)
print(i2c.scan(), look(42, 41)[1])
print(machine.SoftI2C(scl=Pin(42), sda=Pin(41)).scan())
"""


def test_a_bus_on_the_wrong_pins_answers_nothing(bench):
    board = bench.board(ON_PINS, wiring=lambda board: board.attach_i2c(0, Registers(), (42, 41)))
    address = str([Registers.address])
    assert bench.run_to_prompt(board) == [
        "[] [] []", address, "[]", "[Errno 19] ENODEV", address, f"[] {address}", address,
    ]  # fmt: skip
    assert (42, "i2c0", "gpio") in board.peripherals.users.conflicts
    assert (41, "i2c0", "uart1") in board.peripherals.users.conflicts


def test_a_radio_on_the_wrong_pins_answers_nothing(bench):
    program = """
    from machine import SPI, Pin
    cs = Pin(8, Pin.OUT, value=1)
    for sck, mosi, miso in ((9, 10, 11), (9, 11, 10), (10, 9, 11)):
        spi = SPI(1, 1_000_000, sck=Pin(sck), mosi=Pin(mosi), miso=Pin(miso))
        answer = bytearray(3)
        cs(0); spi.write_readinto(b"abc", answer); cs(1)
        print(bytes(answer) != bytes(3))
    """
    chip = Inverter()
    board = bench.board(program, wiring=lambda board: board.attach_spi(1, 8, chip, (9, 10, 11)))
    assert bench.run_to_prompt(board) == ["True", "False", "False"]
