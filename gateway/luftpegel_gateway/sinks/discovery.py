"""Which messages Home Assistant still needs: of new quantities, of changed stations, of stations that left.

What was announced is kept in a small file, or a station that leaves while the gateway is down would stand in
Home Assistant for ever. After a new connection, and when Home Assistant says that it has started, all of it
is announced again.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path

from luftpegel_gateway.model.observations import Item, Observed
from luftpegel_gateway.model.quantities import name_of
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sinks.home_assistant import ONLINE, config, config_topic
from luftpegel_gateway.sinks.sqlite_file import open_file, transaction
from luftpegel_gateway.transport.publisher import Message

SCHEMA = """
CREATE TABLE IF NOT EXISTS announced (
    tenant TEXT NOT NULL, station TEXT NOT NULL, channel INTEGER NOT NULL,
    PRIMARY KEY (tenant, station, channel)
) STRICT, WITHOUT ROWID
"""
FORGET = "DELETE FROM announced WHERE tenant = ? AND station = ? AND channel = ?"
Quantity = tuple[str, str, int]  # tenant, station, channel


class Discovery:
    """Of one broker. `load`, `announced` and `gone` block: they belong into a thread; they raise
    sqlite3.Error."""

    def __init__(
        self,
        file: Path,
        prefixes: tuple[str, str],
        language: str,
        station: Callable[[str, str], Station | None],
    ) -> None:
        """`prefixes`: of our topics and of Home Assistant's. `station(id, tenant)`: of stations.toml now."""
        self._file = file
        self._prefix, self._theirs = prefixes
        self._language = language
        self._station = station
        self._known: set[Quantity] = set()
        self._kept: set[Quantity] = set()  # those in the file
        self._sent: dict[str, bytes] = {}  # on this connection: topic -> payload

    @property
    def status_topic(self) -> str:
        """Where it stands whether the gateway is there."""
        return f"{self._prefix}/status"

    @property
    def birth_topic(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self._theirs}/status"

    def load(self) -> None:
        """Read what was announced before; a file that is none of ours is begun anew."""
        try:
            self._kept = self._read()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            for suffix in ("", "-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
        self._known |= self._kept

    def learn(self, items: Iterable[Item]) -> None:
        """Take note of quantities that come in."""
        for item in items:
            if isinstance(item, Observed):
                self._known |= {
                    (item.ref.tenant, item.ref.station, cell.channel) for cell in item.reading.cells
                }

    def again(self) -> None:
        """All has to be said again."""
        self._sent.clear()

    def due(self) -> list[Message]:
        """What is still to be published, all of it retained."""
        messages = [Message(self.status_topic, ONLINE, retain=True)]
        for known in sorted(self._known):
            messages += self._messages(known)
        return [message for message in messages if self._sent.get(message.topic) != message.payload]

    def announced(self, messages: Sequence[Message]) -> None:
        """These were published."""
        there = {known for known in self._known if self._is_there(known)}
        gone, new = self._kept - there, there - self._kept
        if gone or new:
            with closing(open_file(self._file)) as database, transaction(database):
                database.execute(SCHEMA)
                database.executemany(FORGET, gone)
                database.executemany("INSERT INTO announced VALUES (?, ?, ?)", new)
        self._known, self._kept = set(there), set(there)
        self._sent |= {message.topic: message.payload for message in messages}

    def state_topic(self, topic: str) -> str:
        """Beside the topic of a value: the one that only ever has its present value."""
        return f"{topic}/state"

    def _messages(self, known: Quantity) -> list[Message]:
        tenant, station, channel = known
        topic = config_topic(self._theirs, tenant, station, channel)
        state = self.state_topic("/".join(filter(None, (self._prefix, tenant, station, name_of(channel)))))
        found = self._station(station, tenant)
        if found is None:
            return [Message(topic, b"", retain=True), Message(state, b"", retain=True)]
        payload = config(found, channel, state_topic=state, status_topic=self.status_topic,
                         language=self._language)  # fmt: skip
        return [Message(topic, payload, retain=True)] if payload is not None else []

    def _is_there(self, known: Quantity) -> bool:
        return self._station(known[1], known[0]) is not None

    def _read(self) -> set[Quantity]:
        if not self._file.exists():
            return set()
        with closing(open_file(self._file)) as database:
            with transaction(database):
                database.execute(SCHEMA)
            return set(database.execute("SELECT tenant, station, channel FROM announced").fetchall())
