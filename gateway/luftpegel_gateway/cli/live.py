"""The verb `live`: what ChirpStack hears of a station at this moment, and what our decoder makes of it.

For whoever stands on a ladder. It reads no more than ChirpStack's own page does and acknowledges nothing:
readings come to the gateway by MQTT, whether somebody looks or not.
"""

import argparse
import json
import os
import queue
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from luftpegel_gateway.cli.network_server import api_of, sources_of
from luftpegel_gateway.cli.output import printable
from luftpegel_gateway.cli.site import DONE, PROBLEM, Site
from luftpegel_gateway.config.files import Part
from luftpegel_gateway.decode.uplink import Alarm, Configured, Readings, Status, decode_uplink
from luftpegel_gateway.directory.naming import meant, named
from luftpegel_gateway.model.events import Uplink
from luftpegel_gateway.model.faults import CannotStart, OtherEndDown, Refused
from luftpegel_gateway.model.quantities import decimal, name_of
from luftpegel_gateway.model.readings import Cell
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sources.chirpstack_events import parse
from luftpegel_gateway.words.messages import parts_of, say
from luftpegel_gateway.words.texts import channel_text, symbol, tell, value_text

if TYPE_CHECKING:
    from luftpegel_gateway.network_server.channel import Api
    from luftpegel_gateway.network_server.live import Entry

MOST = 32  # stations at once: each is a stream that ChirpStack asks its Redis for once a second
MOST_HELD = 1000  # lines that nobody has read yet
LOOK_S = 0.5
NO_API, SEVERAL = "LP-515", "LP-512"
_END = object()


def live(args: argparse.Namespace, site: Site, language: str) -> int:
    """Show events or frames as they come, until Ctrl-C."""
    chosen = _chosen(args, site)
    lines: queue.Queue[tuple[Station, Any]] = queue.Queue(MOST_HELD)
    stop = threading.Event()
    servers = {source.name: api_of(source) for _, source in chosen}
    threads = [
        threading.Thread(
            target=_follow, args=(servers[source.name], station, lines, stop), kwargs={"frames": args.frames}
        )
        for station, source in chosen
    ]
    for thread in threads:
        thread.start()
    try:
        if not args.json:
            names = ", ".join(station.shown for station, _ in chosen)
            print(tell("live_waiting", language, names), file=sys.stderr)
        return _show(args, lines, len(threads), language)
    except KeyboardInterrupt:
        return DONE
    except BrokenPipeError:  # `live | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    finally:
        stop.set()
        for server in servers.values():
            server.close()
        for thread in threads:
            thread.join()


def _chosen(args: argparse.Namespace, site: Site) -> list[tuple[Station, Part]]:
    """The stations that are meant, each with the source whose network server has it. CannotStart."""
    found = [station for station in site.stations if not station.retired]
    if args.stations:
        found = [_named(found, name) for name in dict.fromkeys(args.stations)]
    sources = {station.tenant: sources_of(site, station.tenant) for station in found}
    chosen = [(station, sources[station.tenant][0]) for station in found if sources[station.tenant]]
    if not chosen:
        raise CannotStart(NO_API, ", ".join(site.sources))
    if len(chosen) > MOST:
        raise CannotStart(SEVERAL, f"{len(chosen)} > {MOST}: live STATION ...")
    return chosen


def _named(stations: Sequence[Station], word: str) -> Station:
    """The station that is meant. CannotStart LP-270, LP-550, LP-551."""
    key = meant(word, named(stations).values()).key
    return next(one for one in stations if (one.tenant, one.id) == key)


def _follow(
    server: "Api", station: Station, lines: "queue.Queue[Any]", stop: threading.Event, *, frames: bool
) -> None:
    """One station's thread: what happens goes into the queue, and at the end why it ended."""
    from luftpegel_gateway.network_server.live import follow  # noqa: PLC0415 - grpc may be missing

    def put(what: object) -> None:
        while not stop.is_set():
            try:
                lines.put((station, what), timeout=LOOK_S)
            except queue.Full:
                continue
            return

    def again(down: OtherEndDown, wait: float) -> None:
        put((down, wait))

    try:
        for entry in follow(server, station.dev_eui, frames=frames, stop=stop, again=again):
            put(entry)
    except OtherEndDown as down:
        put(down)
    except ValueError as error:  # grpc: the channel was closed while a call began
        if not stop.is_set():
            put(OtherEndDown("LP-514", str(error)))
    put(_END)


