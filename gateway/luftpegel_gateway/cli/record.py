"""The verb `record`: what came in, as a recording that the source `replay` plays. docs/sources.md.

It streams, so its memory does not depend on how much there is, and it works while the gateway runs.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from luftpegel_gateway.cli import moments
from luftpegel_gateway.cli.output import print_json
from luftpegel_gateway.cli.site import DONE, WRONG_USE, Site
from luftpegel_gateway.journal.port import Reader
from luftpegel_gateway.model.events import Delivery
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.sinks.atomic_file import replacing
from luftpegel_gateway.sources.recording import KIND, line_of
from luftpegel_gateway.words.texts import count_text, tell
from luftpegel_gateway.words.usage import in_german


def record(args: argparse.Namespace, site: Site, language: str) -> int:
    """Write it to a file, or to what follows on the pipe."""
    try:
        since = moments.since(args.since, None) if args.since else None
        until = moments.until(args.until, None) if args.until else None
    except argparse.ArgumentTypeError as error:
        said = in_german(str(error)) if language == "de" else str(error)
        print(f"luftpegel gateway record: {said}", file=sys.stderr)
        return WRONG_USE
    with contextlib.closing(site.open_reader()) as reader:
        lines = _lines(reader, since, until, quarantine=args.quarantine)
        if args.to is None:
            _to_pipe(lines)
            return DONE
        try:
            with replacing(args.to) as stream:
                count = 0
                for line in lines:
                    stream.write(line)
                    count += 1
        except OSError as error:
            raise CannotStart("LP-429", f"{args.to}: {error}") from error
    if args.json:
        print_json(args, {"file": str(args.to), "messages": count})
    else:
        print(tell("recorded", language, str(args.to), count_text(count, language)))
    return DONE


def _lines(reader: Reader, since: int | None, until: int | None, *, quarantine: bool) -> Iterator[bytes]:
    found = _quarantined(reader) if quarantine else reader.messages(since, until)
    for delivery, at in found:
        if delivery.kind != KIND and (since is None or at >= since) and (until is None or at < until):
            yield line_of(delivery, at)


def _quarantined(reader: Reader) -> Iterator[tuple[Delivery, int]]:
    """What came in and could not be used; what a sink refused is no message."""
    for number, _ in reader.numbers():
        entry = reader.entry(number)
        if entry is not None and not entry.sink:
            size = entry.size if entry.size > len(entry.payload) else None
            yield Delivery(entry.source, entry.kind, entry.topic, entry.payload, size), entry.first_at


def _to_pipe(lines: Iterator[bytes]) -> None:
    try:
        for line in lines:
            sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # whoever reads has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", type=Path, metavar="FILE", help="a file (default: what follows on the pipe)")
    parser.add_argument("--since", metavar="DAY", help="from this day (2026-11-01) or time on")
    parser.add_argument("--until", metavar="DAY", help="until the end of this day, or before this time")
    parser.add_argument(
        "--quarantine", action="store_true", help="what lies in quarantine, instead of what was taken"
    )


VERBS = (
    ("record", record, "write the messages that came in as a recording, for the source `replay`", _options),
)
"""(name, function, help, options)"""
