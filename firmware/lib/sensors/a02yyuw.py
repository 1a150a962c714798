# DFRobot A02YYUW (SEN0311) and its sisters on the same frame: distance by ultrasound, UART, 9600 baud.
# Source: product wiki SEN0311 (FF, high, low, sum; a frame every 100 to 300 ms; 3 to 450 cm).
# The sensor talks without being asked. What waited in the receive buffer is old and thrown away; the value is
# the median of the frames that follow, so that an echo from a passing bird does not become a flood.
# A frozen sensor looks like still water here: only a check for flat lines downstream can tell.

import time

from sensors import SENTINEL, SensorFault
from sensors.uart import Tally, waiting

HEADER = 0xFF
FRAME_BYTES = 4
FRAMES_WANTED = 7
FRAMES_NEEDED = 5
DEADLINE_MS = 3000
POLL_MS = 20
SHORTEST, LONGEST = 31, 4500  # mm; below is the blind zone, above FFFD (no object) and FFFE (interference)


def split(data):
    # Bytes -> (distances of the sound frames in mm, the rest that may become a frame).
    distances = []
    at = 0
    while len(data) - at >= FRAME_BYTES:
        if data[at] == HEADER and sum(data[at : at + 3]) & 0xFF == data[at + 3]:
            distances.append(data[at + 1] << 8 | data[at + 2])
            at += FRAME_BYTES
        else:
            at += 1
    return distances, data[at:]


def median(values):
    # The middle one; of an even number the lower of the two, because it was really measured.
    return sorted(values)[(len(values) - 1) // 2]


class A02YYUW:
    MEASURES = ("distance",)
    BUS = "uart"
    BAUD = 9600
    WARM_UP_MS = 500

    def __init__(self, bus):
        self._uart = bus

    def start(self):
        pass

    def measure(self):
        tally = Tally()
        good = []
        rejected = 0
        rest = b""
        deadline = time.ticks_add(time.ticks_ms(), DEADLINE_MS)
        waiting(self._uart)
        while len(good) < FRAMES_WANTED and time.ticks_diff(deadline, time.ticks_ms()) > 0:
            time.sleep_ms(POLL_MS)
            data = waiting(self._uart)
            tally.add(data)
            distances, rest = split(rest + data)
            for distance in distances:
                if SHORTEST <= distance <= LONGEST:
                    good.append(distance)
                else:
                    rejected += 1
        if len(good) >= FRAMES_NEEDED:
            return (median(good),)
        if rejected:
            raise SensorFault(SENTINEL, "A02YYUW", "sees no target ({} frames)".format(rejected))
        raise tally.fault("A02YYUW")

    def stop(self):
        pass
