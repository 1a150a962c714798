"""`luftpegel export`: data out of the gateway's store, as CSV, JSON lines, Parquet or ZRXP. docs/export.md.

It streams, so its memory does not depend on how much there is, and it works while the gateway runs.
"""

import argparse
import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

from luftpegel_gateway.cli import moments
from luftpegel_gateway.cli.output import print_json, refused
from luftpegel_gateway.cli.progress import Progress
from luftpegel_gateway.cli.site import DONE, PROBLEM, WRONG_USE
from luftpegel_gateway.config.files import ALL, BadConfig, Config, load
from luftpegel_gateway.config.secrets import LEFT
from luftpegel_gateway.directory.naming import meant, named, nearest
from luftpegel_gateway.model.faults import CannotStart, JournalDown
from luftpegel_gateway.model.quantities import name_of
from luftpegel_gateway.model.quantities import named as quantity_named
from luftpegel_gateway.model.quantities import names as quantity_names
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sinks import format_csv, format_json, format_parquet, format_zrxp, store
from luftpegel_gateway.sinks.atomic_file import replacing
from luftpegel_gateway.sinks.local_days import without_summer_time
from luftpegel_gateway.sinks.store_reader import Series, StoreReader
from luftpegel_gateway.sinks.value_rows import Row
from luftpegel_gateway.words.messages import language_of
from luftpegel_gateway.words.texts import tell
from luftpegel_gateway.words.usage import in_german

FORMATS: Mapping[str, ModuleType] = {
    "csv": format_csv,
    "jsonl": format_json,
    "parquet": format_parquet,
    "zrxp": format_zrxp,
}

NO_JOURNAL = "LP-331"
# What was asked for is nobody's: wrong use.
UNKNOWN = ("LP-270", "LP-368", "LP-550", "LP-551", "LP-552", "LP-554")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    place = parser.add_argument_group("what from where")
    place.add_argument("--config", type=Path, default=Path("gateway.toml"), metavar="FILE",
                       help="gateway.toml, for store and names (default: that in this folder)")  # fmt: skip
    place.add_argument("--store", type=Path, metavar="FILE", help="a store's file, instead of --config")
    place.add_argument("--station", action="append", default=[], metavar="ID",
                       help="only this; may be repeated")  # fmt: skip
    place.add_argument("--tenant", metavar="ID", help="only what is this tenant's, out of its store")
    place.add_argument("--quantity", action="append", default=[], metavar="NAME",
                       help="only this, as level or temperature-2; may be repeated")  # fmt: skip
    place.add_argument("--since", metavar="DAY", help="from this day (2026-11-01) or time on")
    place.add_argument("--until", metavar="DAY", help="until the end of this day, or before this time")
    how = parser.add_argument_group("how and where to")
    how.add_argument("--format", choices=FORMATS, default="csv")
    how.add_argument("--to", type=Path, metavar="FILE", help="a file (default: what follows on the pipe)")
    how.add_argument("--timezone", type=moments.zone_of, metavar="ZONE",
                     help="of days and times, as Europe/Berlin (default: this machine's)")  # fmt: skip
    how.add_argument("--decimal", choices=(".", ","), default=".", help="decimal sign of CSV (default: .)")
    how.add_argument("--lang", choices=("de", "en"), help="language of messages (default: the environment's)")
    how.add_argument("--json", action="store_true", help="mistakes in gateway.toml for machines")


def run(args: argparse.Namespace) -> int:
    """Export. 0: done; 1: the store or the output cannot be used; 2: wrong use."""
    language = language_of(args.lang)
    try:
        since = moments.since(args.since, args.timezone) if args.since else None
        until = moments.until(args.until, args.timezone) if args.until else None
        if args.format == "parquet" and args.to is None and sys.stdout.isatty():
            raise argparse.ArgumentTypeError("Parquet is nothing for a terminal: give --to FILE")
        return _export(args, language, since, until)
    except argparse.ArgumentTypeError as error:
        said = in_german(str(error)) if language == "de" else str(error)
        print(f"luftpegel export: {said}", file=sys.stderr)
    except BadConfig as bad:
        for mistake in bad.mistakes:
            print(mistake.text(language), file=sys.stderr)
        print_json(args, [{"file": str(m.file), "line": m.line, "code": m.code} for m in bad.mistakes])
    except (CannotStart, JournalDown) as refusal:
        print(refused(refusal, language), file=sys.stderr)
        return WRONG_USE if refusal.code in UNKNOWN else PROBLEM
    return WRONG_USE


