"""Clock: a later number with a time that is not later is the same sample again, or a clock that went back."""

from collections.abc import Sequence

from luftpegel_gateway.model.readings import Reading


def stands(time: int | None, before: Sequence[Reading]) -> bool:
    """Whether the time (Unix seconds) is not after that of the latest of `before` that has one."""
    if time is None:
        return False
    for reading in reversed(before):
        if reading.time is not None:
            return time <= reading.time
    return False
