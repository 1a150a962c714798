"""A board at a USB port that hears stations by plain LoRa, where there is no LoRaWAN network, or none any
more.

It keeps what it heard until we acknowledge it, after the commit, and tells it again until then; who repeats
is recognised. The port may be unplugged and come back at any time. The lines: `luftpegel_direct`,
docs/usb-receiver.md. Nothing goes back to a station.

One thread has the port. It hands over to the event loop, and writes what the loop wants acknowledged.
"""

import asyncio
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from zlib import crc32

from luftpegel_direct import line
from luftpegel_gateway.config.options import Option, path, whole
from luftpegel_gateway.model.events import Arrival, Delivery, Downlink, Event
from luftpegel_gateway.model.faults import Fault, OtherEndDown, Refused
from luftpegel_gateway.model.probed import Probed
from luftpegel_gateway.sources import Context, Parse
from luftpegel_gateway.sources import filter as source_filter
from luftpegel_gateway.sources.receiver_events import parse, payload_of, told
from luftpegel_gateway.sources.receiver_keys import station_keys
from luftpegel_gateway.sources.receiver_memory import Allowance, Repeats
from luftpegel_gateway.transport.mqtt_link import on_loop
from luftpegel_gateway.transport.serial_port import BUSY, NO_RECEIVER, NOT_ALLOWED, NOT_THERE, Port, library

__all__ = ["KIND", "OPTIONS", "create", "parse", "parser", "probe", "warnings"]

KIND = "usb-receiver"
OPTIONS = {
    **source_filter.OPTIONS,
    "port": Option(path),
    "baud": Option(whole(1200, 4_000_000), 115_200),
    "keys_file": Option(station_keys),
}
NEWER, LOST, FLOODED, BY_ORDER = "LP-529", "LP-530", "LP-531", "LP-532"
OF_PORT = (NOT_THERE, NOT_ALLOWED, BUSY, NO_RECEIVER, NEWER)
ASK_S = 5.0  # who are you? again, while nobody says so
SILENCE_S = 30.0  # without a good line: a receiver says something every ten seconds
AGAIN_S = 1.0  # until a port that was not there is tried again
LOST_S = 3600.0  # for so long lost frames are told
_BY_ORDER = re.compile(r"/dev/tty(USB|ACM)\d+")


