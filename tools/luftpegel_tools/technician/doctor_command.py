"""`luftpegel doctor`: what will go wrong, told before it does, one cause and one next step each."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from luftpegel_gateway.words.messages import language_of
from luftpegel_tools.technician.doctor import computer, micropython, town, usb
from luftpegel_tools.technician.doctor.bundle import Packed, pack
from luftpegel_tools.technician.doctor.finding import Finding, well
from luftpegel_tools.technician.words import TroubleError, parts_of

TIME_SERVER = "ptbtime1.ptb.de"  # of Germany's legal time
_FAILED = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--roster", type=Path, metavar="TOWN.CSV", help="look at a town's files, too")
    parser.add_argument(
        "--micropython", type=Path, metavar="DIR", help="folder with MicroPython's files and micropython.toml"
    )
    parser.add_argument(
        "--board",
        action="append",
        metavar="NAME",
        help="board type to have MicroPython for (default: the roster's)",
    )
    parser.add_argument(
        "--time-server",
        default=TIME_SERVER,
        metavar="HOST",
        help="compare the clock with it (default: %(default)s)",
    )
    parser.add_argument("--offline", action="store_true", help="ask nobody on the network")
    parser.add_argument("--bundle", type=Path, metavar="FILE.zip", help="pack all for support, without keys")
    parser.add_argument("--lang", choices=("de", "en"), help="language (default: yours)")
    parser.add_argument("--json", action="store_true", help="the answer for machines")


def run(args: argparse.Namespace) -> int:
    """Look: 0 nothing in the way, 1 something is to be mended first."""
    language = language_of(args.lang)
    findings = examine(args, language)
    failed = sum(finding.state == "fail" for finding in findings)
    report = {
        "versions": computer.versions(),
        "system": {"platform": sys.platform, "python": sys.version},
        "failed": failed,
        "findings": [_plain(finding, language) for finding in findings],
    }
    packed = None
    if args.bundle:
        try:
            packed = pack(args.bundle, report, args.roster)
        except TroubleError as trouble:
            print(trouble.text(language), file=sys.stderr)
            return _FAILED
    if args.json:
        bundle = packed and {"file": str(packed.file), "left_out": packed.left_out}
        print(json.dumps({**report, "bundle": bundle}, ensure_ascii=False, indent=1))
    else:
        _print(findings, failed, packed, language)
    return _FAILED if failed else 0


def examine(args: argparse.Namespace, language: str) -> Sequence[Finding]:
    """All findings, in the order in which work goes."""
    boards = args.board or (town.boards_of(args.roster, language) if args.roster else [])
    boards = [board for board in boards if board in micropython.CHIP_OF] or sorted(micropython.CHIP_OF)
    folder = args.roster.parent if args.roster else Path.cwd()
    return [
        *computer.programs(),
        *usb.look(language, usb.boards()),
        *(micropython.look(args.micropython, boards) if args.micropython else ()),
        *(town.look(args.roster, language) if args.roster else ()),
        *computer.disk(folder if folder.is_dir() else Path.cwd()),
        *computer.clock([args.roster] if args.roster else [], None if args.offline else args.time_server),
    ]


def _print(findings: Sequence[Finding], failed: int, packed: Packed | None, language: str) -> None:
    for finding in findings:
        print("\n".join(_lines(finding, language)))
    print(well("not_ready", language, count=failed) if failed else well("ready", language))
    if packed:
        print(well("bundle", language, file=packed.file))
        if packed.left_out:
            print("  " + well("left_out", language, detail=", ".join(packed.left_out)))


def _lines(finding: Finding, language: str) -> list[str]:
    """As many lines as there are: the state once, what follows set in."""
    if finding.told:
        text = finding.told
    elif finding.code:
        cause, step = parts_of(finding.code, language, **finding.words)
        then = "Nächster Schritt" if language == "de" else "Next step"
        text = f"{finding.code} {cause}\n{then}: {step}"
    else:
        text = well(finding.topic, language, **finding.words)
    first, *others = text.splitlines()
    return [f" {finding.state:5} {first}", *(f"       {line.strip()}" for line in others)]


def _plain(finding: Finding, language: str) -> dict[str, str]:
    """For machines: the state never only as a colour, the text as people have it."""
    text = os.linesep.join(line[7:] for line in _lines(finding, language))
    return {"state": finding.state, "topic": finding.topic, "code": finding.code, "text": text}
