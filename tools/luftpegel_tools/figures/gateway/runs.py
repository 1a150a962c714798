"""The measurements on one process under test. Each gets a broker of its own and the same messages.

Load generator and broker share the other core. For a throughput the process is frozen while the messages go
into the broker's queue: so neither its start nor the load generator is measured, but the time from its thaw
until the last reading is at its output.
"""

import gc
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from luftpegel_tools.figures.gateway.load import Load, Message, Name
from luftpegel_tools.figures.gateway.processes import cores, cpu_seconds, on_core, peak_mib, pin
from luftpegel_tools.figures.gateway.publisher import Publisher
from luftpegel_tools.figures.gateway.subject import Subject, SubjectError
from luftpegel_tools.programs.broker import Broker

_IN_FLIGHT = 500  # unacknowledged messages that the broker allows a client, the same for all
_AUTOSAVE_S = 1800  # mosquitto's own default: writing a full queue to its file is no part of this
_LOOK_EVERY_S = 0.02
_LOOK_CLOSELY_S = 0.0005
_FIRST_PATIENCE_S = 300.0
_STALLED_S = 10.0  # when nothing more arrives for so long, the rest is lost
_LATE_S = 30.0  # a reading that takes longer has not come
_AFTERWARDS_S = 0.5  # what it does behind the last reading (cursors, acknowledgements) counts as work, too

Maker = Callable[[Path, Broker, int], Subject]


@dataclass(frozen=True)
class Drained:
    """What became of a queue of `sent` frames: how many arrived, and how long that took."""

    sent: int
    frames: int
    seconds: float
    cpu_s: float
    peak_mib: float

    @property
    def rate(self) -> float:
        """Frames a second."""
        return self.frames / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of processor time for a frame."""
        return 1000 * self.cpu_s / self.frames


@contextmanager
def started(make: Maker, load: Load) -> Iterator[tuple[Subject, Publisher]]:
    """A process under test that has taken the first frames, and a publisher to its broker."""
    under_test, beside = cores()
    with (
        TemporaryDirectory(prefix="luftpegel-bench-") as folder,
        on_core(beside),
        Broker(Path(folder) / "broker", autosave_s=_AUTOSAVE_S, in_flight=_IN_FLIGHT) as broker,
    ):
        pin(broker.pid, beside)
        subject = make(Path(folder) / "subject", broker, under_test)
        try:
            subject.start()
            with Publisher(broker.host, broker.port) as publisher:
                publisher.publish(load.first())
                _wait(subject, subject.expected(load, 0), _FIRST_PATIENCE_S)
                yield subject, publisher
        finally:
            subject.close()


def drain(subject: Subject, publisher: Publisher, load: Load, patience_s: float) -> Drained:
    """Fill the broker's queue while the process is frozen, then time how it empties it."""
    messages = list(load.messages())
    frames, last = len(messages), messages[-1].name
    subject.freeze()
    publisher.publish(messages)
    del messages  # a day of a town is half a gigabyte
    gc.collect()
    cpu_before, begin = cpu_seconds(subject.pid), time.monotonic()
    subject.thaw()
    wanted = subject.expected(load, frames)
    moved_at = _wait(subject, wanted, patience_s, last)
    seconds = moved_at - begin
    missing = (wanted - subject.count()) * frames // (wanted - subject.expected(load, 0))
    time.sleep(_AFTERWARDS_S)
    cpu_s = cpu_seconds(subject.pid) - cpu_before
    return Drained(frames, frames - missing, seconds, cpu_s, peak_mib(subject.pid))


def _wait(subject: Subject, wanted: int, patience_s: float, last: Name | None = None) -> float:
    """Wait until its output has so many readings, or no more come; returns when the newest was seen there.

    `last` is the reading to look for where counting is dear.
    """
    begin = moved_at = time.monotonic()
    counted = subject.count()
    while counted < wanted:
        subject.check()
        time.sleep(_LOOK_EVERY_S)
        now = time.monotonic()
        if subject.has_reached(last) or now - begin > patience_s:
            before, counted = counted, subject.count()
            moved_at = now if counted > before else moved_at
            if now - begin > patience_s or now - moved_at > _STALLED_S:
                break
        else:
            moved_at = now
    return moved_at


def latencies(subject: Subject, publisher: Publisher, load: Load, rate: float) -> list[float]:
    """Milliseconds from before a message is published until its newest reading is at the output.

    `rate`: messages a second, evenly. Raises SubjectError when one does not come.
    """
    messages = list(load.messages())
    sent: dict[Name, float] = {}
    sender = threading.Thread(target=_send, args=(publisher, messages, rate, sent))
    waiting = {message.name for message in messages}
    found: list[float] = []
    deadline = time.monotonic() + len(messages) / rate + _LATE_S
    sender.start()
    while waiting:
        on_the_way = waiting & sent.keys()
        arrived = subject.arrived(on_the_way) if on_the_way else set()
        now = time.monotonic()
        found += [1000 * (now - sent[name]) for name in arrived]
        waiting -= arrived
        if now > deadline:
            raise SubjectError(f"{subject.title}: {len(waiting)} of {len(messages)} readings did not come")
        time.sleep(_LOOK_CLOSELY_S)
    sender.join()
    return found


def _send(publisher: Publisher, messages: Sequence[Message], rate: float, sent: dict[Name, float]) -> None:
    begin = time.monotonic()
    for number, message in enumerate(messages):
        time.sleep(max(0.0, begin + number / rate - time.monotonic()))
        sent[message.name] = time.monotonic()
        publisher.send([message])
