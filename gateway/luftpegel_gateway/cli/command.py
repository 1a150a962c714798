"""`luftpegel gateway`: run it, check its files, look at its state and into its quarantine.

Every verb takes --config, --lang and --json. Exit codes: 0 done, 1 found a problem, 2 the configuration is
wrong.
"""

import argparse
import asyncio
import base64
import json
import logging
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from luftpegel_gateway import app, sinks, sources
from luftpegel_gateway.config.files import BadConfig, Config, Part, load
from luftpegel_gateway.journal.sqlite.database import open_for_reading
from luftpegel_gateway.journal.sqlite.journal import Journal
from luftpegel_gateway.journal.sqlite.quarantine import Entry, account, entries, entry
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.views.overview import View, facts_of, views
from luftpegel_gateway.words.messages import language_of, parts_of, say
from luftpegel_gateway.words.texts import duration, moment, percent, tell

DONE, PROBLEM, WRONG_USE = 0, 1, 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verbs and their options."""
    verbs = parser.add_subparsers(dest="gateway_verb", required=True, metavar="VERB")
    _verb(verbs, "run", _run, "run the gateway until it gets SIGTERM or Ctrl-C")
    _verb(verbs, "check", _check, "judge gateway.toml and stations.toml, start nothing")
    _verb(verbs, "status", _status, "stations, completeness, what waits for which sink")
    quarantine = verbs.add_parser("quarantine", help="frames that could not be used")
    inner = quarantine.add_subparsers(dest="quarantine_verb", required=True, metavar="VERB")
    for name, run, text in (
        ("list", _list, "list what is in quarantine"),
        ("replay", _replay, "take frames through the gateway again, after the cause is mended"),
    ):
        verb = _verb(inner, name, run, text)
        verb.add_argument("--code", help="only this code, like LP-320")
        verb.add_argument("--device", metavar="DEV_EUI", help="only this device")
        if name == "replay":
            verb.add_argument("ids", nargs="*", type=int, metavar="ID", help="only these entries; none: all")
    _verb(inner, "show", _show, "show one entry with its raw bytes").add_argument(
        "id", type=int, metavar="ID"
    )


def run(args: argparse.Namespace) -> int:
    """Run the chosen verb."""
    language = language_of(args.lang)
    try:
        return int(args.run_verb(args, load(args.config), language))
    except BadConfig as bad:
        for mistake in bad.mistakes:
            print(mistake.text(language), file=sys.stderr)
        _print_json(
            args,
            [{"file": str(found.file), "line": found.line, "code": found.code} for found in bad.mistakes],
        )
        return WRONG_USE
    except CannotStart as refusal:
        print(say(refusal.code, language, detail=refusal.detail), file=sys.stderr)
    except sqlite3.DatabaseError as error:
        print(say("LP-413", language, detail=str(error)), file=sys.stderr)
    return PROBLEM


def _verb(verbs: Any, name: str, run_verb: Callable[..., int], text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + "."
    )
    parser.add_argument("--config", type=Path, default=Path("gateway.toml"), metavar="FILE")
    parser.add_argument(
        "--lang", choices=("de", "en"), help="language of messages (default: the environment's)"
    )
    parser.add_argument("--json", action="store_true", help="answer for machines")
    parser.set_defaults(run_verb=run_verb)
    return parser


def _print_json(args: argparse.Namespace, answer: object) -> None:
    if args.json:
        print(json.dumps(answer, ensure_ascii=False, indent=2))


class _JsonLines(logging.Formatter):
    """One JSON object a line, for journald and the like."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        line = {"time": record.created, "level": record.levelname.lower(), "message": record.getMessage()}
        return json.dumps(line, ensure_ascii=False)


def _run(args: argparse.Namespace, config: Config, _language: str) -> int:
    handler = logging.StreamHandler()
    plain = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(_JsonLines() if args.json else plain)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    asyncio.run(app.run(config))
    return DONE


def _check(args: argparse.Namespace, config: Config, language: str) -> int:
    unplaced = [
        station.id for station in config.stations if station.latitude is None or station.longitude is None
    ]
    names = [part.name for part in config.sources + config.sinks]
    answer = {
        "stations": len(config.stations),
        "sources": [part.name for part in config.sources],
        "sinks": [part.name for part in config.sinks],
        "without_place": unplaced,
    }
    if args.json:
        _print_json(args, answer)
        return DONE
    counted = f"{len(config.stations)} {tell('stations', language)}"
    print(f" ok    {tell('config_ok', language)}: {counted}, {', '.join(names)}")
    if unplaced:
        print(f" warn  {say('LP-310', language, detail=', '.join(unplaced))}")
    for part, code in _risks(config):
        print(f" warn  {say(code, language, detail=part.name)}")
    return DONE


