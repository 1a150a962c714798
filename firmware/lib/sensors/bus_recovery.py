# Frees an I2C bus on which a chip holds SDA low because it was cut off in the middle of a byte
# (NXP UM10204, section 3.1.16: up to nine clocks until the chip lets go, then a STOP).
# Afterwards construct machine.I2C anew: it takes the pins back.

import time

CLOCKS = 9
HALF_PERIOD_US = 5  # 100 kHz


def recover(scl, sda):
    # scl, sda: machine.Pin. True when both lines are free again.
    scl.init(scl.OPEN_DRAIN, scl.PULL_UP, value=1)
    sda.init(sda.OPEN_DRAIN, sda.PULL_UP, value=1)
    for _ in range(CLOCKS):
        if sda.value():
            break
        _drive(scl, 0)
        _drive(scl, 1)
    _drive(scl, 0)
    _drive(sda, 0)
    _drive(scl, 1)
    _drive(sda, 1)
    return bool(scl.value() and sda.value())


def _drive(pin, level):
    pin.value(level)
    time.sleep_us(HALF_PERIOD_US)
