"""The verbs that change the quarantine: `replay` and `discard`.

The running gateway does it, which alone writes its journal; without one, this process does under its lock.
"""

import argparse
import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing

from luftpegel_gateway.cli.output import print_json
from luftpegel_gateway.cli.quarantine import add_filter, chosen
from luftpegel_gateway.cli.site import DONE, PROBLEM, Site
from luftpegel_gateway.control.asking import doer
from luftpegel_gateway.control.protocol import MOST_IDS, Discard, Outcome, Reload, Replay
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.words.texts import count_text, size_text, tell

UNCONFIRMED = "LP-333"
DAY_S = 86400
MOST_DAYS = 36500
YES = ("y", "j")  # yes, ja


def replay(args: argparse.Namespace, site: Site, language: str) -> int:
    """Take entries through the gateway again; stations.toml is read anew before."""
    numbers = list(_chosen(args, site, None))
    outcomes: list[Outcome] = []
    if numbers:
        with doer(site.data, site.alone) as gateway:
            gateway.ask(Reload())
            for part in _parts(numbers, language):
                answer = gateway.ask(Replay(part))
                outcomes += answer.outcomes
                if not args.json:
                    _print_outcomes(answer.outcomes, language)
    elif not args.json:
        print(tell("nothing_chosen", language))
    print_json(args, [{"id": outcome.id, "code": outcome.code or None} for outcome in outcomes])
    return PROBLEM if any(outcome.code for outcome in outcomes) else DONE


def _print_outcomes(outcomes: Sequence[Outcome], language: str) -> None:
    for outcome in outcomes:
        still = f"{tell('still', language)}: {outcome.code} {outcome.detail}".rstrip()
        print(f"{outcome.id:6}  {still if outcome.code else tell('resolved', language)}")


def discard(args: argparse.Namespace, site: Site, language: str) -> int:
    """Remove entries for good, after asking; says how much that freed."""
    before = None if args.older_than is None else int(time.time() - args.older_than * DAY_S)
    entries = _chosen(args, site, before)
    count, size = len(entries), sum(entries.values())
    discarded = 0
    if entries:
        _confirm(args, count, size, language)
        with doer(site.data, site.alone) as gateway:
            for part in _parts(list(entries), language):
                discarded += gateway.ask(Discard(part)).discarded
    if args.json:
        print_json(args, {"discarded": discarded, "bytes": size})
    elif entries:
        print(tell("freed", language, count_text(discarded, language), size_text(size, language)))
    else:
        print(tell("nothing_chosen", language))
    return DONE


def _chosen(args: argparse.Namespace, site: Site, before: int | None) -> dict[int, int]:
    """The entries that are meant, and the bytes of each."""
    with closing(site.open_reader()) as reader:
        fitting = dict(reader.numbers(**chosen(args, site), before=before))
    if unknown := set(args.ids) - set(fitting):
        raise CannotStart("LP-330", ", ".join(map(str, sorted(unknown))))
    return {number: fitting[number] for number in dict.fromkeys(args.ids)} if args.ids else fitting


def _confirm(args: argparse.Namespace, count: int, size: int, language: str) -> None:
    """Ask, unless --yes. CannotStart: nobody is there to answer, or the answer is no."""
    if args.yes:
        return
    counted = count_text(count, language)
    if not args.json and sys.stdin.isatty():
        answer = input(tell("confirm", language, counted, size_text(size, language)))
        if answer.strip().lower().startswith(YES):
            return
    raise CannotStart(UNCONFIRMED, tell("not_confirmed", language, counted))


def _parts(numbers: Sequence[int], language: str) -> Iterator[list[int]]:
    """Requests of a bounded size, with a word on how far it is where there are several."""
    for begin in range(0, len(numbers), MOST_IDS):
        yield list(numbers[begin : begin + MOST_IDS])
        if len(numbers) > MOST_IDS:
            done = min(begin + MOST_IDS, len(numbers))
            told = tell("progress", language, count_text(done, language), count_text(len(numbers), language))
            print(told, file=sys.stderr)


def _options(parser: argparse.ArgumentParser) -> None:
    add_filter(parser)
    parser.add_argument("ids", nargs="*", type=int, metavar="ID", help="only these entries; none: all")


def _discard_options(parser: argparse.ArgumentParser) -> None:
    _options(parser)
    parser.add_argument(
        "--older-than", type=_days, metavar="DAYS", help="only what was last seen so long ago"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _days(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 <= (days := float(text)) <= MOST_DAYS:
            return days
    raise argparse.ArgumentTypeError(f"'{text}' is no number of days from 0 to {MOST_DAYS}")


VERBS = (
    ("replay", replay, "take frames through the gateway again, after the cause is mended", _options),
    ("discard", discard, "remove entries for good", _discard_options),
)
