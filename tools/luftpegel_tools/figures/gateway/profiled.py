"""Runs `luftpegel` with a profiler in each of its threads: `python -m ... FILE ARGUMENTS`.

The gateway's work is spread over threads, of which cProfile's own command would see the first only. FILE gets
the sum of all, to be read with `pstats`. Time is processor time: waiting is none.
"""

import cProfile
import pstats
import sys
import threading
import time
from pathlib import Path

from luftpegel_tools.cli import main


def run(file: Path, arguments: list[str]) -> int:
    """The command's exit code; the file is written whichever way it ends."""
    profiles = [cProfile.Profile(time.thread_time)]

    def begin(*_event: object) -> None:
        """The first event in a new thread: from here on the thread's own profiler takes over."""
        profiles.append(cProfile.Profile(time.thread_time))
        profiles[-1].enable()

    threading.setprofile(begin)
    profiles[0].enable()
    try:
        return main(arguments)
    finally:
        profiles[0].disable()
        threading.setprofile(None)
        sums = pstats.Stats(profiles[0])
        for profile in profiles[1:]:
            sums.add(profile)
        sums.dump_stats(file)


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))
