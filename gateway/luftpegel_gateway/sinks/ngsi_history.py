"""History in a broker: each value once, under `temporal/entities` (ETSI GS CIM 009, 6.18 to 6.22).

A broker keeps a value as often as it is sent, and gives each a name of its own choice (`instanceId` is the
broker's, 4.5.7; `datasetId` would make each value a series). So it is asked before it is told: one question
for up to 50 readings of an entity.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from luftpegel_gateway.sinks.ngsi_broker import API, Broker
from luftpegel_gateway.sinks.ngsi_entities import Attribute, iso
from luftpegel_gateway.sinks.ngsi_instances import is_of, revision_of, seconds_of
from luftpegel_gateway.sinks.ngsi_models import short

GROUP = 50  # readings that one question is for
TEMPORAL = f"{API}/temporal/entities"
UNSUPPORTED = (400, 404, 405, 409, 422, 501)
Known = dict[tuple[str, int], list[tuple[str, dict[str, Any]]]]  # (attribute, time) -> name as told, instance


class History:
    """Values that a broker keeps for good."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def write(self, attributes: Sequence[Attribute]) -> dict[str, str]:
        """Write what the broker does not have yet; entities that it refuses for good, and why."""
        by_entity: dict[str, list[Attribute]] = {}
        for attribute in attributes:
            by_entity.setdefault(attribute.entity, []).append(attribute)
        refused: dict[str, str] = {}
        for entity, values in by_entity.items():
            newest = {(one.name, one.mark.time, one.mark.name): one for one in sorted(values, key=_mark)}
            for group in _groups(newest.values()):
                if reason := await self._group(entity, group):
                    refused[entity] = reason
        return refused

    async def _group(self, entity: str, values: Sequence[Attribute]) -> str:
        known = await self._known(entity, values)
        missing = []
        for one in values:
            there = known.get((one.name, one.mark.time), [])
            same = [found for found in there if is_of(found[1], one.mark)]
            if not same:
                missing.append(one)
            elif revision_of(same[0][1]) < one.mark.revision:
                await self._correct(entity, one, *same[0])
        return await self._add(entity, missing) if missing else ""

    async def _known(self, entity: str, values: Sequence[Attribute]) -> Known:
        """What the broker has in that time."""
        times = [one.mark.time for one in values]
        window = {
            "timerel": "between",
            "timeAt": iso(min(times) - 1),
            "endTimeAt": iso(max(times) + 1),
            "timeproperty": "observedAt",
        }
        found = await self._broker.get(f"{TEMPORAL}/{quote(entity, safe='')}", window)
        known: Known = {}
        for name, instances in (found or {}).items():
            for one in instances if isinstance(instances, list) else [instances]:  # of a single one no list
                moment = seconds_of(one) if isinstance(one, dict) else None
                if moment is not None:
                    known.setdefault((short(name), moment), []).append((name, one))
        return known

    async def _add(self, entity: str, values: Sequence[Attribute]) -> str:
        """Add to what is there, or begin it; why it is refused."""
        bodies: dict[str, list[msgspec.Raw]] = {}
        for one in values:
            bodies.setdefault(one.name, []).append(msgspec.Raw(one.body.encode()))
        type_ = values[0].type
        path = f"{TEMPORAL}/{quote(entity, safe='')}/attrs"
        answer = await self._broker.send("POST", path, bodies, type_)
        if answer.status == 404:
            self._broker.of_whole(answer, missing=True)
            answer = await self._broker.send("POST", TEMPORAL, {"id": entity, "type": type_, **bodies}, type_)
        if answer.well:
            return ""
        self._broker.of_whole(answer)
        return answer.words()

    async def _correct(self, entity: str, value: Attribute, name: str, instance: dict[str, Any]) -> None:
        """Another quality for a value that the broker has. Where it cannot change that, the old one stays: a
        second value beside it would be worse."""
        if not isinstance(instance.get("instanceId"), str):
            return
        place = "/".join(quote(part, safe="") for part in (entity, "attrs", name, instance["instanceId"]))
        body = {name: msgspec.Raw(value.body.encode())}
        answer = await self._broker.send("PATCH", f"{TEMPORAL}/{place}", body, value.type)
        if not answer.well and answer.status not in UNSUPPORTED:
            self._broker.of_whole(answer)


def _mark(attribute: Attribute) -> Any:
    return attribute.mark


def _groups(values: Iterable[Attribute]) -> Iterable[list[Attribute]]:
    """Values of up to 50 readings, in the order of time."""
    ordered = sorted(values, key=_mark)
    group: list[Attribute] = []
    for one in ordered:
        if len({value.mark for value in group} | {one.mark}) > GROUP:
            yield group
            group = []
        group.append(one)
    if group:
        yield group
