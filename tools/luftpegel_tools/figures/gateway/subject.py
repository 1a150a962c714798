"""A process under test: started on its core, frozen and thawed, asked what has reached its output.

How each is set up and how its output is read differs between ours and the peers; that is one file each.
"""

import os
import re
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from luftpegel_tools.figures.gateway.load import Load, Name
from luftpegel_tools.figures.gateway.processes import family, pin
from luftpegel_tools.programs.broker import Broker
from luftpegel_tools.programs.child import end_child, start_child

TOPICS = "application/+/device/+/event/+"
_SUBSCRIBED = re.compile(rb"^\d+: \S+ 1 \S*application/", re.MULTILINE)  # client, QoS, filter
_START_PATIENCE_S, _NO_MORE_S = 60.0, 0.1


class SubjectError(RuntimeError):
    """A process under test does not run; the message says where to look."""


class Subject(ABC):
    """One process under test, in a folder of its own, reading from a broker that serves nobody else."""

    title: str  # as it stands in the table

    def __init__(self, folder: Path, broker: Broker, core: int) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.broker = broker
        self.core = core
        self.log = folder / "output.log"
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def start(self) -> None:
        """Start it; back when it has subscribed at QoS 1, in a session that persists."""

    @abstractmethod
    def arrived(self, names: Collection[Name]) -> set[Name]:
        """Which of these readings have reached its output by now."""

    @abstractmethod
    def count(self) -> int:
        """How many readings its output has by now, each counted once."""

    def has_reached(self, _last: Name | None) -> bool:
        """Whether it can be done at all, as far as can be told without counting."""
        return True

    def expected(self, load: Load, frames: int) -> int:
        """What `count` comes to when it is done with the first frames and `frames` more."""
        return load.readings_after(frames)

    def settle(self) -> None:  # noqa: B027 - most have nothing to do here
        """Called between the first frames and the measurement."""

    def close(self) -> None:
        """End it in good order."""
        if self._process is not None:
            self.thaw()
            end_child(self._process, patience_s=60.0)
            self._process = None

    @property
    def pid(self) -> int:
        """The number of its process; it must run."""
        assert self._process is not None
        return self._process.pid

    def freeze(self) -> None:
        """It computes nothing until `thaw`; the broker keeps what is for it."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self._signal(signal.SIGCONT)

    def check(self) -> None:
        """Raise SubjectError if it ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            raise SubjectError(f"{self.title} ended by itself ({self._process.returncode}); see {self.log}")

    def run(
        self, command: Sequence[str], environment: dict[str, str] | None = None, output: Path | None = None
    ) -> None:
        """Start a program on the core; back when the broker has seen it subscribe."""
        said_before = self._subscriptions()
        with (output or self.log).open("ab") as stream:
            self._process = start_child(command, stream, environment)
        pin(self._process.pid, self.core)
        self._wait_subscribed(said_before)

    def _wait_subscribed(self, said_before: int) -> None:
        """Wait for its first subscription, and until no further one follows at once."""
        deadline = time.monotonic() + _START_PATIENCE_S
        said, since = said_before, time.monotonic()
        while said == said_before or time.monotonic() - since < _NO_MORE_S:
            self.check()
            if time.monotonic() > deadline:
                raise SubjectError(f"{self.title} does not subscribe; see {self.log}")
            time.sleep(0.02)
            if (now_said := self._subscriptions()) != said:
                said, since = now_said, time.monotonic()

    def _signal(self, number: signal.Signals) -> None:
        for member in family(self.pid):
            with suppress(ProcessLookupError):
                os.kill(member, number)

    def _subscriptions(self) -> int:
        return len(_SUBSCRIBED.findall(self.broker.log.read_bytes()))


class LineOutput:
    """A file to which a line is added for each reading: `station,number,...`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = 0
        self._seen: set[Name] = set()

    def seen(self) -> set[Name]:
        """All readings in it by now."""
        if self._file.exists():
            with self._file.open("rb") as lines:
                lines.seek(self._read)
                whole, newline, _rest = lines.read().rpartition(b"\n")
            self._read += len(whole) + len(newline)
            for line in whole.split(b"\n") if whole else ():
                station, number, *_ = line.split(b",", 2)
                self._seen.add((int(station), int(number)))
        return self._seen
