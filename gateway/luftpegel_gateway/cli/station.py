"""The verbs of stations.toml: `add`, `rename`, `retire` and `list`.

Each shows the lines that change; the file is judged before it replaces the old one, and a gateway that runs
takes it over at once.
"""

import argparse
import datetime
from collections.abc import Callable
from typing import Any

import msgspec

from luftpegel_gateway.cli.output import complain, print_json
from luftpegel_gateway.cli.site import DONE, WRONG_USE, Site
from luftpegel_gateway.cli.stations_file import edit, tell_gateway
from luftpegel_gateway.config import editing
from luftpegel_gateway.config.stations import OPTIONS
from luftpegel_gateway.config.wrong import Wrong
from luftpegel_gateway.directory.naming import meant, named
from luftpegel_gateway.page.layout import name_of_station
from luftpegel_gateway.words.messages import say
from luftpegel_gateway.words.texts import tell

# Option of `add` -> key in stations.toml
KEYS = ("id", "tenant", "dev_eui", "name", "kind", "interval_s", "latitude", "longitude")


def add(args: argparse.Namespace, site: Site, language: str) -> int:
    """One station more, at the end of the file."""
    values = {key: found for key in KEYS if (found := getattr(args, key)) not in (None, "")}
    for key, value in values.items():
        try:
            OPTIONS[key].read(value, site.config.stations_file.parent)
        except Wrong as wrong:
            option = key.upper() if key == "id" else f"--{key.replace('_', '-')}"
            complain(say(wrong.code, language, key=option, **wrong.words))
            return WRONG_USE
    return _edit(args, site, language, lambda text: editing.add(text, values))


def rename(args: argparse.Namespace, site: Site, language: str) -> int:
    """Another id for people; its readings stay where they are."""
    tenant, name = _meant(args, site)
    return _edit(args, site, language, lambda text: editing.rename(text, tenant, name, args.new))


def retire(args: argparse.Namespace, site: Site, language: str) -> int:
    """Nobody waits for it any more; it stays readable."""
    tenant, name = _meant(args, site)
    return _edit(args, site, language, lambda text: editing.retire(text, tenant, name, args.on))


def list_stations(args: argparse.Namespace, site: Site, language: str) -> int:
    """All of them, one a line."""
    if args.json:
        print_json(args, msgspec.to_builtins(list(site.stations)))
        return DONE
    for station in site.stations:
        more = [tell("kept_as", language, station.id)] if station.renamed else []
        more += [tell("retired_on", language, station.retired)] if station.retired else []
        told = f"  ({', '.join(more)})" if more else ""
        print(f"{name_of_station(station):16} {station.dev_eui}  {station.kind:8} {station.name}{told}")
    return DONE


def _meant(args: argparse.Namespace, site: Site) -> tuple[str, str]:
    """Tenant and present id of the station that is meant. CannotStart LP-270, LP-550, LP-551."""
    word = f"{args.tenant}/{args.id}" if args.tenant and "/" not in args.id else args.id
    found = meant(word, named(site.stations).values())
    return found.key[0], found.label


def _edit(args: argparse.Namespace, site: Site, language: str, change: Callable[[str], str]) -> int:
    """Change the file: show it, judge it, replace it, tell the gateway."""
    edited = edit(site, change, dry_run=args.dry_run)
    if args.json:
        print_json(args, {"changed": edited.old is not None, "difference": edited.difference})
        if edited.old is not None:
            tell_gateway(site, language)
        return DONE
    print("\n".join(edited.difference) or tell("no_change", language))
    if edited.old is not None:
        print(tell("changed", language, site.config.stations_file.resolve().name, edited.old.name))
        print(tell_gateway(site, language))
    elif args.dry_run:
        print(tell("not_changed", language))
    return DONE


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no day like 2026-11-26") from error


def _id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="the station's id")
    parser.add_argument("--tenant", default="", help="whose station it is, where there are tenants")
    parser.add_argument("--dry-run", action="store_true", help="show what would change, write nothing")


def _add_options(parser: argparse.ArgumentParser) -> None:
    _id(parser)
    parser.add_argument("--dev-eui", required=True, metavar="HEX", help="its DevEUI, 16 hexadecimal digits")
    parser.add_argument("--name", required=True, help="what people call it")
    parser.add_argument("--kind", required=True, choices=("climate", "air", "level"))
    parser.add_argument("--interval-s", type=int, metavar="S", help="seconds between its readings")
    parser.add_argument("--latitude", type=float, metavar="DEGREES")
    parser.add_argument("--longitude", type=float, metavar="DEGREES")


def _rename_options(parser: argparse.ArgumentParser) -> None:
    _id(parser)
    parser.add_argument("new", metavar="NEW", help="its id from now on")


def _retire_options(parser: argparse.ArgumentParser) -> None:
    _id(parser)
    today = datetime.datetime.now(datetime.UTC).date()
    parser.add_argument("--on", type=_day, default=today, metavar="DAY", help="since when (default: today)")


def _no_options(_parser: argparse.ArgumentParser) -> None:
    """None besides those of all verbs."""


VERBS: tuple[tuple[str, Any, str, Any], ...] = (
    ("add", add, "enter a station", _add_options),
    ("rename", rename, "give a station another id; its history stays with it", _rename_options),
    ("retire", retire, "wait for a station no more; what it measured stays readable", _retire_options),
    ("list", list_stations, "all stations", _no_options),
)
WITHOUT_STATIONS = (add, list_stations)  # verbs that work before there is a station
