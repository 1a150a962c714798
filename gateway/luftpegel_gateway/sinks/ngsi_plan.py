"""Readings as the attributes that they are: which may be present values, which are history. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import Item, Observed
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sinks.ngsi_entities import Attribute, Mark, attributes_of, current


class Place(msgspec.Struct, frozen=True):
    """Whose entity it is, and its type."""

    type: str
    ref: Ref


class Plan:
    """What some readings say."""

    def __init__(self, items: Sequence[Observed], station: Callable[[str, str], Station | None]) -> None:
        """`station` says who is who at this moment."""
        self.places: dict[str, Place] = {}
        self.current: list[Attribute] = []
        self._all: list[Attribute] = []
        self._items: dict[tuple[str, str, Mark], list[Item]] = {}
        for item in items:
            known = station(item.ref.station, item.ref.tenant)
            attributes = attributes_of(item, known.kind if known else "")
            self._all += attributes
            if current(item):
                self.current += attributes
            for one in attributes:
                self.places[one.entity] = Place(one.type, item.ref)
                self._items.setdefault((one.entity, one.name, one.mark), []).append(item)

    def types(self, ref: Ref) -> set[str]:
        """The types of entities that a station's readings speak of."""
        return {
            place.type
            for place in self.places.values()
            if (place.ref.tenant, place.ref.station) == (ref.tenant, ref.station)
        }

    def items_of(self, entity: str, name: str, mark: Mark) -> list[Item]:
        """The readings of these that an attribute comes from."""
        return self._items.get((entity, name, mark), [])

    def items(self, entity: str) -> list[Item]:
        """All readings of these with a value in an entity's history."""
        measured = {(one.name, one.mark) for one in self._all if one.entity == entity and one.measured}
        return [item for name, mark in measured for item in self.items_of(entity, name, mark)]

    def history(
        self, refused: Collection[tuple[str, str, Mark]], carried: Mapping[str, Mapping[str, Mark]]
    ) -> list[Attribute]:
        """Measured values, without those that the broker refuses, or keeps because it was just told them."""
        return [
            one
            for one in self._all
            if one.measured
            and (one.entity, one.name, one.mark) not in refused
            and carried.get(one.entity, {}).get(one.name) != one.mark
        ]
