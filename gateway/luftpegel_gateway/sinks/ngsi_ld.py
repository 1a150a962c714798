"""To an NGSI-LD broker (ETSI GS CIM 009): Stellio, Scorpio, Orion-LD, in the words of the Smart Data Models.

An entity has the newest value of each attribute, whatever comes later from a station's memory, and whatever
comes again after a crash: `ngsi_state.py` keeps that on our disk before anything is sent. History is told by
option (`ngsi_history.py`). What the broker refuses is refused alone.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from luftpegel_gateway.config.options import Option, choice, whole
from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.model.observations import AlarmRaised, Item, Observed, Rejection
from luftpegel_gateway.sinks import Context, SinkDown
from luftpegel_gateway.sinks.ngsi_answers import Outcome
from luftpegel_gateway.sinks.ngsi_broker import Broker
from luftpegel_gateway.sinks.ngsi_entities import Mark, alert_of, controlled, fixed
from luftpegel_gateway.sinks.ngsi_history import History
from luftpegel_gateway.sinks.ngsi_instances import mark_of, outdates
from luftpegel_gateway.sinks.ngsi_models import DEVICE, short
from luftpegel_gateway.sinks.ngsi_plan import Plan
from luftpegel_gateway.sinks.ngsi_state import Held, Pending, State
from luftpegel_gateway.transport import http_faults, http_options
from luftpegel_gateway.transport.http_client import HttpClient
from luftpegel_gateway.transport.http_options import HTTP_OPTIONS

KIND = "ngsi-ld"
OPTIONS = {
    **HTTP_OPTIONS,
    "context": Option(http_options.url, None),
    "history": Option(choice("no", "missing", "all"), "no"),
    "entities": Option(whole(1, 1000), 100),
}
wrong, warnings = http_options.wrong, http_options.warnings
REVISES = True
BATCH = 500
REFUSED = "LP-488"
ROUNDS = 3  # a refused newest value gives way to the one before it so many times in one delivery
TRIES = 10  # so often an entity may fail alone, in a broker that takes others, before it is refused
Told = dict[str, dict[str, Mark]]  # entity -> attribute -> which reading
Refused = dict[tuple[str, str, Mark], str]  # entity, attribute, reading -> why
Answer = TypeVar("Answer")


class NgsiLd:
    """One broker."""

    def __init__(self, context: Context) -> None:
        """Raises CannotStart: files for TLS cannot be read."""
        options = context.options
        self._name = context.name
        self._station = context.station
        self._client = HttpClient(options, context.name)
        self._broker = Broker(self._client, options["context"], options["entities"])
        self._history = History(self._broker)
        self._keeps = options["history"]
        self._state = State(context.folder / f"ngsi-{context.name}.sqlite")
        self._tries: Counter[str] = Counter()  # failures of entities in a broker that took others

    async def start(self) -> None:
        """See `Sink`."""

    async def stop(self) -> None:
        """See `Sink`."""
        await self._client.close()

    async def deliver(self, items: Sequence[Item]) -> list[Rejection]:
        """See `Sink`."""
        reasons = await self._alarms([item for item in items if isinstance(item, AlarmRaised)])
        plan = Plan([item for item in items if isinstance(item, Observed)], self._station)
        told: Told = {}
        refused = await self._present(plan, told)
        reasons |= {
            item: f"{entity} {name}: {reason}"
            for (entity, name, mark), reason in refused.items()
            for item in plan.items_of(entity, name, mark)
        }
        if self._keeps != "no":
            carried = told if self._keeps == "missing" else {}
            gone = await self._history.write(plan.history(refused, carried))
            reasons |= {
                item: f"{entity}: {why}" for entity, why in gone.items() for item in plan.items(entity)
            }
        return [
            Rejection(item, Fault(REFUSED, f"{self._client.address}: {reasons[item]}"))
            for item in dict.fromkeys(items)
            if item in reasons
        ]

    async def _alarms(self, alarms: Sequence[AlarmRaised]) -> dict[Item, str]:
        """Tell alarms, each an entity of its own; what is refused, and why."""
        bodies, of = {}, {}
        for alarm in alarms:
            body = alert_of(alarm, self._station(alarm.ref.station, alarm.ref.tenant))
            bodies[body["id"]], of[body["id"]] = body, alarm
        outcome = await self._judged(await self._broker.upsert(list(bodies.values())))
        self._raise_for(outcome)
        return {of[entity]: f"{entity}: {reason}" for entity, reason in outcome.refused.items()}

    async def _present(self, plan: Plan, told: Told) -> Refused:
        """Have each attribute be its newest; `told` is what was, and the answer what the broker refuses."""
        refused: Refused = {}
        for _ in range(ROUNDS):
            wanted = [one for one in plan.current if (one.entity, one.name, one.mark) not in refused]
            pending = await self._on_disk(self._state.merge, wanted)
            gone = await self._tell(plan, await self._unknown(pending), told)
            refused |= gone
            if not gone:
                break
        return refused

    async def _unknown(self, pending: Mapping[str, Pending]) -> dict[str, dict[str, Held]]:
        """What the broker does not have yet. It is asked where that is not sure: a repeat would be a second
        value in its history, and a lost file of ours no reason to go back in time."""
        unsure = [entity for entity, one in pending.items() if one.unsure and one.attributes]
        there = dict(zip(unsure, await asyncio.gather(*map(self._broker.entity, unsure)), strict=True))
        todo: dict[str, dict[str, Held]] = {}
        known: Told = {}
        for entity, one in pending.items():
            marks = {short(name): mark_of(found) for name, found in there.get(entity, {}).items()}
            for name, held in one.attributes.items():
                if (mark := marks.get(name)) is not None and outdates(mark, held.mark):
                    known.setdefault(entity, {})[name] = mark
                else:
                    todo.setdefault(entity, {})[name] = held
        await self._note(known)
        return todo

    async def _tell(self, plan: Plan, todo: Mapping[str, dict[str, Held]], told: Told) -> Refused:
        """Write; note what the broker has; what it refuses. Raises SinkDown where something is left."""
        bodies = [self._body(plan, *one) for one in todo.items()]
        outcome = await self._judged(await self._broker.upsert(bodies))
        taken: Told = {entity: _marks(todo[entity]) for entity in outcome.taken}
        refused: Refused = {}
        for entity, reason in outcome.refused.items():
            if entity in outcome.tired:
                refused |= _each(entity, todo[entity], reason)
            else:
                refused |= await self._apart(plan, entity, todo[entity], reason, taken)
        await self._note(taken)
        await self._on_disk(self._state.forget, list(refused))
        for entity, marks in taken.items():
            told.setdefault(entity, {}).update(marks)
        self._raise_for(outcome)
        return refused

    async def _apart(
        self, plan: Plan, entity: str, attributes: dict[str, Held], reason: str, taken: Told
    ) -> Refused:
        """Which of an entity's attributes the broker refuses; the others are added to `taken`."""
        if len(attributes) == 1:
            return _each(entity, attributes, reason)
        refused: Refused = {}
        for name, held in attributes.items():
            outcome = await self._broker.upsert([self._body(plan, entity, {name: held})])
            if outcome.taken:
                taken.setdefault(entity, {})[name] = held.mark
            self._raise_for(outcome)
            if outcome.refused:
                refused[entity, name, held.mark] = outcome.refused[entity]
        return refused

    async def _judged(self, outcome: Outcome) -> Outcome:
        """Where nothing at all was taken, it may be the broker or our rights: then readings wait. What fails
        alone for too long is refused: the others must not wait for it."""
        if outcome.refused and not outcome.taken:
            await self._broker.probe()
        for entity in outcome.taken | outcome.refused.keys():
            self._tries.pop(entity, None)
        self._tries.update(outcome.later.keys())
        tired = {one: why for one, why in outcome.later.items() if self._tries[one] >= TRIES}
        if tired:
            await self._broker.probe()
            for entity, reason in tired.items():
                del self._tries[entity]
                outcome.later.pop(entity)
                outcome.refused[entity] = reason
                outcome.tired.add(entity)
        return outcome

    def _raise_for(self, outcome: Outcome) -> None:
        for entity, reason in outcome.later.items():
            raise SinkDown(http_faults.BROKEN, f"{self._client.address}: {entity}: {reason}")

    def _body(self, plan: Plan, entity: str, attributes: Mapping[str, Held]) -> dict[str, Any]:
        """An entity with these attributes, and what is always said of it."""
        place = plan.places[entity]
        station = self._station(place.ref.station, place.ref.tenant)
        body = fixed(entity, place.type, place.ref, station)
        if place.type == DEVICE:
            body["controlledProperty"] = controlled(station.kind if station else "", plan.types(place.ref))
        return {**body, **{name: msgspec.Raw(held.body.encode()) for name, held in attributes.items()}}

    async def _note(self, told: Told) -> None:
        if told:
            await self._on_disk(self._state.told, told)

    async def _on_disk(self, work: Callable[..., Answer], *what: Any) -> Answer:
        """Our file, in a thread. Raises SinkDown."""
        try:
            return await asyncio.to_thread(work, *what)
        except sqlite3.Error as error:
            raise SinkDown("LP-411", f"{self._name}: {error}") from error


def _each(entity: str, attributes: Mapping[str, Held], reason: str) -> Refused:
    return {(entity, name, held.mark): reason for name, held in attributes.items()}


def _marks(attributes: Mapping[str, Held]) -> dict[str, Mark]:
    return {name: held.mark for name, held in attributes.items()}


def create(context: Context) -> NgsiLd:
    """The sink of one [[sink]] with kind "ngsi-ld". Raises CannotStart."""
    return NgsiLd(context)


async def probe(options: Mapping[str, Any], name: str) -> None:
    """Whether a broker is there that takes what we write; nothing stays behind. Raises OtherEndDown."""
    client = HttpClient(options, name)
    try:
        await Broker(client, options["context"], 1).probe()
    finally:
        await client.close()
