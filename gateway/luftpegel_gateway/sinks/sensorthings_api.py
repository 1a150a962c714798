"""Requests to a SensorThings service (OGC 18-088, version 1.1): find, create, change and remove entities.

An entity's id is the server's: a number, or text. A search is asked page by page with `$skip`; the server's
own links to further pages are not followed: behind a proxy many name an address that only it can reach.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from luftpegel_gateway.sinks import SinkDown
from luftpegel_gateway.transport import http_faults
from luftpegel_gateway.transport.http_client import Answer, HttpClient

Id = int | str
Entity = dict[str, Any]
TERMS = 20  # of a filter in one request: some 3 KiB of address, and servers take 8
PAGE = 1000
MOST_PAGES = 200
REFUSED, VANISHED = "LP-481", "LP-484"
AT_ONCE = 4


class Api:
    """One service. Raises OtherEndDown for all that says nothing of what was sent."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self._some = asyncio.Semaphore(AT_ONCE)

    async def find(self, collection: str, terms: Sequence[str], **query: str) -> list[Entity]:
        """All entities for which one of the terms of `$filter` holds, by id."""
        found: list[Entity] = []
        for start in range(0, len(terms), TERMS):
            asked = {"$filter": " or ".join(terms[start : start + TERMS]), **_dollars(query)}
            found += await self._pages(collection, asked)
        return found

    async def any(self, collection: str, terms: Sequence[str] = ()) -> bool:
        """Whether there is an entity; with terms (`TERMS` at most), one for which one of them holds."""
        asked = {"$top": "1", "$select": "id", **({"$filter": " or ".join(terms)} if terms else {})}
        return bool(self._values(await self._get(collection, asked)))

    async def create(self, collection: str, body: Entity) -> Id | None:
        """Make an entity; its id, where the answer tells it (`Location`, RFC 9110, 10.2.2). Raises SinkDown
        LP-481: the service does not want it."""
        async with self._some:
            answer = await self._client.request("POST", collection, json=body)
        self._done(answer)
        return _id_of(answer.headers.get("Location", ""))

    async def change(self, collection: str, entity: Id, body: Entity) -> Answer:
        """PATCH an entity; the caller judges the answer."""
        async with self._some:
            return await self._client.request("PATCH", at(collection, entity), json=body)

    async def remove(self, collection: str, entity: Id) -> bool:
        """DELETE an entity; False where that is not allowed. One that is gone already is removed."""
        answer = await self._client.request("DELETE", at(collection, entity), judges=(401, 403, 501))
        return answer.well or answer.status == 404

    async def post(self, path: str, body: Any, judges: Iterable[int] = ()) -> Answer:
        """POST; the caller judges the answer."""
        return await self._client.request("POST", path, json=body, judges=tuple(judges))

    async def root(self) -> Answer:
        """What the service says of itself."""
        return await self._client.request("GET", "")

    def refuse(self, answer: Answer) -> SinkDown:
        """For what is not about a single reading."""
        return SinkDown(VANISHED if gone(answer) else REFUSED, answer.words())

    def lost(self, collection: str, key: str) -> SinkDown:
        """For what was made and is not there: a cache in between, or a filter that does not work."""
        return SinkDown(
            http_faults.NOT_UNDERSTOOD, f"{self._client.address}/{collection}: made, not found: {key}"
        )

    def _done(self, answer: Answer) -> None:
        if not answer.well:
            raise self.refuse(answer)

    async def _pages(self, collection: str, asked: Mapping[str, str]) -> list[Entity]:
        found: list[Entity] = []
        for _ in range(MOST_PAGES):
            page = {"$orderby": "id", "$top": str(PAGE), "$skip": str(len(found)), **asked}
            answer = await self._get(collection, page)
            values = self._values(answer)
            found += values
            if not values or "@iot.nextLink" not in answer.json():
                return found
        raise SinkDown(http_faults.NOT_UNDERSTOOD, f"{collection}: more than {MOST_PAGES} pages")

    async def _get(self, collection: str, asked: Mapping[str, str]) -> Answer:
        answer = await self._client.request("GET", collection, params=asked)
        if answer.status == 404:
            raise SinkDown(http_faults.NO_SUCH_PATH, answer.words())
        self._done(answer)
        return answer

    @staticmethod
    def _values(answer: Answer) -> list[Entity]:
        """The entities of an answer. SinkDown LP-476: it has none, not even an empty list."""
        told = answer.json()
        values = told.get("value") if isinstance(told, dict) else None
        if not isinstance(values, list) or not all(map(_is_entity, values)):
            raise SinkDown(http_faults.NOT_UNDERSTOOD, answer.words())
        return values


def gone(answer: Answer) -> bool:
    """Whether something that a request leans on is not there any more (FROST says so with 400 or 404)."""
    return answer.status == 404 or "no such entity" in answer.words().lower()


def at(collection: str, entity: Id) -> str:
    """`Things(7)`, `Things('a')`."""
    return f"{collection}({literal(entity)})"


def literal(value: Id) -> str:
    """A value in a path or a filter (OData: a quote inside is doubled)."""
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def _is_entity(one: Any) -> bool:
    return isinstance(one, dict) and isinstance(one.get("@iot.id"), Id)


def _id_of(link: str) -> Id | None:
    """The id at the end of a link to an entity."""
    found = re.search(r"\((?:(-?\d+)|'(.*)')\)$", unquote(link))
    if found is None:
        return None
    number, text = found.groups()
    return int(number) if number else text.replace("''", "'")


def older(entity: Entity) -> tuple[bool, Id]:
    """What entities are ordered by: the one that was made first comes first where ids are numbers."""
    found = entity["@iot.id"]
    return isinstance(found, str), found


def _dollars(query: Mapping[str, str]) -> dict[str, str]:
    return {f"${key}": value for key, value in query.items()}
