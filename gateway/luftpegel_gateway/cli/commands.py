"""The verbs that send settings to stations: `send`, `commands`, `cancel`.

The running gateway queues a command, which alone writes its journal; without one, this process does under its
lock, and the gateway sends it when it runs. The list is read from the journal, and what waits at ChirpStack
from its API, where the source names one.
"""

import argparse
import contextlib
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from luftpegel_gateway.cli.network_server import sources_of
from luftpegel_gateway.cli.output import complain, print_json
from luftpegel_gateway.cli.site import DONE, PARTLY, Site
from luftpegel_gateway.cli.waiting import Queued, Taken, look, take_out
from luftpegel_gateway.control.asking import Doer, doer
from luftpegel_gateway.control.protocol import Cancel, Send
from luftpegel_gateway.directory.naming import meant, named
from luftpegel_gateway.downlinks.commands import LIMITS, overdue
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.model.state import DONE as TAKEN
from luftpegel_gateway.model.state import WAITING, Command, StationState
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.page.layout import name_of_station
from luftpegel_gateway.views.facts import command_facts
from luftpegel_gateway.words.messages import say
from luftpegel_gateway.words.texts import moment, tell

if TYPE_CHECKING:
    from luftpegel_gateway.network_server.queue import Item

USUAL_DAYS, MOST_DAYS = 7.0, 366.0
DAY_S = 86400


def send(args: argparse.Namespace, site: Site, language: str) -> int:
    """Queue settings for a station."""
    station = _station(args.station, site)
    settings = dict(args.settings)
    if len(settings) < len(args.settings):
        raise CannotStart("LP-271", tell("setting_twice", language))
    with _gateway(site) as gateway:
        request = Send(station.id, settings, int(args.expires * DAY_S), station.tenant)
        token = gateway.ask(request).token
    if args.json:
        print_json(args, {**_names(station), "token": token})
        return DONE
    print(tell("command_queued", language, token, name_of_station(station)))
    interval = settings.get("interval_s", station.interval_s)
    if interval != station.interval_s:
        print(tell("interval_differs", language, name_of_station(station), interval))
    return DONE


def commands(args: argparse.Namespace, site: Site, language: str) -> int:
    """The commands of one station or all, in order."""
    chosen = [_station(args.station, site)] if args.station else site.stations
    with closing(site.open_reader()) as reader:
        states = reader.states()
    rows = [
        (station, command)
        for station in chosen
        for command in states.get((station.tenant, station.id), StationState()).commands
    ]
    queued = Queued() if args.no_dial else look(site, rows)
    if args.json:
        print_json(args, [_facts(station, command, queued) for station, command in rows])
    else:
        _print(rows, queued, language)
    if queued.fault is not None:
        complain(say(queued.fault.code, language, detail=queued.fault.detail))
        return PARTLY
    return DONE


def _print(rows: Sequence[tuple[Station, Command]], queued: Queued, language: str) -> None:
    for station, command in rows:
        item = queued.items.get((station.tenant, station.id, command.token))
        told = _stands(command, language) + (f"; {_lies(item, language)}" if item else "")
        print(f"{name_of_station(station):12} {command.token:6}  {_words(command.settings):32}  {told}")
    if not rows:
        print(tell("no_commands", language))
    names = {(station.tenant, station.id): name_of_station(station) for station, _ in rows}
    for key, number in queued.others.items():
        if number:
            print(tell("queue_beside", language, names[key], number))


def _lies(item: "Item", language: str) -> str:
    """How a command lies in ChirpStack's queue."""
    told = [tell("queue_waits", language)]
    if item.pending:
        told.append(tell("queue_pending", language, item.f_cnt_down))
    if item.expires_at is not None:
        told.append(tell("queue_until", language, moment(item.expires_at, language)))
    return ", ".join(told)


def cancel(args: argparse.Namespace, site: Site, language: str) -> int:
    """Take back a command that waits, also out of ChirpStack's queue where its API is known."""
    station = _station(args.station, site)
    command = _waiting(site, station, args.token) if sources_of(site, station.tenant) else None
    with _gateway(site) as gateway:
        gateway.ask(Cancel(station.id, args.token, station.tenant))
    taken = Taken() if command is None else take_out(site, station, command, all_of_it=args.flush)
    if args.json:
        lost = [_item(one) for one in taken.gone]
        facts = {"queue_flushed": taken.flushed, "on_air": taken.on_air, "lost": lost}
        print_json(args, {**_names(station), "token": args.token, **facts})
    else:
        print(tell("command_taken_back", language, args.token, name_of_station(station)))
        _print_taken(taken, language)
    if taken.fault is not None:
        complain(say(taken.fault.code, language, detail=taken.fault.detail))
        return PARTLY
    return DONE


