"""The bus between the host and MicroPython: one SEQPACKET message a request, one a reply.

Request: op u8, 0 u8, sequence u16, spent u32 (µs the board computed since its last request), a i32, b i32,
then data. Reply: status u8, events u8 (1: pin or timer events wait), sequence u16, a i32, ticks_ms u32,
ticks_us u32, µs within the millisecond u16, then data. Ticks count from boot and wrap at 2**30 as on the
ESP32. The sequence number lets a request that Ctrl-C broke off be told from the next one.
"""

import struct
from typing import NamedTuple

REQUEST = struct.Struct("<BBHIii")
REPLY = struct.Struct("<BBHiIIH")
MAX_MESSAGE = 8192
TICKS_MASK = 0x3FFFFFFF

STATUS_OK, STATUS_ERRNO, STATUS_INTERRUPT, STATUS_ESP_ERROR = range(4)

_NAMES = """
HELLO READY SYNC INFO EVENTS SLEEP WAIT STDIN STDOUT INTERRUPT_CHAR
RESET SOFT_RESET DEEP_SLEEP LIGHT_SLEEP WAKE_PIN WDT WDT_FEED TIMER
RTC_GET RTC_SET RTC_MEMORY_READ RTC_MEMORY_WRITE
FLASH_PROGRAM FLASH_ERASE NVS_GET NVS_SET NVS_ERASE NVS_COMMIT
PIN_INIT PIN_GET PIN_SET PIN_IRQ PIN_HOLD ADC
I2C_INIT I2C_WRITE I2C_READ I2C_WRITE_READ I2C_SCAN SPI_TRANSFER
UART_INIT UART_DEINIT UART_ANY UART_READ UART_READLINE UART_WRITE UART_FLUSH UART_TXDONE
OW_RESET OW_READ OW_WRITE INSTALLED BOOTLOADER SPI_INIT FILE_TIME
"""
OPS: dict[str, int] = {name: number for number, name in enumerate(_NAMES.split())}


class Request(NamedTuple):
    """One request of the board."""

    op: int
    sequence: int
    spent_us: int
    a: int
    b: int
    data: bytes


class Answer(NamedTuple):
    """What a request yields: a number, bytes, and how long (µs) the board was busy with it."""

    a: int = 0
    data: bytes = b""
    cost_us: int = 0
    status: int = STATUS_OK


class DeviceError(Exception):
    """The request fails with this errno in MicroPython's OSError."""

    def __init__(self, errno: int, cost_us: int = 0, status: int = STATUS_ERRNO):
        super().__init__(errno)
        self.errno = errno
        self.cost_us = cost_us
        self.status = status


def parse_request(message: bytes) -> Request:
    """Take a message from the bus apart."""
    op, _, sequence, spent_us, a, b = REQUEST.unpack_from(message)
    return Request(op, sequence, spent_us, a, b, message[REQUEST.size :])


def build_reply(answer: Answer, sequence: int, events: bool, uptime_us: int) -> bytes:
    """The message for an answer; `uptime_us` counts from boot."""
    uptime_ms, rest = divmod(uptime_us, 1000)
    head = REPLY.pack(
        answer.status, events, sequence, answer.a, uptime_ms & TICKS_MASK, uptime_us & TICKS_MASK, rest
    )
    return head + answer.data
