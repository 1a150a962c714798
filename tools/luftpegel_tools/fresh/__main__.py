"""`make fresh`: makes the roots, runs the commands, prints a table. Ends with 1 when a command failed."""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from luftpegel_tools.fresh import inside, roots
from luftpegel_tools.programs.debian import MissingProgramError

CHECKOUT = Path(__file__).resolve().parents[3]
COMMANDS = {"demo": ("make", "demo", "ONCE=1"), "test": ("make", "test")}
_SHOWN_OF_A_FAILURE = 40  # lines


@dataclass(frozen=True)
class Outcome:
    """One command in one release: its exit status, seconds, the line that sums it up, and where all is."""

    release: str
    command: str
    status: int
    seconds: float
    last_line: str
    log: Path


def main(argv: list[str] | None = None) -> int:
    """Run what the words ask for."""
    asked = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what runs inside ends with us
    try:
        _check_means()
        outcomes = [one for release in asked.debian for one in _try_release(release, asked)]
    except (roots.FreshError, MissingProgramError) as error:
        print(error, file=sys.stderr)
        return 3
    print(table(outcomes))
    return int(any(one.status for one in outcomes))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make fresh",
        description="Run the README's commands on this checkout's HEAD in fresh minimal Debians.",
    )
    parser.add_argument("--debian", nargs="+", choices=roots.RELEASES, default=list(roots.RELEASES))
    parser.add_argument("--command", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    parser.add_argument("--args", default="", help="handed to the command: --args='-k wire' for pytest")
    parser.add_argument("--keep", action="store_true", help="keep the environment of the run before")
    return parser


def _check_means() -> None:
    if os.geteuid():
        raise roots.FreshError("only root may make a root and enter it. Next: sudo make fresh")
    if subprocess.run(["git", "-C", str(CHECKOUT), "diff", "--quiet", "HEAD"], check=False).returncode:
        print("What is not committed is not tried.", file=sys.stderr)


def _try_release(release: str, asked: argparse.Namespace) -> list[Outcome]:
    with roots.root_of(release) as root:
        inside.clone(CHECKOUT, root, asked.keep)
        return [_try(release, root, command, asked.args) for command in asked.command]


def _try(release: str, root: Path, command: str, more: str) -> Outcome:
    order = [*COMMANDS[command], *([f"ARGS={more}"] if more else [])]
    log = roots.folder_of(release) / f"{command}.log"
    print(f"Debian {release}: {shlex.join(order)} > {log}", flush=True)
    started = time.monotonic()
    status = inside.run(root, order, log)
    lines = log.read_text(errors="replace").strip().splitlines() or ["(it said nothing)"]
    if status:
        print("\n".join(lines[-_SHOWN_OF_A_FAILURE:]))
    return Outcome(release, command, status, time.monotonic() - started, lines[-1], log)


def table(outcomes: list[Outcome]) -> str:
    """A line an outcome."""
    lines = ["", f"{'Debian':8}{'command':9}{'outcome':12}{'min':>6}  last line"]
    for one in outcomes:
        word = "passed" if one.status == 0 else f"failed ({one.status})"
        lines.append(f"{one.release:8}{one.command:9}{word:12}{one.seconds / 60:6.1f}  {one.last_line[:100]}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
