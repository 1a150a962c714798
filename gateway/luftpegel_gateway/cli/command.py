"""`luftpegel gateway`: run it, check its files, look at its state and into its quarantine.

Every verb takes --config, --lang and --json. Exit codes: 0 done, 1 found a problem, 2 the configuration or
the use is wrong, 3 a part is not installed, 4 partly done.
"""

import argparse
import importlib
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from luftpegel_gateway.cli import (
    again,
    backups,
    basics,
    check,
    commands,
    importing,
    init,
    journal,
    live,
    quarantine,
    record,
    requests,
    station,
)
from luftpegel_gateway.cli.output import complain, print_json, refused
from luftpegel_gateway.cli.site import PROBLEM, WRONG_USE, Site
from luftpegel_gateway.config.files import BadConfig, Config, load, risks
from luftpegel_gateway.config.secrets import HERE, LEFT, READ
from luftpegel_gateway.model.faults import CannotStart, JournalDown, OtherEndDown
from luftpegel_gateway.words.messages import language_of

WITHOUT_STATIONS = (*station.WITHOUT_STATIONS, importing.import_stations)
UNCONFIRMED = (requests.UNCONFIRMED, importing.UNCONFIRMED)
Verb = Callable[[argparse.Namespace, Site, str], int]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verbs and their options."""
    parser.add_argument("--version", action="version", version=f"luftpegel {version('luftpegel')}")
    verbs = parser.add_subparsers(dest="gateway_verb", required=True, metavar="VERB")
    for name, run_verb, text, options in (*basics.VERBS, *check.VERBS):
        options(_verb(verbs, name, run_verb, text))
    init.options(_verb(verbs, "init", None, init.HELP))
    stations = verbs.add_parser("station", help="the stations of stations.toml").add_subparsers(
        dest="station_verb", required=True, metavar="VERB"
    )
    for name, run_verb, text, options in station.VERBS:
        options(_verb(stations, name, run_verb, text))
    beside = (*importing.VERBS, *live.VERBS, *again.VERBS, *backups.VERBS, *commands.VERBS, *record.VERBS)
    for name, run_verb, text, options in beside:
        options(_verb(verbs, name, run_verb, text))
    journals = verbs.add_parser("journal", help="the gateway's own file").add_subparsers(
        dest="journal_verb", required=True, metavar="VERB"
    )
    for name, run_verb, text, options in journal.VERBS:
        options(_verb(journals, name, run_verb, text))
    inner = verbs.add_parser("quarantine", help="frames that could not be used").add_subparsers(
        dest="quarantine_verb", required=True, metavar="VERB"
    )
    for name, run_verb, text, options in (*quarantine.VERBS, *requests.VERBS):
        options(_verb(inner, name, run_verb, text))


def run(args: argparse.Namespace) -> int:
    """Run the chosen verb."""
    language = language_of(args.lang)
    try:
        if args.run_verb is None:  # what `init` writes is not there yet
            checked = argparse.Namespace(**vars(args) | {"run_verb": check.check})
            return init.init(args, language, partial(run, checked))
        config = load(
            args.config,
            may_be_empty=args.run_verb in WITHOUT_STATIONS,
            secrets=_secrets_for(args),
        )
        language = language_of(args.lang or config.language)
        return int(args.run_verb(args, site_of(config, args.config), language))
    except BadConfig as bad:
        for mistake in bad.mistakes:
            complain(mistake.text(language))
        print_json(
            args,
            [{"file": str(found.file), "line": found.line, "code": found.code} for found in bad.mistakes],
        )
        return WRONG_USE
    except (CannotStart, JournalDown, OtherEndDown) as refusal:
        complain(refused(refusal, language))
        return WRONG_USE if refusal.code in UNCONFIRMED else PROBLEM


def _secrets_for(args: argparse.Namespace) -> str:
    """Which secrets a verb needs: what goes to brokers and platforms all; what judges the files, reads frames
    or may ask a network server those in files; anything else none."""
    may_ask = commands.commands, commands.cancel, requests.replay
    if args.run_verb in may_ask or (args.run_verb is check.check and args.no_dial):
        return HERE
    dialling = basics.run, check.check, importing.import_stations, live.live
    return READ if args.run_verb in dialling else LEFT


def site_of(config: Config, file: Path) -> Site:
    """The site of a configuration; `file` is gateway.toml."""
    return Site(
        data=config.data,
        stations=config.stations,
        sources=[part.name for part in config.sources],
        sinks=[part.name for part in config.sinks],
        run=lambda: _app().run(config),
        open_reader=lambda: _app().open_reader(config),
        alone=lambda: _app().alone(config),
        export=lambda to, again, release: _app().export(config, to, again, release),
        config=config,
        risks=list(risks(config)),
        files={"gateway.toml": file, "stations.toml": config.stations_file},
        stores={part.name: part.options["path"] for part in config.sinks if part.options.get("path")},
    )


def _app() -> Any:
    """The whole gateway, imported when a verb needs it."""
    return importlib.import_module("luftpegel_gateway.app")


def _verb(verbs: Any, name: str, run_verb: Verb | None, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + "."
    )
    parser.add_argument(
        "--config", type=Path, default=Path("gateway.toml"), metavar="FILE",
        help="gateway.toml (default: the one in this folder)",
    )
    parser.add_argument(
        "--lang", choices=("de", "en"), help="language of messages (default: the environment's)"
    )
    parser.add_argument("--json", action="store_true", help="answer for machines")
    parser.set_defaults(run_verb=run_verb)
    return parser
