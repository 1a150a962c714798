"""Two entities with one key: how they come to be, which one counts, and what may be removed.

A request whose answer was lost may be carried out after we have looked, and made another. So what was just
made is looked up at once: is there another one that is not ours of this moment, that one counts, and ours, in
which nothing is yet, goes. Some time later it is looked up again: what has come to be meanwhile goes if
nothing hangs under it, for what hangs under an entity would go with it.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec

from luftpegel_gateway.sinks.sensorthings_api import Api, Entity, Id, at, literal, older
from luftpegel_gateway.sinks.sensorthings_entities import KEY

# What an entity has that must not go with it. A Location has but the link to its Thing.
_UNDER = {
    "Things": "Datastreams",
    "Datastreams": "Observations",
    "FeaturesOfInterest": "Observations",
    "Sensors": "Datastreams",
    "ObservedProperties": "Datastreams",
}
MOST = 10_000
AT_A_TIME = 200


class Made(msgspec.Struct, frozen=True):
    """What was made, and when (by the clock) it is to be looked at again."""

    when: float
    collection: str
    key: str
    entity: Id


class Watch:
    """What was made a short while ago."""

    def __init__(self, api: Api, later_s: float, clock: Callable[[], float]) -> None:
        """`later_s`: after this time no request of before is carried out any more."""
        self._api = api
        self._later_s = later_s
        self._clock = clock
        self._made: deque[Made] = deque(maxlen=MOST)

    def made(self, collection: str, entities: Mapping[str, Id]) -> None:
        """These keys have these entities from now on."""
        when = self._clock() + self._later_s
        self._made += [Made(when, collection, key, entity) for key, entity in entities.items()]

    async def look_again(self) -> None:
        """Remove what has come to be beside what we use. Raises OtherEndDown."""
        due = [one for one in self._made if one.when <= self._clock()][:AT_A_TIME]
        for collection in dict.fromkeys(one.collection for one in due):
            used = {one.key: one.entity for one in due if one.collection == collection}
            for entity in await search(self._api, collection, used):
                if entity["@iot.id"] != used[key_of(entity)]:
                    await self._remove_empty(collection, entity["@iot.id"])
        for _ in due:
            self._made.popleft()

    async def _remove_empty(self, collection: str, entity: Id) -> None:
        under = _UNDER.get(collection)
        if under is None or not await self._api.any(f"{at(collection, entity)}/{under}"):
            await self._api.remove(collection, entity)


async def search(api: Api, collection: str, keys: Iterable[str]) -> list[Entity]:
    """All entities with one of these keys."""
    return await api.find(collection, [f"properties/{KEY} eq {literal(key)}" for key in keys])


def key_of(entity: Entity) -> str:
    """Our key."""
    return str((entity.get("properties") or {}).get(KEY))


def by_key(entities: Iterable[Entity], ours: Collection[Id | None] = ()) -> dict[str, Entity]:
    """One entity a key: rather one that is not of `ours`, else the oldest."""
    ranked = sorted(entities, key=lambda one: (one["@iot.id"] in ours, older(one)), reverse=True)
    return {key_of(entity): entity for entity in ranked}