def warnings(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What may stand but is a risk: (key, LP code)."""
    if _BY_ORDER.fullmatch(str(options["port"])):
        yield "port", BY_ORDER


def parser(options: Mapping[str, Any]) -> Parse:
    """The parser that has the keys of this source."""
    return partial(parse, keys=options["keys_file"])


async def probe(options: Mapping[str, Any], name: str) -> Probed:  # noqa: ARG001
    """Whether a receiver answers at the port. Raises OtherEndDown, CannotStart.

    A port that is taken is most likely ours: the gateway may be running.
    """
    try:
        return await asyncio.to_thread(_visit, options)
    except OtherEndDown as down:
        if down.code != BUSY:
            raise
        return Probed(str(options["port"]), (Fault(down.code, down.detail),))


def _visit(options: Mapping[str, Any]) -> Probed:
    port, lines = Port(options["port"], options["baud"]), line.Lines()
    try:
        until = time.monotonic() + 2 * ASK_S
        port.write(line.ask())
        while time.monotonic() < until:
            for said in map(_read, lines.feed(port.read())):
                if said and said[0] == line.HELLO:
                    _refuse_newer(options["port"], said)
                    return Probed(f"{options['port']}: {said[2].hex()}")
        raise _silent(options["port"], lines.skipped)
    finally:
        port.close()


class UsbReceiver:
    """One port; the `Upstream` of its arrivals, whose tokens are the names of their frames."""

    def __init__(self, context: Context, clock: Callable[[], float] = time.time) -> None:
        """`clock`: our own, Unix seconds. Raises CannotStart: pyserial is not installed."""
        library()
        self._name, self._options = context.name, context.options
        self._deliver, self._conditions, self._clock = context.deliver, context.conditions, clock
        self._loop = asyncio.get_running_loop()
        self._parse = parser(context.options)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"receiver {context.name}", daemon=True)
        self._answers: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
        self._repeats, self._allowance = Repeats(), Allowance()
        self._receiver = ""
        self._lost: tuple[int, int, float] = (0, 0, 0.0)  # boot, frames lost, until when that is told
        self._trouble: str | None = None  # of the port, by its code; None: a process before may have told

    def start(self) -> None:
        """See `Source`."""
        self._thread.start()

    def stop(self) -> None:
        """See `Source`."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    # The port's thread.

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                port = Port(self._options["port"], self._options["baud"])
            except OtherEndDown as down:
                on_loop(self._loop, self._tell, down.code, down.detail)
                self._stopped.wait(AGAIN_S)
                continue
            try:
                self._talk(port)
            except OtherEndDown as down:
                on_loop(self._loop, self._tell, down.code, down.detail)
                self._stopped.wait(AGAIN_S)
            finally:
                port.close()

    def _talk(self, port: Port) -> None:
        """Until the port is gone, or we are to stop."""
        lines, spoke, asked = line.Lines(), time.monotonic(), 0.0
        knows = False
        while not self._stopped.is_set():
            now = time.monotonic()
            if not knows and now - asked > ASK_S:
                port.write(line.ask())
                asked = now
            said = [(written, one) for written in lines.feed(port.read()) if (one := _read(written))]
            for _, one in said:
                if one[0] == line.HELLO:
                    _refuse_newer(self._options["port"], one)
                    knows = True
                    on_loop(self._loop, self._greeted, one)
            if said:
                spoke = time.monotonic()
            elif now - spoke > SILENCE_S:
                raise _silent(self._options["port"], lines.skipped)
            if knows:  # what comes before is told again
                heard = [written for written, one in said if one[0] == line.FRAME]
                if heard:
                    on_loop(self._loop, self._arrived, heard)
            self._acknowledge(port)

    def _acknowledge(self, port: Port) -> None:
        while not self._answers.empty():
            port.write(line.taken(*self._answers.get()))

    # The event loop.

    def _greeted(self, hello: Sequence[Any]) -> None:
        """A receiver is there: who it is, and whether frames had to leave its ring unread."""
        _, _, receiver, boot, _, _, lost = hello
        self._receiver = receiver.hex()
        self._over("")
        self._trouble = ""
        before = self._lost
        if lost and (boot, lost) != before[:2]:
            self._conditions.report(self._name, LOST, f"{self._receiver}: {lost}")
            self._lost = (boot, lost, time.monotonic() + LOST_S)
        elif time.monotonic() > before[2]:
            self._conditions.clear(self._name, LOST)

    def _arrived(self, heard: Sequence[bytes]) -> None:
        if self._stopped.is_set():
            return
        arrivals = [arrival for written in heard if (arrival := self._arrival(written))]
        for arrival in self._deliver(arrivals):
            self._repeats.forget(arrival.token)

    def _arrival(self, written: bytes) -> Arrival | None:
        """The arrival of a frame; None for one that is on its way, is on the disk, or is one too many."""
        found = told(written)
        assert found is not None
        name = (found.boot, found.number, crc32(found.frame))
        if self._repeats.knows(name):
            if self._repeats.is_taken(name):
                self._answers.put(name[:2])
            return None
        at = int(self._clock() * 1_000_000)
        delivery = Delivery(self._name, KIND, "", payload_of(self._receiver, written, at))
        if self._is_one_too_many(delivery):
            self._answers.put(name[:2])
            return None
        self._repeats.add(name)
        return Arrival(delivery, self, name)

    def _is_one_too_many(self, delivery: Delivery) -> bool:
        """Of frames that nobody can read only so many an hour are kept: anybody can send some."""
        try:
            event: Event | None = self._parse("", delivery.payload, None)
        except Refused:
            event = None
        if event is not None:
            return False
        if self._allowance.spend(time.monotonic()):
            self._conditions.clear(self._name, FLOODED)
            return False
        self._conditions.report(self._name, FLOODED, f"{self._receiver}: {self._allowance.refused}")
        return True

    def _tell(self, code: str, detail: str) -> None:
        """The port's one trouble is the present one."""
        if self._stopped.is_set():
            return
        self._over(code)
        self._conditions.report(self._name, code, detail)
        self._trouble = code

    def _over(self, code: str) -> None:
        if self._trouble != code:
            self._conditions.clear(self._name, *(one for one in OF_PORT if one != code))

    def acknowledge(self, tokens: Sequence[tuple[int, int, int]]) -> None:
        """See `Upstream`: the receiver may forget them."""
        for name in tokens:
            self._repeats.take(name)
            self._answers.put(name[:2])

    def answer(self, downlink: Downlink) -> None:
        """See `Upstream`: nothing goes back to a station."""


def create(context: Context) -> UsbReceiver:
    """The source of one [[source]] with kind "usb-receiver". Raises CannotStart."""
    return UsbReceiver(context)


def _read(written: bytes) -> tuple[Any, ...] | None:
    try:
        return line.read(written)
    except ValueError:
        return None


def _refuse_newer(port: Path, hello: Sequence[Any]) -> None:
    if hello[1] != line.VERSION:
        raise OtherEndDown(NEWER, f"{port}: version {hello[1]}, this gateway knows {line.VERSION}")


def _silent(port: Path, skipped: int) -> OtherEndDown:
    seen = f"{skipped} bytes that make no sense" if skipped else "silent"
    return OtherEndDown(NO_RECEIVER, f"{port}: {seen}")
