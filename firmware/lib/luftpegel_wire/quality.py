# What is known of a cell besides its number: one small integer, the same on the wire, in the drivers and in
# the gateway. From MISSING on there is no number.

OK = 0
SUSPECT = 1  # the sensor doubts it
STALE = 2  # the sensor has not renewed it
FLAT = 3  # has not moved for longer than is natural
CLIPPED = 4  # at the end of the sensor's measuring range
RANGE = 5  # outside what the quantity can plausibly be
RATE = 6  # changed faster than the quantity plausibly can

MISSING = 8  # not sampled
SILENT = 9  # the sensor did not answer
CHECKSUM = 10  # it answered, and the checksum was wrong
SENTINEL = 11  # it sent its error value, its power-on value, or saw no target
BUS = 12  # the bus is stuck
NOT_READY = 13  # it was not ready in time
CONFIG = 14  # it is not the sensor that the configuration names
UNKNOWN = 15  # none of the above
