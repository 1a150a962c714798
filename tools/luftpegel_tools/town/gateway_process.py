"""A real gateway process beside the town: its files, its start, its sudden death, a look into its store."""

import json
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from luftpegel_tools.programs.broker import Broker, free_port
from luftpegel_tools.programs.child import end_child, start_child
from luftpegel_tools.town.proof import StoredCell

_START_PATIENCE_S = 20.0
_STORE = "data/store.sqlite"
_GATEWAY_TOML = """\
[gateway]
data = "data"
stations = "stations.toml"

[[source]]
kind = "chirpstack-mqtt"
host = "{host}"
port = {port}

[[sink]]
kind = "store"

[page]
port = {page_port}
"""


class GatewayError(RuntimeError):
    """The gateway does not run; the message says what to do."""


@dataclass(frozen=True)
class Entry:
    """A station as stations.toml has it."""

    id: str
    dev_eui: str
    name: str
    kind: str
    interval_s: int
    latitude: float
    longitude: float


class Gateway:
    """`luftpegel gateway run` in a folder of its own."""

    def __init__(self, folder: Path, broker: Broker, stations: Iterable[Entry]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._page_port = free_port()
        self.log = folder / "gateway.log"
        config = _GATEWAY_TOML.format(host=broker.host, port=broker.port, page_port=self._page_port)
        (folder / "gateway.toml").write_text(config)
        (folder / "stations.toml").write_text("".join(map(station_toml, stations)))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def page(self) -> str:
        """Where its status page is."""
        return f"http://127.0.0.1:{self._page_port}/"

    def start(self) -> None:
        """Start it; returns at once."""
        config = str(self._folder / "gateway.toml")
        command = [sys.executable, "-m", "luftpegel_tools.cli", "gateway", "run", "--config", config]
        with self.log.open("ab") as output:
            self._process = start_child(command, output)

    def wait_ready(self) -> None:
        """Wait until it is connected to the broker, as its page says.

        Raises:
            GatewayError: LP-371, it does not come up.
        """
        deadline = time.monotonic() + _START_PATIENCE_S
        while not self._is_ready():
            self.check()
            if time.monotonic() > deadline:
                raise GatewayError(f"LP-371: the gateway does not get ready. Next: look into {self.log}.")
            time.sleep(0.02)

    def check(self) -> None:
        """Raise GatewayError LP-372 if it ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            words = " / ".join(self.last_words(1))
            raise GatewayError(
                f"LP-372: the gateway ended by itself ({self._process.returncode}). Its last words: {words}. "
                "Next: report this as a mistake of the gateway."
            )

    def last_words(self, lines: int = 10) -> list[str]:
        """The end of its log."""
        return self.log.read_text(errors="replace").splitlines()[-lines:]

    def kill(self) -> None:
        """SIGKILL: no last words, nothing written any more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it in good order."""
        if self._process is not None:
            end_child(self._process)
            self._process = None

    def stored(self, station: str) -> list[StoredCell]:
        """What its store holds of a station; nothing before the store exists."""
        file = self._folder / _STORE
        if not file.exists():
            return []
        # Not read-only: after a kill the first to open the file must be able to recover its write-ahead log.
        with closing(sqlite3.connect(f"file:{file}?mode=rw", uri=True, timeout=10)) as database:
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'readings'").fetchall():
                return []  # the file is there, its table not yet
            found = database.execute(
                "SELECT seq, channel, time, value FROM readings WHERE station = ?", (station,)
            )
            return [StoredCell(*row) for row in found]

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.page}readyz", timeout=1) as answer:  # noqa: S310 - our own
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def station_toml(entry: Entry) -> str:
    """The station as it stands in stations.toml."""
    values = {name: json.dumps(value) for name, value in vars(entry).items()}
    return "[[station]]\n" + "".join(f"{name} = {value}\n" for name, value in values.items()) + "\n"
