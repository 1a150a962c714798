"""The gateway, whole, whose wall clock jumps: `jumping_gateway.py FILE ...`, as many seconds as FILE says.

What counts seconds (monotonic) goes on as ever, as on any machine whose clock is set. libfaketime would do it
from outside, but its sleep until a moment (clock_nanosleep, TIMER_ABSTIME) fails behind a jump (EINVAL): no
machine's does.
"""

import sys
import time
from pathlib import Path

AHEAD = Path(sys.argv[1])
_real = time.time


def jumped():
    """Unix seconds, as a clock says that somebody set."""
    return _real() + float(AHEAD.read_text())


time.time = jumped  # before anything keeps it
time.time_ns = lambda: int(jumped() * 1e9)

from luftpegel_tools.cli import main  # noqa: E402

sys.exit(main(["gateway", "run", *sys.argv[2:]]))
