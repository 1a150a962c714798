"""Writes segments and rows of the outbox from what comes one by one: enough together compresses well."""

import sqlite3
from collections.abc import Callable

from luftpegel_gateway.journal.port import Position, StationKey
from luftpegel_gateway.journal.sqlite.items import pack_items
from luftpegel_gateway.journal.sqlite.messages import Packer
from luftpegel_gateway.journal.sqlite.schema import PLACES
from luftpegel_gateway.model.events import Delivery
from luftpegel_gateway.model.observations import Item

SEGMENT_FRAMES, SEGMENT_BYTES = 512, 4 << 20
OUTBOX_ITEMS = 500  # of a row: a sink that wants a few unpacks no more than this many
SECOND = 1_000_000


class Segment:
    """Gathers messages of the log."""

    def __init__(self, database: sqlite3.Connection, packer: Packer) -> None:
        self._database = database
        self._packer = packer
        self._messages: list[tuple[Delivery, int]] = []
        self._received: list[int] = []
        self._size = 0

    def add(self, delivery: Delivery, taken_at: int, received_at: int | None) -> None:
        """One message. `taken_at`: Unix seconds, our clock; `received_at`: Unix microseconds."""
        self._messages.append((delivery, taken_at))
        if received_at is not None:
            self._received.append(received_at)
        self._size += len(delivery.payload)
        if len(self._messages) >= SEGMENT_FRAMES or self._size >= SEGMENT_BYTES:
            self.write()

    def write(self) -> None:
        """Write what is gathered, if anything is."""
        if not self._messages:
            return
        received = sorted(self._received)
        self._database.execute(
            "INSERT INTO segment (taken_at, received_at, frames, messages, compact) VALUES (?,?,?,?,1)",
            (
                max(taken_at for _, taken_at in self._messages),
                received[len(received) // 2] // SECOND if received else None,
                len(self._messages),
                self._packer.pack_small(self._messages),
            ),
        )
        self._messages, self._received, self._size = [], [], 0


class Outbox:
    """Gathers items of an outbox that is empty."""

    def __init__(
        self, database: sqlite3.Connection, packer: Packer, number: Callable[[StationKey], int]
    ) -> None:
        self._database = database
        self._packer = packer
        self._number = number
        self._row = 1
        self._items: list[Item] = []
        self._since = 0

    @property
    def position(self) -> Position:
        """Behind the last item that was added."""
        return self._row << PLACES | len(self._items)

    def add(self, item: Item, taken_at: int) -> None:
        """One item, which waits since `taken_at` (Unix seconds, our clock)."""
        if not self._items:
            self._since = taken_at
        self._items.append(item)
        if len(self._items) >= OUTBOX_ITEMS:
            self.write()

    def write(self) -> None:
        """Write what is gathered, if anything is."""
        if not self._items:
            return
        packed = self._packer.compress(pack_items(self._items, self._number))
        self._database.execute(
            "INSERT INTO outbox (id, taken_at, count, items) VALUES (?,?,?,?)",
            (self._row, self._since, len(self._items), packed),
        )
        self._row += 1
        self._items = []