def _risks(config: Config) -> Iterator[tuple[Part, str]]:
    """What may stand in a [[source]] or [[sink]] but should not: the part and an LP code."""
    modules = [(part, sources.module_of(part.kind)) for part in config.sources]
    modules += [(part, sinks.module_of(part.kind)) for part in config.sinks]
    for part, module in modules:
        if hasattr(module, "warnings"):
            yield from ((part, code) for _, code in module.warnings(part.options))


def _journal(config: Config) -> sqlite3.Connection:
    path = config.data / app.JOURNAL_FILE
    if not path.exists():
        raise CannotStart("LP-331", str(path))
    return open_for_reading(path)


def _status(args: argparse.Namespace, config: Config, language: str) -> int:
    now = int(time.time())
    with closing(_journal(config)) as database:
        counted = account(database, [part.name for part in config.sinks])
        seen = views(database, config.stations)
    quiet = [view for view in seen if view.silent(now)]
    if args.json:
        _print_json(args, asdict(counted) | {"stations": [facts_of(view, now) for view in seen]})
    else:
        for view in seen:
            print(_station_line(view, now, language))
        print(f"{tell('frames', language)}: {counted.frames}")
        for sink, waiting in counted.waiting.items():
            print(f"{tell('waiting', language, sink)}: {waiting}")
        print(f"{tell('quarantined', language)}: {counted.quarantined}")
    return PROBLEM if counted.quarantined or quiet else DONE


def _station_line(view: View, now: int, language: str) -> str:
    state = view.state
    age = (
        tell("never", language)
        if state.taken_at is None
        else tell("ago", language, duration(now - state.taken_at))
    )
    counts = f"{state.received} {tell('received', language)}, {state.missing} {tell('missing', language)}"
    share = percent(state.completeness, language)
    return f"{view.station.id:12} {view.station.name:24} {share:>8}  {counts}, {age}"


def _list(args: argparse.Namespace, config: Config, language: str) -> int:
    with closing(_journal(config)) as database:
        found = entries(database, code=args.code, dev_eui=args.device)
    if args.json:
        _print_json(args, [_facts(item) for item in found])
    elif not found:
        print(tell("nothing", language))
    else:
        for item in found:
            cause, _ = parts_of(item.code, language, detail=item.detail)
            print(
                f"{item.id:6}  {item.code}  {item.times:4}x  {item.station or item.dev_eui or '-':18} {cause}"
            )
    return PROBLEM if found else DONE


def _show(args: argparse.Namespace, config: Config, language: str) -> int:
    with closing(_journal(config)) as database:
        found = entry(database, args.id)
    if found is None:
        raise CannotStart("LP-330", str(args.id))
    if args.json:
        _print_json(args, _facts(found))
        return DONE
    print(say(found.code, language, detail=found.detail))
    for name, value in _facts(found).items():
        print(f"  {name}: {value}")
    return DONE


def _replay(args: argparse.Namespace, config: Config, language: str) -> int:
    with closing(_journal(config)) as database:
        chosen = [item.id for item in entries(database, code=args.code, dev_eui=args.device)]
    if unknown := set(args.ids) - set(chosen):
        raise CannotStart("LP-330", ", ".join(map(str, sorted(unknown))))
    outcomes = []
    with closing(Journal(config.data / app.JOURNAL_FILE, config.stations)) as journal:
        for number in args.ids or chosen:
            fault = journal.replay(number)
            outcomes.append({"id": number, "code": fault.code if fault else None})
            if not args.json:
                told = (
                    tell("resolved", language)
                    if fault is None
                    else f"{tell('still', language)}: {fault.code}"
                )
                print(f"{number:6}  {told}")
    _print_json(args, outcomes)
    return PROBLEM if any(outcome["code"] for outcome in outcomes) else DONE


def _facts(item: Entry) -> dict[str, object]:
    """An entry for machines; the raw message is base64, and text beside it when it is text."""
    facts = asdict(item) | {"payload": base64.b64encode(item.payload).decode()}
    facts |= {name: moment(getattr(item, name), "en") for name in ("first_at", "last_at")}
    return facts
