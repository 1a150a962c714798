"""Child processes that never outlive their parent: the kernel kills them when it dies, however it dies."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import IO

from luftpegel_tools.virtual_time.processor import all_processors

# PR_SET_PDEATHSIG is 1 (prctl(2)); the parent may have died before it was set. Done by a tiny launcher
# because code between fork and exec is unsafe in a process with threads.
_LAUNCHER = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


def start_child(
    command: Sequence[str], output: IO[bytes], environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a program (first word: its full path); `output` gets what it prints.

    `environment` is added to ours, for the program alone and not for the launcher: it may name libraries.
    Call from a thread that lives as long as the child should: its end kills the child too.
    """
    setting = [f"{name}={value}" for name, value in (environment or {}).items()]
    words = ["/usr/bin/env", *setting, *command] if setting else command
    with all_processors():
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def end_child(child: subprocess.Popen[bytes], patience_s: float = 5.0) -> None:
    """Ask it to end, then end it."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(patience_s)
        except subprocess.TimeoutExpired:
            child.kill()
    child.wait()
