"""The verb `replay`: have a sink get readings again that the journal still holds."""

import argparse
from collections.abc import Iterator
from contextlib import closing
from datetime import date

from luftpegel_gateway.cli import moments
from luftpegel_gateway.cli.output import print_json
from luftpegel_gateway.cli.site import DONE, Site
from luftpegel_gateway.control.asking import doer
from luftpegel_gateway.control.protocol import MOST_STATIONS, OfferAgain
from luftpegel_gateway.directory.naming import Key, meant, named
from luftpegel_gateway.journal.port import Offer
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.words.texts import count_text, tell


def replay(args: argparse.Namespace, site: Site, language: str) -> int:
    """Offer the readings to the sink, or with --dry-run say which they would be."""
    if args.to not in site.sinks:
        raise CannotStart("LP-334", args.to)
    with closing(site.open_reader()) as reader:
        known = named(site.stations, reader.states())
        keys = tuple(dict.fromkeys(meant(word, known.values()).key for word in args.station))
        counted = reader.kept(Offer(args.since, args.until, keys))
    if not args.dry_run:
        with doer(site.data, site.alone) as gateway:
            for part in _parts(keys):
                gateway.ask(OfferAgain(args.to, args.since, args.until, part))
    if args.json:
        stations = [
            {"tenant": key[0], "station": key[1], "label": known[key].label, "readings": count}
            for key, count in counted.items()
        ]
        print_json(args, {"sink": args.to, "offered": not args.dry_run, "stations": stations})
        return DONE
    for name, count in sorted((known[key].shown, count) for key, count in counted.items()):
        print(f"{name:24} {count_text(count, language):>12}")
    total = count_text(sum(counted.values()), language)
    print(tell("would_offer" if args.dry_run else "offered", language, total, args.to))
    return DONE


def _parts(keys: tuple[Key, ...]) -> Iterator[tuple[Key, ...]]:
    """Requests of a bounded size; one without a station means all of them. The gateway joins what it is
    asked to offer."""
    yield keys[:MOST_STATIONS]
    for begin in range(MOST_STATIONS, len(keys), MOST_STATIONS):
        yield keys[begin : begin + MOST_STATIONS]


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
