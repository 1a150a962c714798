"""The verbs that look into the quarantine: `list` by groups or by entries, and `show`."""

import argparse
import base64
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import msgspec

from luftpegel_gateway.cli.output import print_json
from luftpegel_gateway.cli.site import DONE, PROBLEM, Site
from luftpegel_gateway.directory.naming import meant, named
from luftpegel_gateway.journal.port import Entry, Group, Reader
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.words.messages import parts_of, say
from luftpegel_gateway.words.texts import count_text, moment, size_text, tell

LIMIT = 100


def add_filter(parser: argparse.ArgumentParser) -> None:
    """Options that choose entries."""
    parser.add_argument("--code", help="only this code, like LP-320")
    parser.add_argument("--device", metavar="DEV_EUI", type=str.lower, help="only this device")
    parser.add_argument(
        "--station", metavar="STATION", help="only of this station (of a tenant: TENANT/ID)"
    )


def chosen(args: argparse.Namespace, site: Site) -> dict[str, Any]:
    """What these options choose, for the journal's reader. CannotStart LP-270, LP-550, LP-551."""
    station = meant(args.station, named(site.stations).values()).key if args.station else None
    return {"code": args.code, "dev_eui": args.device, "station": station}


def list_entries(args: argparse.Namespace, site: Site, language: str) -> int:
    """What is in quarantine: a line a code and device, or with --all a line an entry, newest last."""
    with closing(site.open_reader()) as reader:
        return _entries(args, site, reader, language) if args.all else _groups(args, site, reader, language)


def _nothing(args: argparse.Namespace, language: str) -> str:
    return tell("nothing_chosen" if args.code or args.device or args.station else "nothing", language)


def _groups(args: argparse.Namespace, site: Site, reader: Reader, language: str) -> int:
    found = reader.groups(**chosen(args, site))
    if args.json:
        print_json(args, [_group_facts(group) for group in found])
    elif not found:
        print(_nothing(args, language))
    else:
        for group in found:
            print(_group_line(group, site, language))
        print(tell("group_help", language))
    return PROBLEM if found else DONE


def _group_facts(group: Group) -> dict[str, object]:
    facts: dict[str, object] = msgspec.to_builtins(group)
    return facts | _moments(group)


def _group_line(group: Group, site: Site, language: str) -> str:
    cause, _ = parts_of(group.code, language, detail=_whose(group, site))
    counts = f"{count_text(group.entries, language):>7}  {size_text(group.bytes, language):>9}"
    return f"{counts}  {group.code}  {_whose(group, site):18} {moment(group.last_at, language)}  {cause}"


def _entries(args: argparse.Namespace, site: Site, reader: Reader, language: str) -> int:
    found: Sequence[Entry] = reader.quarantine(**chosen(args, site), limit=args.limit)
    total = sum(group.entries for group in reader.groups(**chosen(args, site)))
    if args.json:
        print_json(args, [_facts(entry) for entry in found])
    elif not found:
        print(_nothing(args, language))
    else:
        if total > len(found):
            print(tell("rest", language, count_text(total - len(found), language)))
        for entry in found:
            print(_entry_line(entry, site, language))
    return PROBLEM if found else DONE


def _entry_line(entry: Entry, site: Site, language: str) -> str:
    cause, _ = parts_of(entry.code, language, detail=entry.detail)
    when = moment(entry.last_at, language)
    return f"{entry.id:6}  {entry.code}  {entry.times:4}x  {_whose(entry, site):18} {when}  {cause}"


def _whose(found: Entry | Group, site: Site) -> str:
    """The station as people call it, else the device; behind the tenant, where there is one."""
    known = named(site.stations).get((found.tenant, found.station))
    if known is not None:
        return known.shown
    who = found.station or found.dev_eui or "-"
    return f"{found.tenant}/{who}" if found.tenant else who


def show(args: argparse.Namespace, site: Site, language: str) -> int:
    """One entry with its bytes."""
    with closing(site.open_reader()) as reader:
        found = reader.entry(args.id)
    if found is None:
        raise CannotStart("LP-330", str(args.id))
    if args.json:
        print_json(args, _facts(found))
        return DONE
    print(say(found.code, language, detail=found.detail))
    for name, value in _facts(found).items():
        print(f"  {name}: {value}")
    return DONE


def _facts(entry: Entry) -> dict[str, object]:
    """An entry for machines; the raw message is base64."""
    facts: dict[str, object] = msgspec.structs.asdict(entry)
    return facts | {"payload": base64.b64encode(entry.payload).decode()} | _moments(entry)


def _moments(found: Entry | Group) -> dict[str, object]:
    return {"first_at": moment(found.first_at, "en"), "last_at": moment(found.last_at, "en")}


def _list_options(parser: argparse.ArgumentParser) -> None:
    add_filter(parser)
    parser.add_argument("--all", action="store_true", help="single entries, newest last")
    parser.add_argument(
        "--limit", type=_count, default=LIMIT, metavar="N",
        help=f"with --all: at most so many entries (default {LIMIT})",
    )  # fmt: skip


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number above 0")
    return int(text)


VERBS = (
    ("list", list_entries, "what is in quarantine, and why", _list_options),
    ("show", show, "show one entry; its payload is the raw message in Base64",
     lambda parser: parser.add_argument("id", type=int, metavar="ID")),
)  # fmt: skip
