"""Many boards: each that is plugged in is worked on, so many at once; what happens to one touches no other.

A place is done with until what is in it is pulled out or exchanged. The job ends when all its stations have
passed, when nothing more is to be done with `once`, or when it is stopped: then those at work are finished.
"""

import queue
import threading
from collections.abc import Callable, Sequence

from luftpegel_tools.technician.flashing.one_board import BoardWork, Outcome, Workshop
from luftpegel_tools.technician.flashing.ports import Port, again, find
from luftpegel_tools.technician.flashing.progress import Display
from luftpegel_tools.technician.roster import Entry

_LOOK_EVERY_S = 0.3
_PULLED_OUT = "LP-630"


class Job:
    """`run` once; `stop` from a signal handler."""

    def __init__(
        self,
        shop: Workshop,
        ports: Sequence[str],
        display: Display,
        *,
        at_once: int,
        once: bool,
        find_ports: Callable[[Sequence[str]], list[Port]] = find,
    ) -> None:
        self._shop = shop
        self._wanted = ports
        self._display = display
        self._at_once = at_once
        self._once = once
        self._find = find_ports
        self._seen: dict[str, object] = {}
        self._running: dict[str, Port] = {}
        self._ended: queue.Queue[Outcome] = queue.Queue()
        self._stopping = False
        self.outcomes: list[Outcome] = []

    def stop(self) -> None:
        """Begin with no more boards."""
        self._stopping = True

    def run(self) -> list[Outcome]:
        """Outcomes in the order in which boards were done with; a board may have several."""
        while True:
            started = False if self._stopping else self._start_new()
            if not self._running and (self._stopping or self._complete() or (self._once and not started)):
                return self.outcomes
            self._collect()

    def open(self) -> list[Entry]:
        """Chosen stations that have not passed yet."""
        assigner = self._shop.assigner
        return [entry for entry in assigner.chosen if not assigner.finished(entry)]

    def _complete(self) -> bool:
        done = {outcome.entry.station for outcome in self.outcomes if outcome.entry and not outcome.trouble}
        return all(entry.station in done for entry in self._shop.assigner.chosen)

    def _start_new(self) -> bool:
        ports = {port.place: port for port in self._find(self._wanted)}
        for place in self._seen.keys() - ports.keys() - self._running.keys():
            del self._seen[place]
        started = False
        for place, port in ports.items():
            new = place not in self._running and self._seen.get(place) != port.mark
            if new and len(self._running) < self._at_once:
                self._start(port)
                started = True
        return started

    def _start(self, port: Port) -> None:
        self._seen[port.place] = port.mark
        self._running[port.place] = port
        listener = self._display.listener(port.place)
        work = BoardWork(self._shop, port, listener)
        threading.Thread(target=lambda: self._ended.put(work.run()), name=port.place, daemon=True).start()

    def _collect(self) -> None:
        try:
            outcome = self._ended.get(timeout=_LOOK_EVERY_S)
        except queue.Empty:
            return
        port = self._running.pop(outcome.place)
        if outcome.trouble is None or outcome.trouble.code != _PULLED_OUT:
            # A chip with USB of its own has come anew by itself, which does not make it another board.
            self._seen[port.place] = again(port, 0).mark
        self.outcomes.append(outcome)
        self._display.ended(outcome, len(self.open()))
