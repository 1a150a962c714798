"""What is asked of an NGSI-LD broker: batches of entities, what it has, and whether we may write at all.

ETSI GS CIM 009: 6.15 (batch upsert), 6.5 (an entity), 5.5.2 (errors).
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.sinks import SinkDown
from luftpegel_gateway.sinks.ngsi_answers import (
    CONTEXT_AWAY,
    NO_TENANT,
    Outcome,
    problem_type,
    read_multi,
    words_of,
)
from luftpegel_gateway.sinks.ngsi_models import DEVICE, context_of
from luftpegel_gateway.transport import http_faults
from luftpegel_gateway.transport.http_client import Answer, HttpClient

API = "ngsi-ld/v1"
UPSERT = f"{API}/entityOperations/upsert"
FIRST_WIDTH = 8  # entities in a request at first: a broker that makes a new tenant bears few at once
PROBE = "urn:ngsi-ld:Device:luftpegel-probe"
NOT_NGSI, CONTEXT, TENANT = "LP-485", "LP-486", "LP-487"
FAILS = 500
SUSPECT = 3  # failures after which one of the entities is suspected
_JUDGED = (FAILS, 503)
_NOT_NGSI = (405, 406, 410, 415, 501)
Entity = Mapping[str, Any]


class Broker:
    """One broker. Every method raises OtherEndDown for what says nothing of the entities."""

    def __init__(self, client: HttpClient, context: str | None, largest: int) -> None:
        """`context`: the address of a context that all entities use; None: each brings its own inline.
        `largest`: entities in a request at most."""
        self.client = client
        self._link = context
        self._largest = largest
        self._width = min(FIRST_WIDTH, largest)
        self._failed = 0  # requests one after the other that ended with 500

    async def upsert(self, entities: Sequence[Entity]) -> Outcome:
        """Write all, each entity at most once; what became of each. One that fails stops no other."""
        found = Outcome.none()
        place = 0
        while place < len(entities):
            chunk = entities[place : place + self._width]
            found.add(await self._chunk(chunk, found))
            place += len(chunk)
            self._width = min(2 * self._width, self._largest)
        return found

    async def entity(self, entity: str) -> dict[str, Any]:
        """What the broker has of it; empty: nothing."""
        answer = await self.get(f"{API}/entities/{quote(entity, safe='')}")
        return {} if answer is None else answer

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        """An entity; None: there is none."""
        headers = {"Accept": "application/json", **self._linked()}
        answer = await self.client.request("GET", path, params=params, headers=headers, judges=_JUDGED)
        if answer.status == 404:
            self.of_whole(answer, missing=True)
            return None
        if not answer.well:
            self.of_whole(answer)
        body = answer.json()
        if not isinstance(body, dict):
            raise SinkDown(NOT_NGSI, answer.words())
        return body

    async def send(self, method: str, path: str, body: Any, entity_type: str) -> Answer:
        """Anything with one entity's terms in it. The answer is for the caller to judge."""
        linked = self._linked()
        if not linked:
            body = {**body, "@context": context_of(entity_type)}
        kind = "application/json" if linked else "application/ld+json"
        headers = {"Content-Type": kind, **linked}
        answer = await self.client.request(method, path, json=body, headers=headers, judges=_JUDGED)
        return _of_a_broker(answer)

    async def probe(self) -> None:
        """Write a device of our own, look for it, and remove it. Raises OtherEndDown where that fails."""
        measures = {"type": "Property", "value": ["waterLevel"]}
        body = {"id": PROBE, "type": DEVICE, "controlledProperty": measures}
        outcome = await self._chunk([body], Outcome.none())
        if PROBE in outcome.refused:
            raise SinkDown("LP-489", f"{self.client.address}: {outcome.refused[PROBE]}")
        if PROBE in outcome.later:
            raise SinkDown(http_faults.BROKEN, f"{self.client.address}: {outcome.later[PROBE]}")
        try:
            if (await self.entity(PROBE)).get("id") != PROBE:
                raise SinkDown(NOT_NGSI, f"{self.client.address}: {PROBE}")
        finally:
            place = f"{API}/entities/{quote(PROBE, safe='')}"
            await self.client.request("DELETE", place, judges=range(400, 600))

    def of_whole(self, answer: Answer, *, missing: bool = False) -> None:
        """Raises OtherEndDown where an answer speaks of the broker, not of what was sent. `missing`: 404 may
        mean that an entity is not there."""
        told = problem_type(answer.body)
        if told == CONTEXT_AWAY:
            wait_s = http_faults.retry_after(answer.headers.get("Retry-After", ""))
            raise SinkDown(CONTEXT, answer.words(), wait_s)
        if told in NO_TENANT:
            raise SinkDown(TENANT, answer.words())
        if answer.status in _NOT_NGSI or (missing and not told):
            raise SinkDown(NOT_NGSI, answer.words())
        if answer.status == 404 and not missing:
            raise SinkDown(http_faults.NO_SUCH_PATH, answer.words())
        if trouble := http_faults.of_status(answer.status, answer.headers, answer.body, answer.where):
            raise trouble

    async def _chunk(self, entities: Sequence[Entity], before: Outcome) -> Outcome:
        """One request, or several smaller ones where it fails as a whole."""
        ids = [entity["id"] for entity in entities]
        try:
            answer = await self._post(entities)
        except OtherEndDown:
            self._width = max(1, self._width // 2)
            raise
        if answer.status == 207:
            return read_multi(answer.json(), ids)
        if answer.well:
            self._failed = 0
            return Outcome(set(ids), {}, {})
        self._failed += answer.status == FAILS
        if self._failed < SUSPECT or answer.status != FAILS:
            self.of_whole(answer)
        if len(entities) > 1:
            return await self._halves(entities, before)
        words = f"{answer.status} {_reason(answer)}"
        if answer.status in (FAILS, 409):
            return Outcome(set(), {}, {ids[0]: words})
        return Outcome(set(), {ids[0]: words}, {})

    async def _halves(self, entities: Sequence[Entity], before: Outcome) -> Outcome:
        half = len(entities) // 2
        self._width = max(1, half)
        found = await self._chunk(entities[:half], before)
        if not found.taken and not before.taken and len(found.later) > 1:
            raise SinkDown(http_faults.BROKEN, f"{self.client.address}: {next(iter(found.later.values()))}")
        found.add(await self._chunk(entities[half:], found))
        return found

    async def _post(self, entities: Sequence[Entity]) -> Answer:
        linked = self._linked()
        body: list[Entity] = list(entities)
        if not linked:
            body = [{**entity, "@context": context_of(entity["type"])} for entity in entities]
        kind = "application/json" if linked else "application/ld+json"
        answer = await self.client.request(
            "POST",
            UPSERT,
            body=msgspec.json.encode(body),
            params={"options": "update"},
            headers={"Content-Type": kind, "Accept": "application/json", **linked},
            judges=_JUDGED,
        )
        return _of_a_broker(answer)

    def _linked(self) -> dict[str, str]:
        """The context's address as a header (6.3.5)."""
        if self._link is None:
            return {}
        rel = 'rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
        return {"Link": f"<{self._link}>; {rel}"}


def _of_a_broker(answer: Answer) -> Answer:
    """The answer. SinkDown LP-476: nobody has taken anything, it is a login page before the broker."""
    if answer.well and answer.is_page:
        raise SinkDown(http_faults.NOT_UNDERSTOOD, answer.words())
    return answer


def _reason(answer: Answer) -> str:
    try:
        return words_of(msgspec.json.decode(answer.body))
    except msgspec.DecodeError:
        return http_faults.excerpt(answer.body)
