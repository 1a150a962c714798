"""Ports that are watched, one thread each; what is unplugged is waited for, and taken up when it is back.

A port is known by its place on USB (`3-2.1`), which stays, not by its number, which changes with each plug.
It is opened with both lines set, as they are by default: one of them alone would reset the board.
"""

import queue
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import serial  # type: ignore[import-untyped]
from serial.tools import list_ports  # type: ignore[import-untyped]

from luftpegel_tools.technician.monitor.lines import Lines

Kind = Literal["line", "plugged", "unplugged", "closed"]
_READ_S, _AGAIN_S, _LOOK_S = 0.2, 0.5, 1.0
_CHUNK = 4096
_IDLE_READS = 5  # without a byte: what stands there is a prompt, and will not be longer
_WAITING = 10_000  # events: a reader that is stuck lets boards wait, not the computer's memory grow


@dataclass(frozen=True, slots=True)
class Event:
    """What happened at a place: a line, or that it came, went, or could not be opened (`text` says why)."""

    time: float
    place: str
    kind: Kind
    text: str = ""


def find(wanted: Sequence[str]) -> dict[str, str]:
    """Place -> device, of what is plugged in now: all on USB, or those named by place or device."""
    on_usb = {_place(port): str(port.device) for port in list_ports.comports() if port.vid is not None}
    if not wanted:
        return on_usb
    return {word: on_usb.get(word, word) for word in wanted if word in on_usb or not _is_place(word)}


def _place(port: object) -> str:
    return str(getattr(port, "location", None) or getattr(port, "device", "?"))


def _is_place(word: str) -> bool:
    return word[:1].isdecimal()


class Watcher:
    """All ports; events come out of `events` in the order in which they happened."""

    def __init__(self, wanted: Sequence[str], baud: int) -> None:
        self.events: queue.Queue[Event] = queue.Queue(_WAITING)
        self.seen = False  # whether there has been a board at all
        self._wanted, self._baud = wanted, baud
        self._over = threading.Event()
        self._watched: set[str] = set()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "Watcher":
        self._start(self._look)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(5)

    def _start(self, run: object, *words: str) -> None:
        thread = threading.Thread(target=run, args=words, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _look(self) -> None:
        while not self._over.is_set():
            for place in find(self._wanted):
                if place not in self._watched:
                    self._watched.add(place)
                    self._start(self._watch, place)
            self._over.wait(_LOOK_S)

    def _watch(self, place: str) -> None:
        told = ""
        while not self._over.is_set():
            device = find(self._wanted).get(place)
            if device is not None:
                try:
                    with serial.Serial(device, self._baud, timeout=_READ_S, exclusive=True) as port:
                        told = ""
                        self.seen = True
                        self._tell(place, "plugged", device)
                        self._read(place, port)
                except (OSError, ValueError, TypeError) as error:  # SerialException is an OSError
                    told = self._tell_closed(place, error, told)
            self._over.wait(_AGAIN_S)

    def _read(self, place: str, port: serial.Serial) -> None:
        lines, idle = Lines(), 0
        try:
            while not self._over.is_set():
                data = port.read(1)
                data += port.read(min(port.in_waiting, _CHUNK)) if data else b""
                idle = 0 if data else idle + 1
                self._tell_lines(place, [lines.rest()] if idle == _IDLE_READS else lines.take(data))
        except (OSError, TypeError):  # pyserial raises TypeError where a port is closed under a read
            self._tell_lines(place, [lines.rest()])
            self._tell(place, "unplugged")

    def _tell_lines(self, place: str, lines: Iterable[str]) -> None:
        for line in lines:
            if line:
                self._tell(place, "line", line)

    def _tell_closed(self, place: str, error: Exception, told: str) -> str:
        """Why a port cannot be opened, once; one that is not there (any more) is no trouble."""
        reason = getattr(error, "strerror", None) or str(error)
        if isinstance(error, FileNotFoundError) or getattr(error, "errno", None) == 2 or reason == told:
            return reason
        self._tell(place, "closed", reason)
        return reason

    def _tell(self, place: str, kind: Kind, text: str = "") -> None:
        event = Event(time.time(), place, kind, text)
        while not self._over.is_set():
            try:
                self.events.put(event, timeout=_READ_S)
                return
            except queue.Full:
                continue
