"""Where the gateway's time goes under a load: `python -m luftpegel_tools.figures.gateway.profile`.

For developers: figures come from `make bench`, since a profiler slows what it looks at, small functions most.
"""

import argparse
import pstats
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from luftpegel_tools.figures.gateway import LARGE, load_of
from luftpegel_tools.figures.gateway.load import Shape
from luftpegel_tools.figures.gateway.luftpegel import Luftpegel
from luftpegel_tools.figures.gateway.runs import drain, started
from luftpegel_tools.programs.broker import Broker

_PATIENCE_S = 600.0


class Profiled(Luftpegel):
    """Our gateway under a profiler that writes its sums when the gateway ends."""

    sums: Path

    def command(self) -> list[str]:
        """See `Luftpegel`."""
        python, module_option, _cli, *arguments = super().command()
        return [python, module_option, "luftpegel_tools.figures.gateway.profiled", str(self.sums), *arguments]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the functions that cost most, by their own time."""
    parser = argparse.ArgumentParser(prog="profile", description=__doc__)
    parser.add_argument("--readings", type=int, default=LARGE, help="in each frame, one of them new")
    parser.add_argument("--stations", type=int, default=200)
    parser.add_argument("--frames", type=int, default=3000)
    parser.add_argument("--lines", type=int, default=40)
    parser.add_argument("--sort", choices=["tottime", "cumtime", "ncalls"], default="tottime")
    parser.add_argument("--keep", type=Path, help="keep the sums in this file, for pstats or a viewer")
    args = parser.parse_args(argv)
    load = load_of(Shape(args.readings, args.stations, args.frames))
    with TemporaryDirectory(prefix="luftpegel-profile-") as folder:
        sums = (args.keep or Path(folder) / "sums").absolute()

        def make(place: Path, broker: Broker, core: int) -> Profiled:
            subject = Profiled(place, broker, core, stations=args.stations)
            subject.sums = sums
            return subject

        with started(make, load) as (subject, publisher):
            run = drain(subject, publisher, load, _PATIENCE_S)
            subject.close()
        print(f"{run.frames} frames, {run.cpu_ms:.2f} ms of processor time each, profiler included")
        pstats.Stats(str(sums)).sort_stats(args.sort).print_stats(args.lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
