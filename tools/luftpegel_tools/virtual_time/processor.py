"""Which processor the host's thread runs on, because handing over between processors is what costs.

Of a host and its boards exactly one computes at any moment, and each request of a board is two hand-overs.
Between two processes on one processor that is a switch of context; between processors it is an interrupt
and a wake-up, many times as dear, most of all in a virtual machine. So a host that drives boards keeps
itself, and with it all that it starts, on the processor where it is.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

_libc = ctypes.CDLL(None)


def _bind(processors: set[int], pid: int = 0) -> None:
    try:
        os.sched_setaffinity(pid, processors)
    except OSError:
        return  # a sandbox forbids it: then it takes longer, and that is all


@contextmanager
def one_processor() -> Iterator[None]:
    """The calling thread, and what it starts meanwhile, stay on the processor where it runs."""
    allowed = os.sched_getaffinity(0)
    here = _libc.sched_getcpu()
    if len(allowed) < 2 or here not in allowed:
        yield
        return
    _bind({here})
    try:
        yield
    finally:
        _bind(allowed)


@contextmanager
def all_processors() -> Iterator[None]:
    """What the calling thread starts meanwhile may run anywhere: programs that compute beside the boards."""
    bound = os.sched_getaffinity(0)
    _bind(set(range(os.cpu_count() or 1)))
    try:
        yield
    finally:
        _bind(bound)


def follow(pid: int) -> None:
    """Let a process, which somebody else has started, run where the calling thread may."""
    _bind(os.sched_getaffinity(0), pid)
