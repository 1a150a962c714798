"""Our gateway as a process under test, seen from outside: its command, its store, its metrics, its files."""

import sqlite3
import sys
import urllib.request
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from luftpegel_tools.figures.gateway.events import dev_eui, station_id
from luftpegel_tools.figures.gateway.load import INTERVAL_S, Name
from luftpegel_tools.figures.gateway.payloads import CHANNELS
from luftpegel_tools.figures.gateway.subject import Subject
from luftpegel_tools.programs.broker import Broker, free_port

_CONFIG = """\
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
port = {page}
"""
_DEAD_SINK = """
[[sink]]
kind = "mqtt"
host = "127.0.0.1"
port = {port}
"""
_STATION = """\
[[station]]
id = "{id}"
dev_eui = "{eui}"
name = "Klima {id}"
kind = "climate"
interval_s = {interval}

"""
_WAITING = "luftpegel_waiting_readings{"
_STORE = "store"  # its files begin with this; all others are the journal's
_NEWEST = f"SELECT 1 FROM readings WHERE station = ? AND seq = ? AND channel = {CHANNELS[-1]}"  # noqa: S608


class Luftpegel(Subject):
    """`luftpegel gateway run`. Acknowledges after fsync; a reading has arrived when it is in the store."""

    title = "Luftpegel"

    def __init__(
        self, folder: Path, broker: Broker, core: int, *, stations: int, dead_sink: bool = False
    ) -> None:
        """`dead_sink`: beside the store, a broker that nobody can reach."""
        super().__init__(folder, broker, core)
        self._page = free_port()
        config = _CONFIG.format(host=broker.host, port=broker.port, page=self._page)
        if dead_sink:
            config += _DEAD_SINK.format(port=free_port())
        (folder / "gateway.toml").write_text(config)
        told = [
            _STATION.format(id=station_id(number), eui=dev_eui(number), interval=INTERVAL_S)
            for number in range(stations)
        ]
        (folder / "stations.toml").write_text("".join(told))
        self._store = folder / "data" / "store.sqlite"
        self._database: sqlite3.Connection | None = None
        self._sizes_before: tuple[int, int] = (0, 0)

    def command(self) -> list[str]:
        """How it is started."""
        config = str(self.folder / "gateway.toml")
        return [sys.executable, "-m", "luftpegel_tools.cli", "gateway", "run", "--config", config]

    def start(self) -> None:
        """See `Subject`."""
        self.run(self.command())

    def settle(self) -> None:
        """Start it anew, so that its files are whole and their sizes mean something."""
        self.close()
        self._sizes_before = self._sizes()
        self.start()

    def close(self) -> None:
        """See `Subject`."""
        if self._database is not None:
            self._database.close()
            self._database = None
        super().close()

    def arrived(self, names: Collection[Name]) -> set[Name]:
        """See `Subject`; the last channel of a reading stands for all of it."""
        database = self._open()
        if database is None:
            return set()
        return {
            (station, seq)
            for station, seq in names
            if database.execute(_NEWEST, (station_id(station), seq)).fetchone()
        }

    def count(self) -> int:
        """See `Subject`."""
        database = self._open()
        if database is None:
            return 0
        return int(database.execute("SELECT count(*) FROM readings").fetchone()[0]) // len(CHANNELS)

    def has_reached(self, last: Name | None) -> bool:
        """See `Subject`: it stores frames in the order in which they came."""
        return last is None or bool(self.arrived([last]))

    def grown(self) -> tuple[int, int]:
        """Bytes on disk since `settle`: of the journal, of the store. Ask after `close`."""
        journal, store = self._sizes()
        return journal - self._sizes_before[0], store - self._sizes_before[1]

    def waiting(self) -> int:
        """Frames that a sink has not taken yet, as its metrics tell."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._page}/metrics", timeout=60) as answer:
            lines = answer.read().decode().splitlines()
        return sum(int(float(line.split()[-1])) for line in lines if line.startswith(_WAITING))

    def _open(self) -> sqlite3.Connection | None:
        """The store, once its table is there."""
        if self._database is None and self._store.exists():
            place = f"file:{self._store}?mode=rw"
            database = sqlite3.connect(place, uri=True, timeout=30, isolation_level=None)
            if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'readings'").fetchone():
                self._database = database
            else:
                database.close()
        return self._database

    def _sizes(self) -> tuple[int, int]:
        with closing(sqlite3.connect(self._store)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        files = [path for path in (self.folder / "data").rglob("*") if path.is_file()]
        store = sum(path.stat().st_size for path in files if path.name.startswith(_STORE))
        return sum(path.stat().st_size for path in files) - store, store
