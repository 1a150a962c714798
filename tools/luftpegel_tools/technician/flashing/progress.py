"""What a technician sees meanwhile: a bar for each place on a terminal, lines elsewhere, JSON for machines."""

import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from luftpegel_tools.technician.flashing.one_board import Listener, Outcome
from luftpegel_tools.technician.roster import Entry

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for
# ruff: noqa: D102, ARG002 - what each method is for is told once, by Display
STAGES = {
    "en": {
        "look": "look",
        "write": "write",
        "files": "files",
        "start": "start",
        "check": "read back",
        "selftest": "self-test",
    },
    "de": {
        "look": "ansehen",
        "write": "schreiben",
        "files": "Dateien",
        "start": "starten",
        "check": "rücklesen",
        "selftest": "Selbsttest",
    },
}
SAID = {
    "en": {
        "plan": "Plan: {stations} stations, {open} of them to do, up to {at_once} boards at a time. What is done is not lost; Ctrl-C is safe.",
        "ok": "ok   stick on label {number}, its LED blinks it",
        "skipped": "ok   it had passed before",
        "left": "{done} done, {failed} with a fault, {open} open",
        "stopped": "Stopped. To go on: the same command with --resume",
    },
    "de": {
        "plan": "Plan: {stations} Stationen, davon {open} offen, bis zu {at_once} Platinen zugleich. Fertiges bleibt; Strg-C ist sicher.",
        "ok": "ok   Etikett {number} aufkleben, die LED blinkt es",
        "skipped": "ok   war schon fertig",
        "left": "{done} fertig, {failed} mit Fehler, {open} offen",
        "stopped": "Angehalten. Weiter mit demselben Befehl und --resume",
    },
}


class Display(Protocol):
    """Who is told; from many threads at once."""

    def plan(self, stations: int, open_: int, at_once: int) -> None:
        """It begins."""

    def listener(self, place: str) -> Listener:
        """Who is told of one place."""

    def ended(self, outcome: Outcome, open_: int) -> None:
        """A board is done with."""

    def close(self, counts: dict[str, int], *, stopped: bool) -> None:
        """It is over."""


def display(language: str, *, as_json: bool, quiet: bool, stream: TextIO | None = None) -> Display:
    """The one that fits: JSON lines, only troubles, bars on a terminal, else plain lines."""
    out = stream or sys.stdout
    if as_json:
        return JsonLines(out)
    if not quiet and out.isatty() and os.environ.get("TERM") != "dumb":
        return Bars(out, language)
    return Lines(out, language, quiet=quiet)


class _OncePerStage:
    """Tells the first word of each stage only."""

    def __init__(self, say: Callable[[str, Entry | None], None]) -> None:
        self._say = say
        self._stage = ""

    def __call__(self, stage: str, share: float, entry: Entry | None) -> None:
        if stage != self._stage:
            self._stage = stage
            self._say(stage, entry)


class Lines:
    """A line for each stage of each board."""

    def __init__(self, stream: TextIO, language: str, *, quiet: bool = False) -> None:
        self._stream = stream
        self._language = language
        self._quiet = quiet
        self._lock = threading.Lock()

    def plan(self, stations: int, open_: int, at_once: int) -> None:
        self._say(SAID[self._language]["plan"].format(stations=stations, open=open_, at_once=at_once))

    def listener(self, place: str) -> Listener:
        return _OncePerStage(
            lambda stage, entry: self._say(f"{head(place, entry)} {STAGES[self._language][stage]}")
        )

    def ended(self, outcome: Outcome, open_: int) -> None:
        self._say(line_of(outcome, self._language), important=outcome.trouble is not None)

    def close(self, counts: dict[str, int], *, stopped: bool) -> None:
        self._say(SAID[self._language]["left"].format_map(counts))
        if stopped:
            self._say(SAID[self._language]["stopped"], important=True)

    def _say(self, text: str, *, important: bool = False) -> None:
        if important or not self._quiet:
            with self._lock:
                print(text, file=self._stream, flush=True)


class Bars:
    """A bar for each place that moves, and a line above for each board that is done with."""

    def __init__(self, stream: TextIO, language: str) -> None:
        self._language = language
        self._console = Console(file=stream, highlight=False, no_color="NO_COLOR" in os.environ or None)
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(24),
            TextColumn("{task.fields[stage]}", markup=False),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=self._console, transient=True)
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def plan(self, stations: int, open_: int, at_once: int) -> None:
        self._print(SAID[self._language]["plan"].format(stations=stations, open=open_, at_once=at_once))
        self._progress.start()

    def listener(self, place: str) -> Listener:
        with self._lock:
            self._tasks[place] = self._progress.add_task(head(place, None), total=1, stage="")
        task = self._tasks[place]

        def told(stage: str, share: float, entry: Entry | None) -> None:
            text = STAGES[self._language][stage]
            self._progress.update(task, completed=share, description=head(place, entry), stage=text)

        return told

    def ended(self, outcome: Outcome, open_: int) -> None:
        with self._lock:
            self._progress.remove_task(self._tasks.pop(outcome.place))
        self._print(line_of(outcome, self._language))

    def close(self, counts: dict[str, int], *, stopped: bool) -> None:
        self._progress.stop()
        self._print(SAID[self._language]["left"].format_map(counts))
        if stopped:
            self._print(SAID[self._language]["stopped"])

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)


class JsonLines:
    """One JSON object a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def plan(self, stations: int, open_: int, at_once: int) -> None:
        self._say({"event": "plan", "stations": stations, "open": open_, "at_once": at_once})

    def listener(self, place: str) -> Listener:
        return _OncePerStage(
            lambda stage, entry: self._say(
                {"event": "stage", "place": place, "station": entry and entry.station, "stage": stage}
            )
        )

    def ended(self, outcome: Outcome, open_: int) -> None:
        self._say({"event": "board", **as_json(outcome), "open": open_})

    def close(self, counts: dict[str, int], *, stopped: bool) -> None:
        self._say({"event": "end", **counts, "stopped": stopped})

    def _say(self, told: dict[str, Any]) -> None:
        with self._lock:
            print(json.dumps(told, ensure_ascii=False), file=self._stream, flush=True)


def head(place: str, entry: Entry | None) -> str:
    """How a line begins: where, and who."""
    who = f"{entry.station} {entry.name}" if entry else "-"
    return f"{place:<8} {who:<28}"


def line_of(outcome: Outcome, language: str) -> str:
    """What became of a board, in one line; with a fault in two."""
    if outcome.trouble is not None:
        said = outcome.trouble.text(language)
    elif outcome.skipped:
        said = SAID[language]["skipped"]
    else:
        said = SAID[language]["ok"].format(number=outcome.entry.number if outcome.entry else "?")
    return f"{head(outcome.place, outcome.entry)} {said}"


def as_json(outcome: Outcome) -> dict[str, Any]:
    """For machines."""
    return {
        "place": outcome.place,
        "station": outcome.entry and outcome.entry.station,
        "number": outcome.entry and outcome.entry.number,
        "chip": outcome.chip,
        "outcome": outcome.trouble.code if outcome.trouble else "ok",
        "text": outcome.trouble.text("en") if outcome.trouble else None,
        "skipped": outcome.skipped,
        "seconds": round(outcome.seconds, 1),
        "selftest": [verdict.as_json() for verdict in outcome.verdicts],
    }
