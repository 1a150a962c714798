"""Polling for a frame's end takes no memory on a board, so no garbage is collected meanwhile."""

import pytest

from luftpegel_tools.figures.small_engine import compiled_package, run

PROBE = """
import gc
import time
from lora_radio.{module} import {name}

class Pin:
    def __init__(self, answers=()):
        self.answers, self.at = answers, 0

    def value(self, level=None):
        if level is not None or not self.answers:
            return 0
        self.at += 1
        return 1 if self.at > 500 else 0

class Spi:
    def __init__(self, flags):
        self.flags = flags

    def write(self, data):
        pass

    def read(self, count):
        return self.flags

phy = {name}(Spi(bytes((0xFF, 0xFF))), Pin(), {pins}, Pin())
phy._tx_end = time.ticks_add(time.ticks_us(), 0)
event = phy._event
taken = [0] * 600
count = 0

def watched():
    global count
    taken[count] = gc.mem_alloc()
    count += 1
    return event()

gc.collect()
gc.disable()
phy._event = watched
phy.transmitted()
print(count, taken[count - 1] - taken[1])
"""
# Driver: module, the pins between CS and reset, of which one tells of an event.
DRIVERS = {"SX1262": ("sx126x", "Pin(), Pin((0, 1))"), "SX1276": ("sx127x", "Pin((0, 1))")}


@pytest.mark.parametrize("name", DRIVERS)
def test_polling_for_the_end_of_a_frame_takes_no_memory(name):
    module, pins = DRIVERS[name]
    with compiled_package("lora_radio") as (folder, _):
        probe = PROBE.format(module=module, name=name, pins=pins)
        looks, taken = map(int, run(folder, probe, 96 * 1024).split())
    assert looks > 400
    assert taken == 0
