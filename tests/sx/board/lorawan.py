# Runs on the virtual board: the radio of a board's table with our own MAC, one frame for each line read.
import sys
import time

import machine

from boards import heltec_v3, ttgo_lora32
from lora_radio.board_phy import light_sleep_beside, open_phy
from lora_radio.lorawan_radio import LorawanRadio

BOARDS = {"sx1262": heltec_v3, "sx1276": ttgo_lora32}
QUIET_MS = 100000  # between two frames, so that the duty cycle allows each


class Memory:
    radio = b""

    def keep_radio(self, data):
        self.radio = data


class Storage:
    def __init__(self):
        self.kept = {}

    def read(self, name):
        return self.kept.get(name, 0)

    def write(self, name, value):
        self.kept[name] = value


def now_ms():
    return time.time_ns() // 1000000


print("ready")
kind, how = sys.stdin.readline().split()
lora = BOARDS[kind].LORA
radio = LorawanRadio(
    lambda most, band: open_phy(lora, machine, most, band),
    Storage(),
    Memory(),
    now_ms,
    light_sleep=light_sleep_beside(lora, machine) if how == "light" else None,
)
radio.configure("EU868", bytes(range(8)), bytes(8), bytes(16), 5, False)
print("joined", radio.join())
while sys.stdin.readline().strip():
    radio.rx_offset_us = radio.rx_spread_us = 0
    print("heard", [(one.port, one.payload) for one in radio.send(1, b"up")], radio.rx_offset_us)
    time.sleep_ms(QUIET_MS)
    print("quiet")
radio.sleep()
print("done")
