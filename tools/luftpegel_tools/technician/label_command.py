"""`luftpegel label`: the labels of a town's stations as a PDF."""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from luftpegel_gateway.words.messages import language_of
from luftpegel_tools.technician.label import NO_PROFILE, DeviceLabel, MastLabel, device_label, mast_label
from luftpegel_tools.technician.label_sheet import write_sheet
from luftpegel_tools.technician.ledger import Ledger, ledger_file
from luftpegel_tools.technician.roster import Entry, Roster, read_roster
from luftpegel_tools.technician.words import TroubleError

_SAID = {
    "en": "{out}: {device_labels} for boards, {mast_labels} for masts",
    "de": "{out}: {device_labels} für Platinen, {mast_labels} für Masten",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("stations", nargs="*", metavar="STATION", help="only these (default: all)")
    parser.add_argument(
        "--roster", type=Path, required=True, metavar="TOWN.CSV", help="the table of stations"
    )
    parser.add_argument("--out", type=Path, default=Path("labels.pdf"), metavar="FILE", help="the PDF")
    parser.add_argument(
        "--tape", action="store_true", help="a page each, for a printer of tape (default: A4)"
    )
    parser.add_argument(
        "--pages", type=_pages, metavar="ADDRESS",
        help="where the town's public pages are (https://…): labels for masts, too",
    )  # fmt: skip
    parser.add_argument("--town", default="", metavar="NAME", help="the owner, on the masts' labels")
    parser.add_argument(
        "--profile", type=_profile, default=NO_PROFILE, metavar="HEX",
        help="LoRa Alliance's vendor and profile, 8 hex digits",
    )  # fmt: skip
    parser.add_argument("--lang", choices=("de", "en"), help="of labels and messages (default: yours)")
    parser.add_argument("--json", action="store_true", help="the answer for machines")


def run(args: argparse.Namespace) -> int:
    """Write the labels: 0 done, 1 a file is wrong, 2 no such station."""
    language = language_of(args.lang)
    try:
        roster = read_roster(args.roster)
        roster.require_euis()
        chosen = list(_chosen(roster, args.stations))
        labels = list(_labels(chosen, args, language))
        write_sheet(args.out, labels, tape=args.tape)
        _note(args.roster, chosen, args.out)
    except TroubleError as trouble:
        print(trouble.text(language), file=sys.stderr)
        return 2 if trouble.code == "LP-610" else 1
    except OSError as error:
        print(TroubleError("LP-612", file=args.out, detail=error.strerror).text(language), file=sys.stderr)
        return 1
    told = {
        "out": str(args.out),
        "device_labels": sum(isinstance(label, DeviceLabel) for label in labels),
        "mast_labels": sum(isinstance(label, MastLabel) for label in labels),
    }
    print(json.dumps(told) if args.json else _SAID[language].format_map(told))
    return 0


def _chosen(roster: Roster, names: Sequence[str]) -> Iterator[Entry]:
    for name in names or [entry.station for entry in roster]:
        entry = roster.station(name)
        if entry is None:
            raise TroubleError("LP-610", file=roster.file, got=name)
        yield entry


def _labels(
    entries: Sequence[Entry], args: argparse.Namespace, language: str
) -> Iterator[DeviceLabel | MastLabel]:
    for entry in entries:
        yield device_label(entry, args.profile)
        if args.pages:
            yield mast_label(entry, args.pages, args.town, language)


def _note(roster: Path, entries: Sequence[Entry], out: Path) -> None:
    ledger = Ledger(ledger_file(roster))
    for entry in entries:
        chip = ledger.chip_of(entry.station) or ""
        ledger.write(station=entry.station, dev_eui=entry.dev_eui, chip=chip, step="label", file=out.name)


def _pages(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", text):
        raise argparse.ArgumentTypeError("https://pegel.town.example")
    return text


def _profile(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Fa-f]{8}", text):
        raise argparse.ArgumentTypeError("8 hex digits")
    return text.upper()