def _waiting(site: Site, station: Station, token: int) -> Command | None:
    """The command of this number that waits, as the journal has it."""
    with closing(site.open_reader()) as reader:
        state = reader.states().get((station.tenant, station.id), StationState())
    return next((one for one in state.commands if (one.token, one.state) == (token, WAITING)), None)


def _print_taken(taken: Taken, language: str) -> None:
    if taken.flushed:
        print(tell("queue_flushed", language))
    if taken.on_air:
        print(tell("queue_on_air", language))
    for item in taken.gone:
        print(tell("queue_flushed_too", language, item.f_port, item.data.hex(), item.id))


def _item(item: "Item") -> dict[str, object]:
    """An item of ChirpStack's queue for programs. Times: Unix seconds."""
    return {
        "id": item.id,
        "f_port": item.f_port,
        "data": item.data.hex(),
        "pending": item.pending,
        "f_cnt_down": item.f_cnt_down if item.pending else None,
        "expires_at": item.expires_at,
    }


def _station(word: str, site: Site) -> Station:
    """The station that is meant. CannotStart LP-270, LP-550, LP-551."""
    key = meant(word, named(site.stations).values()).key
    return next(one for one in site.stations if (one.tenant, one.id) == key)


@contextlib.contextmanager
def _gateway(site: Site) -> Iterator[Doer]:
    """Who does it. CannotStart LP-331 before the first start: this must not make the data folder, which would
    belong to whoever called."""
    with closing(site.open_reader()):
        pass
    with doer(site.data, site.alone) as gateway:
        yield gateway


def _names(station: Station) -> dict[str, str]:
    """A station for machines: `station` is what its readings are kept under, `label` what people call it."""
    return {"station": station.id, "label": station.label, "tenant": station.tenant}


def _stands(command: Command, language: str) -> str:
    """How a command stands, in words."""
    told = tell(f"command_{command.state}", language)
    if command.state == WAITING:
        until = moment(command.expires_at, language)
        return f"{told}, {tell('command_sent', language, command.sent, until)}"
    ended = f"{told} {moment(command.ended_at, language)} UTC"
    if command.in_force and command.state != TAKEN:
        return f"{ended}: {tell('in_force', language, _words(command.in_force))}"
    return ended


def _words(settings: dict[str, int] | dict[str, int | str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items())


def _facts(station: Station, command: Command, queued: Queued) -> dict[str, object]:
    item = queued.items.get((station.tenant, station.id, command.token))
    return {
        **_names(station),
        **command_facts(command),
        "expired": overdue(command, int(time.time())),
        "queue": _item(item) if item else None,
    }


def _setting(text: str) -> tuple[str, int]:
    name, equals, value = text.partition("=")
    if not equals or not value.strip().isascii() or not value.strip().isdigit() or len(value) > 10:
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=NUMBER ({', '.join(LIMITS)})")
    return name.strip(), int(value)


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0.01 <= days <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of days from 0.01 to {MOST_DAYS:.0f}")
    return days


def _send_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("station", metavar="STATION", help="its id (of a tenant: TENANT/ID)")
    parser.add_argument(
        "settings", nargs="+", type=_setting, metavar="NAME=NUMBER", help=f"one of {', '.join(LIMITS)}"
    )
    parser.add_argument(
        "--expires", type=_days, default=USUAL_DAYS, metavar="DAYS",
        help="give up when the station has not answered by then (default: 7)",
    )  # fmt: skip


def _list_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("station", nargs="?", metavar="STATION", help="only of this one")
    parser.add_argument("--no-dial", action="store_true", help="do not ask ChirpStack what waits there")


def _cancel_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("station", metavar="STATION", help="its id (of a tenant: TENANT/ID)")
    parser.add_argument("token", type=int, metavar="NUMBER", help="of the command, as `commands` lists it")
    parser.add_argument(
        "--flush", action="store_true",
        help="empty the device's whole queue at ChirpStack, also of what is not ours; says what was lost",
    )  # fmt: skip


VERBS = (
    ("send", send, "send settings to a station with its next uplink, and again until it answers",
     _send_options),
    ("commands", commands, "what was sent to stations, and what they answered", _list_options),
    ("cancel", cancel, "take back a command that still waits", _cancel_options),
)  # fmt: skip
