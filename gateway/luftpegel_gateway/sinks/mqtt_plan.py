"""Which messages a batch is, in order, and which of them are retained: a value only when it is its topic's
newest. Sends nothing.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from luftpegel_gateway.model.observations import Item, Observed
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sinks.mqtt_messages import messages_of
from luftpegel_gateway.sinks.retained import Mark, Retained, mark_of
from luftpegel_gateway.transport.publisher import Message


class Planned(msgspec.Struct, frozen=True):
    """A message, the item that it is of (by its place), and what the topic then holds, if it is retained."""

    item: int
    message: Message
    mark: Mark | None

    @property
    def key(self) -> tuple[str, bytes]:
        """What tells it from others; the same when the item is offered again."""
        return self.message.topic, self.message.payload


class Planner:
    """Of one broker."""

    def __init__(
        self,
        prefix: str,
        retained: Retained | None,
        station: Callable[[str, str], Station | None],
        *,
        retain: bool,
        state: Callable[[str], str] | None,
    ) -> None:
        """`retain`: the topics of values keep the newest. `state`: the topic beside that of a value which has
        nothing but the newest; None: there is none."""
        self._prefix = prefix
        self._retained = retained
        self._station = station
        self._retain = retain
        self._state = state

    def plan(self, items: Sequence[Item]) -> list[Planned]:
        """All messages in order; a value is retained only when none that is newer is or will be."""
        plan: list[Planned] = []
        held: dict[str, Mark] = {}
        for place, item in enumerate(items):
            mark = mark_of(item) if self._retained is not None and isinstance(item, Observed) else None
            station = self._station(item.ref.station, item.ref.tenant)
            for topic, payload in messages_of(self._prefix, item, station):
                wanted = mark if self._retain else None
                plan.append(self._planned(place, Message(topic, payload), item, wanted, held))
                if self._state is None or mark is None or station is None:
                    continue
                present = self._planned(place, Message(self._state(topic), payload), item, mark, held)
                plan += [present] if present.mark is not None else []
        return plan

    def _planned(
        self, place: int, message: Message, item: Item, mark: Mark | None, held: dict[str, Mark]
    ) -> Planned:
        """A message, retained where it has a mark and is the newest of its topic; `held` then has it."""
        if mark is None or not self._is_current(message.topic, mark, held, item):
            return Planned(place, message, None)
        held[message.topic] = mark
        return Planned(place, Message(message.topic, message.payload, retain=True), mark)

    def _is_current(self, topic: str, mark: Mark, held: Mapping[str, Mark], item: Item) -> bool:
        late = isinstance(item, Observed) and item.late
        return self._retained is not None and self._retained.current(topic, mark, held, late=late)
