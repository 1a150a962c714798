"""`luftpegel flash`: MicroPython, firmware and keys onto the boards of a roster, many at once.

Exit codes: 0 all is well, 1 every board has a fault or a file is wrong, 2 no such station, 3 no board or no
MicroPython, 4 some boards are done, others not.
"""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from luftpegel_gateway.words.messages import language_of
from luftpegel_tools.image.firmware_image import ImageError
from luftpegel_tools.station_files.station_file import StationFileError
from luftpegel_tools.technician.flashing.assignment import Assigner
from luftpegel_tools.technician.flashing.job import Job
from luftpegel_tools.technician.flashing.micropython import MicroPythonFolder
from luftpegel_tools.technician.flashing.one_board import ChipsAtWork, Outcome, Workshop
from luftpegel_tools.technician.flashing.progress import display
from luftpegel_tools.technician.flashing.supplies import Supplies
from luftpegel_tools.technician.keys import Keys, keys_file
from luftpegel_tools.technician.ledger import Ledger, ledger_file
from luftpegel_tools.technician.roster import read_roster
from luftpegel_tools.technician.words import TroubleError

BAUDS = (115200, 230400, 460800, 921600)
_EXIT = {"LP-610": 2, "LP-620": 3, "LP-625": 3, "LP-626": 3, "LP-627": 3, "LP-637": 3}
DONE, PROBLEM, PARTLY = 0, 1, 4


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("stations", nargs="*", metavar="STATION", help="only these (default: all of the roster)")
    add("--roster", type=Path, required=True, metavar="TOWN.CSV", help="the table of stations")
    add("--micropython", type=Path, required=True, metavar="DIR", help="folder with micropython.toml")
    add("--ports", action="append", default=[], metavar="WHERE",
        help="hub:3-2, 3-2.1, a folder as /dev/serial/by-path, or a port (default: all on USB)")  # fmt: skip
    add("--at-once", type=int, choices=range(1, 33), default=8, metavar="N", help="boards at a time (8)")
    add("--resume", action="store_true", help="leave boards alone that have passed before")
    add("--once", action="store_true", help="only boards that are plugged in now; do not wait for others")
    add("--replace", action="append", default=[], metavar="STATION", help="give this station a new board")
    add("--erase", action="store_true", help="write everything anew, also where MicroPython runs")
    add("--baud", type=int, choices=BAUDS, default=921600, help="while writing (921600)")
    add("--blink", type=int, default=120, metavar="S", help="seconds that a board blinks its number (120)")
    add("--lang", choices=("de", "en"), help="of messages (default: yours)")
    add("--quiet", action="store_true", help="only faults")
    add("--json", action="store_true", help="a JSON object a line, for machines")


def run(args: argparse.Namespace) -> int:
    """Work until all is done, or Ctrl-C."""
    language = language_of(args.lang)
    try:
        return _run(args, language)
    except TroubleError as trouble:
        print(trouble.text(language), file=sys.stderr)
        return _EXIT.get(trouble.code, PROBLEM)
    except (StationFileError, ImageError) as error:
        print(error, file=sys.stderr)
        return PROBLEM


def _run(args: argparse.Namespace, language: str) -> int:
    shop = _workshop(args, language)
    shown = display(language, as_json=args.json, quiet=args.quiet)
    job = Job(shop, args.ports, shown, at_once=args.at_once, once=args.once)
    shown.plan(len(shop.assigner.chosen), len(job.open()), args.at_once)
    with _Stop(job) as stop:
        outcomes = job.run()
    if not outcomes and not stop.asked:
        shown.close(_counts(outcomes, job), stopped=False)
        raise TroubleError("LP-620", detail=", ".join(args.ports) or "USB")
    shown.close(_counts(outcomes, job), stopped=stop.asked)
    return _exit_code(outcomes, unfinished=stop.asked and bool(job.open()))


def _workshop(args: argparse.Namespace, language: str) -> Workshop:
    """Everything that is needed, looked at before a board is."""
    roster = read_roster(args.roster)
    roster.require_euis()
    ledger = Ledger(ledger_file(args.roster))
    assigner = Assigner(ledger, roster, args.stations, args.replace)
    supplies = Supplies(MicroPythonFolder(args.micropython), Keys(keys_file(args.roster)), language)
    supplies.check(assigner.chosen)
    return Workshop(supplies, ledger, assigner, ChipsAtWork(), args.baud, args.erase, args.resume, args.blink)


class _Stop:
    """Ctrl-C: the first lets the boards at work be finished, the second ends at once, which is safe too."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._before: dict[signal.Signals, Any] = {}
        self.asked = False

    def __enter__(self) -> "_Stop":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._heard)
        return self

    def __exit__(self, *_raised: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _heard(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise SystemExit(PARTLY)
        self.asked = True
        self._job.stop()


def _last(outcomes: list[Outcome]) -> list[Outcome]:
    """The last of each board, or of each place where no board was found."""
    last = {outcome.chip or outcome.place: outcome for outcome in outcomes}
    return list(last.values())


def _counts(outcomes: list[Outcome], job: Job) -> dict[str, int]:
    last = _last(outcomes)
    failed = sum(outcome.trouble is not None for outcome in last)
    return {"done": len(last) - failed, "failed": failed, "open": len(job.open())}


def _exit_code(outcomes: list[Outcome], *, unfinished: bool) -> int:
    bad = [outcome.trouble is not None for outcome in _last(outcomes)]
    if not any(bad) and not unfinished:
        return DONE
    return PARTLY if unfinished or not all(bad) else PROBLEM