def _show(args: argparse.Namespace, lines: "queue.Queue[Any]", streams: int, language: str) -> int:
    """Print until all streams have ended, or enough was shown."""
    shown, code = 0, DONE
    while streams:
        try:
            station, what = lines.get(timeout=LOOK_S)
        except queue.Empty:
            continue
        if what is _END:
            streams -= 1
        elif isinstance(what, OtherEndDown):
            code = PROBLEM
            print(say(what.code, language, detail=f"{station.shown}: {what.detail}"), file=sys.stderr)
        elif isinstance(what, tuple):
            down, wait = what
            cause = f"{down.code} {parts_of(down.code, language, detail=down.detail)[0]}"
            print(tell("live_again", language, station.shown, cause, f"{wait:.0f}"), file=sys.stderr)
        else:
            print(_json(station, what) if args.json else _line(station, what, language), flush=True)
            shown += 1
            if shown == args.count:
                break
    return code


def _line(station: Station, entry: "Entry", language: str) -> str:
    """An entry for people."""
    told = " ".join(f"{key}={value}" for key, value in sorted(entry.properties.items()) if key != "Data")
    when = _time(entry.at) or "-"
    head = f"{when}  {station.shown:12} {entry.kind:7} {told}"
    content = _content(station, entry)
    return printable(f"{head}  {_words(content, language)}".rstrip())


def _words(content: Mapping[str, Any], language: str) -> str:
    """What a frame holds, in words."""
    if "fault" in content:
        return tell("live_not_read", language, f"{content['fault']} {content['detail']}")
    if "cells" in content:
        return f"#{content['number']}: {', '.join(_cell(cell, language) for cell in content['cells'])}"
    return " ".join(f"{key}={value}" for key, value in content.items())


def _cell(cell: Cell, language: str) -> str:
    name = channel_text(cell.channel, language)
    if cell.value is None:
        return f"{name} -"
    return f"{name} {value_text(cell.channel, cell.value, language)} {symbol(cell.channel)}".rstrip()


def _json(station: Station, entry: "Entry") -> str:
    """An entry for programs, on one line."""
    content = dict(_content(station, entry))
    if "cells" in content:
        content["values"] = {
            name_of(cell.channel): None if cell.value is None else decimal(cell.channel, cell.value)
            for cell in content.pop("cells")
        }
    facts = {
        "station": station.id,
        "label": station.label,
        "tenant": station.tenant,
        "id": entry.id,
        "time": _time(entry.at),
        "kind": entry.kind,
        "properties": dict(entry.properties),
        "content": content or None,
    }
    return json.dumps(facts, ensure_ascii=False)


def _content(station: Station, entry: "Entry") -> Mapping[str, Any]:
    """What our decoder reads in an uplink; {}: no uplink, or nothing in it."""
    if entry.kind != "up":
        return {}
    topic = f"application/live/device/{station.dev_eui}/event/up"
    try:
        event = parse(topic, entry.body.encode())
        return _facts(decode_uplink(event)) if isinstance(event, Uplink) else {}
    except Refused as refusal:
        return {"fault": refusal.code, "detail": refusal.detail}


def _facts(content: object) -> Mapping[str, Any]:
    if isinstance(content, Readings):
        newest = content.next()
        return {"number": newest.seq, "cells": newest.cells} if newest else {}
    if isinstance(content, Status):
        return content.fields
    if isinstance(content, Configured):
        return {"token": content.token, **content.in_force}
    if isinstance(content, Alarm):
        told = {"alarm": content.kind, "channel": name_of(content.channel)}
        return told | {"value": decimal(content.channel, content.value)}
    return {}


def _time(at: int | None) -> str | None:
    """Seconds in UTC, ISO 8601; None for what is no time."""
    try:
        return None if at is None else f"{datetime.fromtimestamp(at // 1_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return None


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:9]) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of lines")
    return int(text[:9])


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "stations", nargs="*", metavar="STATION", help="ids (of a tenant: TENANT/ID); none: all"
    )
    parser.add_argument("--frames", action="store_true", help="LoRaWAN frames, not events")
    parser.add_argument("--count", type=_count, metavar="N", help="end after so many lines")


VERBS = (("live", live, "what ChirpStack hears of stations at this moment, decoded", _options),)
