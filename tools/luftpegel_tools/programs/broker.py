"""A real mosquitto with its own configuration on a free local port, for demo, tests and benchmarks.

It keeps every message for a client that is away (persistent sessions, no queue limit), over its own
restarts too.
"""

import contextlib
import getpass
import secrets
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

from luftpegel_tools.programs.child import end_child, start_child
from luftpegel_tools.programs.debian import Program, find_program

# `user`: started as root it would else become another user, who may not write here.
_CONFIG = """\
user {user}
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_interval {autosave_s}
autosave_on_changes false
max_queued_messages 0
set_tcp_nodelay true
max_inflight_messages {in_flight}
log_dest stderr
log_type error
log_type warning
log_type notice
log_type information
log_type subscribe
"""
_RUNNING = b" running"  # "mosquitto version 2.0.11 running"
_LOG = "mosquitto.log"
_START_PATIENCE_S = 60.0  # a loaded machine; one that ends by itself is noticed at once
_PORTS = range(10_000, 32_768)  # Linux gives outgoing connections those above


class BrokerError(RuntimeError):
    """The broker does not start; the message says what to do."""


class Broker:
    """The broker process; a context manager. Its port stays the same over restarts."""

    host = "127.0.0.1"

    def __init__(
        self, folder: Path, program: Program | None = None, *, autosave_s: int = 1, in_flight: int = 20
    ) -> None:
        """Start it; `folder` is its own, for configuration, log and kept messages.

        `autosave_s`: how often it writes all that it keeps to its file. `in_flight`: messages that a client
        may have without having acknowledged them, unless it names a number itself.

        Raises:
            MissingProgramError: LP-38x, mosquitto cannot be had.
            BrokerError: LP-370, it does not start.
        """
        self._program = program or find_program("mosquitto")
        self.log = folder / _LOG
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        values = {"autosave_s": autosave_s, "in_flight": in_flight, "user": getpass.getuser()}
        self._config.write_text(_CONFIG.format(port=self.port, folder=folder, **values))
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it (again) and wait until it says that it runs.

        What its port answers would prove nothing: another program may have taken that port just now.
        """
        with self.log.open("ab") as output:
            said_before = output.tell()
            command = [*self._program.argv_prefix, "-c", str(self._config)]
            self._process = start_child(command, output, self._program.env)
        deadline = time.monotonic() + _START_PATIENCE_S
        while _RUNNING not in self.log.read_bytes()[said_before:]:
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise BrokerError(f"LP-370: the MQTT broker does not start. Next: look into {self.log}.")
            time.sleep(0.01)

    @property
    def pid(self) -> int:
        """The number of its process; it must run."""
        assert self._process is not None
        return self._process.pid

    def check(self) -> None:
        """Raise BrokerError LP-374 if it ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            raise BrokerError(
                f"LP-374: the MQTT broker ended by itself ({self._process.returncode}). "
                f"Next: look into {self.log}."
            )

    def stop(self) -> None:
        """End it in good order: it writes what it keeps to its file."""
        if self._process is not None:
            end_child(self._process)
            self._process = None

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(self, *_error: object) -> None:
        """End the process."""
        self.stop()


def free_port() -> int:
    """A local TCP port that nobody listens on just now. No outgoing connection is given it, so it is still
    free when a broker that was stopped comes back.
    """
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
