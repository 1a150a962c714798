"""Rate: a change faster than the quantity can (QARTOD test 7; WMO-No. 8, time consistency).

The limit grows with the time that passed, but never beyond the quantity's largest jump: a limit in units a
minute alone allows 20 m of water in ten minutes, and finds nothing.
"""


def is_steep(change: int, elapsed: int, rate: int, jump: int) -> bool:
    """Whether `change` base units within `elapsed` seconds are too many.

    A minute at least is reckoned with: with shorter intervals one step of the wire would look like a jump.
    """
    return abs(change) > min(jump, rate * max(elapsed, 60) // 60)
