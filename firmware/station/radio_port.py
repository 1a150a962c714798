# Opens the radio that the board's table names, and tells the board's time, which it needs.

import time

import machine
from machine import RTC, UART, Pin


def board_ms():
    # Board time in milliseconds. The seconds of the two readings are reconciled, they may lie on either side
    # of a tick.
    seconds = time.time()
    moment = RTC().datetime()
    return (seconds + (moment[6] - seconds % 60) % 60) * 1000 + moment[7] // 1000


def open_radio(board, cls, storage, memory, light_sleep):
    # -> open radio driver; storage, memory and light_sleep (whether) are for one that keeps its session
    # itself.
    if not hasattr(cls, "BAUD"):
        from lora_radio.board_phy import light_sleep_beside, open_phy

        lora = board.LORA
        sleep = light_sleep_beside(lora, machine) if light_sleep else None
        return cls(
            lambda most, band: open_phy(lora, machine, most, band),
            storage,
            memory,
            board_ms,
            light_sleep=sleep,
        )
    where = board.MODEM
    uart = UART(
        where["id"],
        baudrate=cls.BAUD,
        tx=Pin(where["tx"]),
        rx=Pin(where["rx"]),
        timeout=50,
        rxbuf=cls.RXBUF,
    )
    return cls(uart, Pin(where["reset"], Pin.OUT, value=1))
