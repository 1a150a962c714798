"""`luftpegel roster`: check a town's table of stations, give DevEUIs and keys to those that have none."""

import argparse
import json
import sys
from pathlib import Path

from luftpegel_gateway.words.messages import language_of
from luftpegel_tools.technician.keys import Keys, keys_file
from luftpegel_tools.technician.ledger import Ledger, ledger_file
from luftpegel_tools.technician.roster import Roster, fill_euis, read_roster
from luftpegel_tools.technician.words import TroubleError

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for
_SAID = {
    "en": {
        "check": "{file}: {stations} stations, {dev_euis} with a DevEUI, {keys} with a key, {boards} with a board",
        "fill": "{file}: {new_dev_euis} DevEUIs and {new_keys} keys made; the keys lie in {keys_file}: keep a copy of it, under lock.",
    },
    "de": {
        "check": "{file}: {stations} Stationen, davon {dev_euis} mit DevEUI, {keys} mit Schlüssel, {boards} mit Platine",
        "fill": "{file}: {new_dev_euis} DevEUIs und {new_keys} Schlüssel angelegt; die Schlüssel liegen in {keys_file}: eine Kopie davon verschlossen aufbewahren.",
    },
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verbs `check` and `fill`."""
    verbs = parser.add_subparsers(dest="roster_verb", required=True, metavar="VERB")
    texts = {
        "check": "say whether the table is sound and what its stations still lack",
        "fill": "give a DevEUI and a key to each station that has none",
    }
    for verb, text in texts.items():
        one = verbs.add_parser(verb, help=text, description=text[0].upper() + text[1:] + ".")
        one.add_argument("roster", type=Path, metavar="TOWN.CSV", help="the table of stations")
        one.add_argument("--lang", choices=("de", "en"), help="of messages (default: yours)")
        one.add_argument("--json", action="store_true", help="the answer for machines")


def run(args: argparse.Namespace) -> int:
    """Run the chosen verb: 0 done, 1 something is wrong with the files."""
    language = language_of(args.lang)
    try:
        told = _fill(args.roster) if args.roster_verb == "fill" else _check(args.roster)
    except TroubleError as trouble:
        print(trouble.text(language), file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(told))
    else:
        print(_SAID[language][args.roster_verb].format_map(told))
    return 0


def _check(file: Path) -> dict[str, object]:
    roster = read_roster(file)
    keys, ledger = Keys(keys_file(file)), Ledger(ledger_file(file))
    return {
        "file": str(file),
        "stations": len(roster),
        "dev_euis": sum(bool(entry.dev_eui) for entry in roster),
        "keys": sum(keys.of(entry.dev_eui) is not None for entry in roster),
        "boards": sum(ledger.chip_of(entry.station) is not None for entry in roster),
    }


def _fill(file: Path) -> dict[str, object]:
    new = fill_euis(file)
    roster: Roster = read_roster(file)
    keys = keys_file(file)
    made = Keys(keys).ensure(*(entry.dev_eui for entry in roster))
    return {"file": str(file), "new_dev_euis": new, "new_keys": made, "keys_file": str(keys)}
