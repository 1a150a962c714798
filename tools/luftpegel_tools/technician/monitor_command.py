"""`luftpegel monitor`: the consoles of many boards at once, each line with its place and station."""

import argparse
import datetime
import json
import queue
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from luftpegel_gateway.words.messages import language_of
from luftpegel_tools.station_files.station_file import StationFileError, load_both
from luftpegel_tools.technician.monitor.meaning import meaning_of, station_in
from luftpegel_tools.technician.monitor.watcher import Event, Watcher
from luftpegel_tools.technician.roster import Roster, read_roster
from luftpegel_tools.technician.words import TroubleError, say

_BAUD = 115_200
_MISSING = 3
_POLL_S = 0.2
_SAID = {
    "en": {
        "plugged": "-- plugged in: {}",
        "unplugged": "-- unplugged; waiting for it",
        "wait": "Ctrl-C ends this.",
    },
    "de": {
        "plugged": "-- eingesteckt: {}",
        "unplugged": "-- ausgesteckt; es wird gewartet",
        "wait": "Strg-C beendet.",
    },
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "ports",
        nargs="*",
        metavar="PORT",
        help="place on USB (3-2.1) or device (default: every board on USB)",
    )
    parser.add_argument("--roster", type=Path, metavar="TOWN.CSV", help="name values as the station files do")
    parser.add_argument("--baud", type=int, default=_BAUD, metavar="N", help="default: %(default)s")
    parser.add_argument("--seconds", type=float, metavar="N", help="end by itself (default: Ctrl-C)")
    parser.add_argument("--lang", choices=("de", "en"), help="language (default: yours)")
    parser.add_argument("--json", action="store_true", help="an object a line, for machines")


def run(args: argparse.Namespace) -> int:
    """Watch until Ctrl-C or for --seconds: 0 done, 1 the roster is refused, 3 there never was a board."""
    language = language_of(args.lang)
    try:
        roster = read_roster(args.roster) if args.roster else None
    except TroubleError as trouble:
        print(trouble.text(language), file=sys.stderr)
        return 1
    ends = time.monotonic() + args.seconds if args.seconds is not None else None
    teller = Teller(roster, language, args.json)
    if ends is None:
        print(_SAID[language]["wait"], file=sys.stderr)
    with Watcher(args.ports, args.baud) as watcher:
        try:
            while ends is None or time.monotonic() < ends:
                try:
                    event = watcher.events.get(timeout=_POLL_S)
                except queue.Empty:
                    continue
                print("\n".join(teller.lines(event)), flush=True)
        except (KeyboardInterrupt, BrokenPipeError):
            pass
    if ends is not None and not watcher.seen:
        print(say("LP-665", language), file=sys.stderr)
        return _MISSING
    return 0


class Teller:
    """Events into lines; remembers which station speaks where."""

    def __init__(self, roster: Roster | None, language: str, as_json: bool) -> None:
        self._roster, self._language, self._as_json = roster, language, as_json
        self._stations: dict[str, str] = {}
        self._channels: dict[str, Sequence[int]] = {}

    def lines(self, event: Event) -> list[str]:
        """The lines of one event: itself, then what it means."""
        if event.kind == "line":
            if station := station_in(event.text):
                self._stations[event.place] = station
        elif event.kind == "plugged":
            self._stations.pop(event.place, None)  # another board may be there now
        station = self._stations.get(event.place, "")
        meant = meaning_of(event.text, self._channels_of(station)) if event.kind == "line" else []
        moment = datetime.datetime.fromtimestamp(event.time, datetime.UTC)
        if self._as_json:
            told = {
                "time": moment.isoformat(timespec="milliseconds"), "place": event.place, "station": station,
                "event": event.kind, "text": event.text, "meaning": meant,
            }  # fmt: skip
            return [json.dumps(told, ensure_ascii=False)]
        head = f"{moment.astimezone():%H:%M:%S} {event.place} {station}".rstrip()
        return [f"{head}  {self._text(event)}", *(f"{head}    = {line}" for line in meant)]

    def _text(self, event: Event) -> str:
        if event.kind == "line":
            return event.text
        if event.kind == "closed":
            return "-- " + say("LP-678", self._language, port=event.place, detail=event.text).replace(
                "\n ", ""
            )
        return _SAID[self._language][event.kind].format(event.text)

    def _channels_of(self, station: str) -> Sequence[int]:
        """The channels of a station's file; none where there is no roster, or no sound file."""
        if station not in self._channels:
            entry = self._roster.station(station) if self._roster and station else None
            try:
                self._channels[station] = load_both(entry.station_file)[1].channels if entry else ()
            except StationFileError:
                self._channels[station] = ()
        return self._channels[station]