def _export(args: argparse.Namespace, language: str, since: int | None, until: int | None) -> int:
    config = None if args.store else load(args.config, secrets=LEFT)
    if config and args.tenant is not None and args.tenant not in config.tenants:
        raise CannotStart("LP-368", args.tenant, value=args.tenant)
    file = args.store if config is None else _store_of(config, args.tenant)
    stations = config.stations if config else ()
    names = {(one.tenant, one.id): one.name for one in stations}
    if args.format == "parquet":
        format_parquet.need()
    if args.to is not None and args.to.resolve() == file.resolve():
        raise argparse.ArgumentTypeError(tell("to_is_store", language))
    with contextlib.ExitStack() as stack:
        there = config is None or file.exists() or not _is_new(config)
        reader = stack.enter_context(contextlib.closing(StoreReader(file))) if there else None
        chosen = _chosen(reader.series() if reader else (), stations, args)
        if not chosen:
            print(tell("nothing_stored", language), file=sys.stderr)
        progress = stack.enter_context(Progress(language))
        every = [partial(reader.rows, one, since, until, names) for one in chosen] if reader else []
        rows = _rows(iter(every), len(every), progress)
        zone = args.timezone or datetime.now(UTC).astimezone().tzinfo or UTC
        try:
            with _output(args.to) as stream:
                _write(FORMATS[args.format], stream, rows, zone, args)
        except BrokenPipeError:  # whoever reads has enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            raise CannotStart("LP-429", f"{args.to or 'stdout'}: {error}") from error
    return DONE


def _is_new(config: Config) -> bool:
    """Whether this gateway has taken no frame yet, and its store may be missing. CannotStart, JournalDown."""
    app = importlib.import_module("luftpegel_gateway.app")
    try:
        with contextlib.closing(app.open_reader(config)) as reader:
            return int(reader.account(()).frames) == 0
    except CannotStart as refusal:
        if refusal.code == NO_JOURNAL:
            return True
        raise


def _write(
    form: ModuleType, stream: BinaryIO, rows: Iterator[Row], zone: tzinfo, args: argparse.Namespace
) -> None:
    if form is format_zrxp:
        zone = without_summer_time(zone)
    form.write(stream, rows, zone, args.decimal)


def _store_of(config: Config, tenant: str | None) -> Path:
    """The first store of a configuration, or a tenant's.

    CannotStart LP-428: there is none; LP-554: stores of several tenants, and nobody said whose.
    """
    stores = [part for part in config.sinks if part.kind == store.KIND]
    serving = [part for part in stores if tenant is None or part.tenant in (tenant, ALL)]
    if tenant is None and len({part.tenant for part in serving}) > 1 and serving[0].tenant != ALL:
        raise CannotStart("LP-554", ", ".join(part.tenant for part in serving if part.tenant))
    if not serving:
        whose = f", tenant = \"{tenant}\"" if tenant else ""
        raise CannotStart("LP-428", f"gateway.toml: [[sink]] kind = \"store\"{whose}?")
    return store.files(serving[0].options, serving[0].name, config.data)[0][1]


def _chosen(
    found: Sequence[Series], stations: Sequence[Station], args: argparse.Namespace
) -> list[Series]:
    """The series that are asked for.

    CannotStart: nobody has such a station (LP-270, LP-550, LP-551) or such a quantity (LP-552). One that is
    known and has no values yet is no mistake.
    """
    found = [one for one in found if args.tenant in (None, one.tenant)]
    stations = [one for one in stations if args.tenant in (None, one.tenant)]
    known = named(stations, {(one.tenant, one.station) for one in found}).values()
    keys = {meant(word, known).key for word in args.station}
    measured = {name_of(one.channel) for one in found}
    for word in args.quantity:
        if word not in measured and quantity_named(word) is None:
            every = sorted({*measured, *quantity_names()})
            near = nearest(word, every) or ", ".join(sorted(measured) or every)
            raise CannotStart("LP-552", word, near=near)
    return [
        one
        for one in found
        if (not keys or (one.tenant, one.station) in keys)
        and (not args.quantity or name_of(one.channel) in args.quantity)
    ]


def _rows(every: Iterator[Callable[[], Iterator[Row]]], number: int, progress: Progress) -> Iterator[Row]:
    """The rows of each of a number of series."""
    count = 0
    for place, rows in enumerate(every):
        for row in rows():
            count += 1
            yield row
            if count % 1000 == 0:
                progress.show(place / number, count)


@contextlib.contextmanager
def _output(to: Path | None) -> Iterator[BinaryIO]:
    """Where the data go: a file that is there whole or not at all, a device or pipe as it is, or stdout."""
    if to is not None and to.exists() and not to.is_file():  # never replaced: root would lose /dev/null
        with to.open("wb") as stream:
            yield stream
        return
    if to is not None:
        with replacing(to) as stream:
            yield stream
        return
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()
