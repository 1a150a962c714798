"""`luftpegel roster`: check a town's table of stations, give DevEUIs and keys to those that have none; copies
of the keys for a safe."""

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from luftpegel_gateway.config.secrets import read_secret
from luftpegel_gateway.config.wrong import Wrong
from luftpegel_gateway.words.messages import language_of
from luftpegel_tools.technician import keys_export
from luftpegel_tools.technician.keys import Keys, keys_file
from luftpegel_tools.technician.ledger import Ledger, ledger_file
from luftpegel_tools.technician.roster import Roster, fill_euis, read_roster
from luftpegel_tools.technician.words import TroubleError

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for
_SAID = {
    "en": {
        "check": "{file}: {stations} stations, {dev_euis} with a DevEUI, {keys} with a key, {boards} with a board",
        "fill": "{file}: {new_dev_euis} DevEUIs and {new_keys} keys made; the keys lie in {keys_file}: keep a copy of it, under lock.",
        "export-keys": "{to}: {keys} keys, encrypted. Without the passphrase nobody can read it, you neither: keep the two apart.",
        "import-keys": "{keys_file}: {new_keys} keys added, {keys} were there.",
        "ask": "Passphrase: ",
        "again": "The same again: ",
    },
    "de": {
        "check": "{file}: {stations} Stationen, davon {dev_euis} mit DevEUI, {keys} mit Schlüssel, {boards} mit Platine",
        "fill": "{file}: {new_dev_euis} DevEUIs und {new_keys} Schlüssel angelegt; die Schlüssel liegen in {keys_file}: eine Kopie davon verschlossen aufbewahren.",
        "export-keys": "{to}: {keys} Schlüssel, verschlüsselt. Ohne die Passphrase kann es niemand lesen, auch Sie nicht: beide getrennt aufbewahren.",
        "import-keys": "{keys_file}: {new_keys} Schlüssel ergänzt, {keys} waren da.",
        "ask": "Passphrase: ",
        "again": "Noch einmal: ",
    },
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = parser.add_subparsers(dest="roster_verb", required=True, metavar="VERB")
    texts = {
        "check": "say whether the table is sound and what its stations still lack",
        "fill": "give a DevEUI and a key to each station that has none",
        "export-keys": "write all keys into a file encrypted with a passphrase",
        "import-keys": "take keys from such a file; none that is here is replaced",
    }
    for verb, text in texts.items():
        one = verbs.add_parser(verb, help=text, description=text[0].upper() + text[1:] + ".")
        one.add_argument("roster", type=Path, metavar="TOWN.CSV", help="the table of stations")
        one.add_argument("--lang", choices=("de", "en"), help="of messages (default: yours)")
        one.add_argument("--json", action="store_true", help="the answer for machines")
        if verb.endswith("-keys"):
            where = "--to" if verb == "export-keys" else "--from"
            one.add_argument(where, dest="other", type=Path, required=True, metavar="FILE", help="the file")
            places = "a file of mode 0600, env:NAME or credential:NAME (default: asked for)"
            one.add_argument("--passphrase", metavar="WHERE", help=places)


def run(args: argparse.Namespace) -> int:
    """Run the chosen verb: 0 done, 1 something is wrong with the files."""
    language = language_of(args.lang)
    try:
        told = _VERBS[args.roster_verb](args)
    except TroubleError as trouble:
        print(trouble.text(language), file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(told))
    else:
        print(_SAID[language][args.roster_verb].format_map(told))
    return 0


def _check(args: argparse.Namespace) -> dict[str, object]:
    file: Path = args.roster
    roster = read_roster(file)
    keys, ledger = Keys(keys_file(file)), Ledger(ledger_file(file))
    return {
        "file": str(file),
        "stations": len(roster),
        "dev_euis": sum(bool(entry.dev_eui) for entry in roster),
        "keys": sum(keys.of(entry.dev_eui) is not None for entry in roster),
        "boards": sum(ledger.chip_of(entry.station) is not None for entry in roster),
    }


def _fill(args: argparse.Namespace) -> dict[str, object]:
    file: Path = args.roster
    new = fill_euis(file)
    roster: Roster = read_roster(file)
    keys = keys_file(file)
    made = Keys(keys).ensure(*(entry.dev_eui for entry in roster))
    return {"file": str(file), "new_dev_euis": new, "new_keys": made, "keys_file": str(keys)}


def _export(args: argparse.Namespace) -> dict[str, object]:
    read_roster(args.roster)
    keys = Keys(keys_file(args.roster))
    phrase = keys_export.judged(_passphrase(args, again=True))
    keys_export.write(args.other, keys.content(), phrase)
    return {"to": str(args.other), "keys": len(keys)}


def _import(args: argparse.Namespace) -> dict[str, object]:
    read_roster(args.roster)
    others = keys_export.read(args.other, _passphrase(args, again=False))
    keys = Keys(keys_file(args.roster))
    before = len(keys)
    return {"new_keys": keys.take(others, args.other), "keys": before, "keys_file": str(keys.file)}


def _passphrase(args: argparse.Namespace, *, again: bool) -> str:
    """From where it is said to be, else from the terminal, twice for a new one. TroubleError LP-657."""
    said = _SAID[language_of(args.lang)]
    if args.passphrase is not None:
        try:
            return str(read_secret(args.passphrase, Path(), os.environ))
        except Wrong as wrong:
            detail = wrong.words.get("reason", wrong.code)
            raise TroubleError("LP-657", detail=detail, wanted=keys_export.SHORTEST) from None
    if not sys.stdin.isatty():
        raise TroubleError("LP-657", detail="no terminal", wanted=keys_export.SHORTEST)
    typed = getpass.getpass(said["ask"])
    if again and getpass.getpass(said["again"]) != typed:
        raise TroubleError("LP-657", detail="1 ≠ 2", wanted=keys_export.SHORTEST)
    return typed


_VERBS: Mapping[str, Callable[[argparse.Namespace], dict[str, object]]] = {
    "check": _check, "fill": _fill, "export-keys": _export, "import-keys": _import,
}  # fmt: skip
