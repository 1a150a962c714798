# Finds resolutions that are coarser than what was asked, and yet exact.

from .errors import WireError
from .readings import STEPS, encode_readings


def encode_listed(channels, rows, limit, steps):
    # encode_readings for rows that can be looked through: in exact steps, unless naming those takes the place
    # of a row that would fit in the steps asked for.
    exact = exact_steps(rows, steps)
    named = (b"", 0) if exact == steps else _tried(channels, rows, limit, exact)
    if not named[1]:
        return encode_readings(channels, iter(rows), limit, steps)
    asked = (b"", 0) if named[1] == len(rows) else _tried(channels, rows, limit, steps)
    return asked if asked[1] > named[1] else named


def _tried(channels, rows, limit, steps):
    try:
        return encode_readings(channels, iter(rows), limit, steps)
    except WireError:
        return b"", 0


def exact_steps(rows, steps):
    # Steps that lose nothing where the sensor's own resolution is coarser than what was asked: a column
    # whose values are all multiples of a larger step is told in that one. rows: those likely to be sent.
    return [_exact_step([row.values[column] for row in rows], step) for column, step in enumerate(steps)]


def _exact_step(values, step):
    divisor = 0
    first = varies = None
    for value in values:
        if value is not None:
            first = value if first is None else first
            varies = varies or value != first
            divisor = _common_divisor(divisor, value)
    fitting = [larger for larger in STEPS if larger > step and divisor % larger == 0]
    return fitting[-1] if varies and fitting else step  # naming a step would not pay for a column at rest


def _common_divisor(a, b):
    while b:
        a, b = b, a % b
    return -a if a < 0 else a
