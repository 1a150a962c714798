"""The verb `replay`: have a sink get readings again that the journal still holds."""

import argparse
from contextlib import closing
from datetime import date

from luftpegel_gateway.cli import moments
from luftpegel_gateway.cli.output import print_json
from luftpegel_gateway.cli.site import DONE, Site
from luftpegel_gateway.control.asking import doer
from luftpegel_gateway.control.protocol import OfferAgain
from luftpegel_gateway.journal.port import Offer
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.words.texts import count_text, tell


def replay(args: argparse.Namespace, site: Site, language: str) -> int:
    """Offer the readings to the sink, or with --dry-run say which they would be."""
    if args.to not in site.sinks:
        raise CannotStart("LP-334", args.to)
    keys = tuple(
        (station.tenant, station.id)
        for station in site.stations
        if station.id in args.station or f"{station.tenant}/{station.id}" in args.station
    )
    if unknown := set(args.station) - {name for key in keys for name in (key[1], "/".join(key))}:
        raise CannotStart("LP-270", ", ".join(sorted(unknown)))
    with closing(site.open_reader()) as reader:
        counted = reader.kept(Offer(args.since, args.until, keys))
    if not args.dry_run:
        with doer(site.data, site.alone) as gateway:
            gateway.ask(OfferAgain(args.to, args.since, args.until, keys))
    if args.json:
        stations = [
            {"tenant": key[0], "station": key[1], "readings": count} for key, count in counted.items()
        ]
        print_json(args, {"sink": args.to, "offered": not args.dry_run, "stations": stations})
        return DONE
    for (tenant, name), count in sorted(counted.items()):
        print(f"{f'{tenant}/{name}' if tenant else name:24} {count_text(count, language):>12}")
    total = count_text(sum(counted.values()), language)
    print(tell("would_offer" if args.dry_run else "offered", language, total, args.to))
    return DONE


def _since(text: str) -> int:
    """The beginning of a day, or a time; without a zone it is this machine's. ArgumentTypeError."""
    return moments.since(text, None)


def _until(text: str) -> int:
    """The last second of a day, which is meant whole, or a time. ArgumentTypeError."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return moments.since(text, None)
    return moments.until(text, None) - 1


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", required=True, metavar="SINK", help="the sink that is to get them")
    parser.add_argument("--since", type=_since, metavar="DATE", help="measured then or later")
    parser.add_argument(
        "--until", type=_until, metavar="DATE", help="measured then or earlier; a day is meant whole"
    )
    parser.add_argument(
        "--station", action="append", default=[], metavar="ID", help="only of this one; more than once: these"
    )
    parser.add_argument("--dry-run", action="store_true", help="say how many there are, and send nothing")


VERBS = (("replay", replay, "send readings again to one sink, from what the journal still holds", _options),)
