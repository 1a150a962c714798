"""What Linux tells of a process and its children: processor time, largest memory; on which core they run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PROC = Path("/proc")
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_USER, _SYSTEM, _PARENT = 11, 12, 1  # fields of /proc/PID/stat behind the name (proc(5))


def cores() -> tuple[int, int]:
    """(core of the process under test, core of load generator and broker); one core is both if need be."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[-1], allowed[0]


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """The calling thread, and threads that it starts meanwhile, stay on `core`."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def pin(pid: int, core: int) -> None:
    """Keep a process that has just been started on `core`, with all that it will start."""
    os.sched_setaffinity(pid, {core})


def family(pid: int) -> list[int]:
    """The process and all its living descendants."""
    children: dict[int, list[int]] = {}
    for path in _PROC.glob("[0-9]*/stat"):
        with suppress(OSError):
            children.setdefault(int(_stat(int(path.parent.name))[_PARENT]), []).append(int(path.parent.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting.extend(children.get(found[-1], ()))
    return found


def cpu_seconds(pid: int) -> float:
    """Processor time, user and system, of the process and its living descendants so far."""
    total = 0.0
    for member in family(pid):
        with suppress(OSError):
            fields = _stat(member)
            total += (int(fields[_USER]) + int(fields[_SYSTEM])) * _TICK_S
    return total


def peak_mib(pid: int) -> float:
    """Largest resident memory so far (VmHWM), summed over the process and its living descendants, in MiB."""
    total = 0
    for member in family(pid):
        with suppress(OSError):
            for line in (_PROC / str(member) / "status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    total += int(line.split()[1])
    return total / 1024


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name, which may itself hold spaces and brackets."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
