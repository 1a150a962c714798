"""`luftpegel selftest`: whether the board at a port is a station, as lines, a page to print, or JSON.

Exit codes: 0 all is well, 1 something is not, 3 no board answers.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from luftpegel_gateway.words.messages import language_of
from luftpegel_tools.technician.flashing.ports import Port, find
from luftpegel_tools.technician.flashing.prompt import NoPromptError, Prompt, at_prompt
from luftpegel_tools.technician.ledger import Ledger, ledger_file
from luftpegel_tools.technician.selftest import Verdict, failures, run_selftest
from luftpegel_tools.technician.whole_file import write_whole
from luftpegel_tools.technician.words import TroubleError

PATIENCE_S = 20.0
_NO_BOARD = {"LP-620", "LP-621", "LP-622", "LP-630"}
_SAID = {
    "en": {"head": "Self-test of {station}",
           "board": "board {chip}, MicroPython {micropython}, at {place}",
           True: "Passed.", False: "Not passed."},
    "de": {"head": "Selbsttest von {station}",
           "board": "Platine {chip}, MicroPython {micropython}, an {place}",
           True: "Bestanden.", False: "Nicht bestanden."},
}  # fmt: skip
_MARKS = {True: "ok  ", False: "FAIL"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--port", required=True, metavar="WHERE", help="3-2.1, or a port")
    parser.add_argument("--roster", type=Path, metavar="TOWN.CSV", help="note the outcome in its ledger")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the outcome as text, to be printed")
    parser.add_argument("--lang", choices=("de", "en"), help="of messages (default: yours)")
    parser.add_argument("--json", action="store_true", help="the answer for machines")


def run(args: argparse.Namespace) -> int:
    """Test one board."""
    language = language_of(args.lang)
    try:
        told, verdicts = _tested(args.port)
        if args.roster:
            _note(args.roster, told, verdicts)
        page = _page(told, verdicts, language)
        if args.page:
            write_whole(args.page, page.encode("utf-8"))
    except TroubleError as trouble:
        print(trouble.text(language), file=sys.stderr)
        return 3 if trouble.code in _NO_BOARD else 1
    except OSError as error:
        print(TroubleError("LP-612", file=args.page, detail=error.strerror).text(language), file=sys.stderr)
        return 1
    passed = not failures(verdicts)
    rows = [verdict.as_json() for verdict in verdicts]
    print(
        json.dumps({**told, "passed": passed, "verdicts": rows}) if args.json else page, end="\n" * args.json
    )
    return 0 if passed else 1


def _tested(where: str) -> tuple[dict[str, Any], Sequence[Verdict]]:
    found = find([where])
    if not found:
        raise TroubleError("LP-620", detail=where)
    port = found[0]
    try:
        with at_prompt(port.device, PATIENCE_S) as prompt:
            verdicts = run_selftest(prompt)
            return _who(port, prompt, verdicts), verdicts
    except NoPromptError:
        raise TroubleError("LP-622", port=port.place, detail="no prompt") from None


def _who(port: Port, prompt: Prompt, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    firmware = verdicts[0]
    return {
        "place": port.place,
        "chip": prompt.chip,
        "micropython": ".".join(map(str, prompt.version)),
        "station": firmware.values[0] if firmware.ok else None,
    }


def _note(roster: Path, told: dict[str, Any], verdicts: Sequence[Verdict]) -> None:
    ledger = Ledger(ledger_file(roster))
    station = ledger.meant_for(told["chip"])
    if station is None:
        return
    last = ledger.newest(station, "assigned")
    failed = [verdict.name for verdict in failures(verdicts)]
    ledger.write(
        station=station,
        dev_eui=last["dev_eui"] if last else "",
        chip=told["chip"],
        step="selftest",
        outcome="LP-635" if failed else "ok",
        **({"failed": failed} if failed else {}),
    )


def _page(told: dict[str, Any], verdicts: Sequence[Verdict], language: str) -> str:
    words = _SAID[language]
    lines = [
        str(words["head"]).format(station=told["station"] or "?"),
        str(words["board"]).format_map(told),
        *(f" {_MARKS[verdict.ok]} {verdict.name:<20} {_detail(verdict)}".rstrip() for verdict in verdicts),
        str(words[not failures(verdicts)]),
    ]
    return "\n".join(lines) + "\n"


def _detail(verdict: Verdict) -> str:
    return " ".join(part for part in (verdict.code, verdict.why, *verdict.values) if part)
