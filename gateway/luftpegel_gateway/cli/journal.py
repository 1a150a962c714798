"""The verb that writes the journal for an earlier gateway: the way back after an update."""

import argparse
from pathlib import Path

import msgspec

from luftpegel_gateway.cli.output import print_json
from luftpegel_gateway.cli.site import DONE, Site
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.words.texts import count_text, tell

OLDEST, OLD = "0.2.0", "0.3.0"


def export(args: argparse.Namespace, site: Site, language: str) -> int:
    """Write it, while no gateway runs; says what an old gateway cannot hold."""
    if unknown := set(args.again) - set(site.sinks):
        raise CannotStart("LP-334", ", ".join(sorted(unknown)))
    to = args.to or site.data / f"journal.sqlite.for-{args.release}"
    told = site.export(to, args.again, args.release)
    if args.json:
        print_json(args, {"file": str(to), **msgspec.to_builtins(told)})
        return DONE
    numbers = (told.frames, told.readings, told.quarantined)
    print(tell("exported", language, str(to), *(count_text(number, language) for number in numbers)))
    if told.left_out:
        print(tell("left_out", language, count_text(told.left_out, language)))
    print(tell("export_next", language, args.release))
    return DONE


def _to_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", type=Path, metavar="FILE", help="where to (default: beside the journal)")
    parser.set_defaults(release=OLD, again=[])


def _options(parser: argparse.ArgumentParser) -> None:
    _to_options(parser)
    parser.set_defaults(release=OLDEST)
    parser.add_argument(
        "--again", action="append", default=[], metavar="SINK",
        help="tell this sink every reading that is here, because its own data were put back too",
    )  # fmt: skip


VERBS = (
    (f"export-{OLDEST}", export,
     f"while no gateway runs, write the journal as one of version {OLDEST} reads it", _options),
    (f"export-{OLD}", export,
     f"while no gateway runs, write the journal as one of version {OLD} reads it", _to_options),
)  # fmt: skip
