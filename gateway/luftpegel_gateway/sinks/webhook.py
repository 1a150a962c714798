"""Post batches of JSON to an address: for what a town has written itself, or buys. Schema: docs/webhook.md.

At least once, in the journal's order; keys tell the receiver what it has. What it refuses is refused alone: a
batch that it does not take is halved until the guilty item stands alone, unless it takes nothing at all.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from luftpegel_gateway.config.options import Option, Wrong, secret, whole
from luftpegel_gateway.model.faults import Fault
from luftpegel_gateway.model.observations import Item, Rejection
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sinks import Context, SinkDown
from luftpegel_gateway.sinks.webhook_messages import (
    batch_key,
    body_of,
    key_of,
    refusals,
)
from luftpegel_gateway.transport import http_faults, http_options, signature
from luftpegel_gateway.transport.http_client import Answer, HttpClient
from luftpegel_gateway.transport.http_options import HTTP_OPTIONS

KIND = "webhook"
OPTIONS = {
    **HTTP_OPTIONS,
    "secret_file": Option(secret, None),
    "items": Option(whole(1, 2000), 200),
}
warnings = http_options.warnings
REVISES = True
RAW = True
BATCH = 2000
REFUSED, REFUSES_ALL = "LP-488", "LP-489"
KNOWN, GONE, TOO_LARGE, FAILS = 409, 410, 413, 500
TRIES = 10  # times that one batch may make the receiver fail before the guilty item is looked for
_NOT_HERE = {404: http_faults.NO_SUCH_PATH, 405: REFUSES_ALL, GONE: REFUSES_ALL}


def wrong(options: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """Options that cannot stand as they do: (key, what is wrong)."""
    yield from http_options.wrong(options)
    yield from signature.wrong(options)


class Webhook:
    """One receiver."""

    def __init__(self, context: Context, clock: Callable[[], float] = time.time) -> None:
        """`clock`: Unix seconds, for the signature. Raises CannotStart: files for TLS cannot be read."""
        self._client = HttpClient(context.options, context.name)
        self._station: Callable[[str, str], Station | None] = context.station
        self._secret = context.options["secret_file"]
        self._largest = context.options["items"]
        self._clock = clock
        self._done: dict[str, str | None] = {}  # answers to items of a batch that was not finished
        self._failed = ("", 0)  # the batch that the receiver failed at last, and how often

    async def start(self) -> None:
        """See `Sink`."""

    async def stop(self) -> None:
        """See `Sink`."""
        await self._client.close()

    async def deliver(self, items: Sequence[Item]) -> list[Rejection]:
        """See `Sink`."""
        keys = [key_of(item) for item in items]
        self._done = {key: self._done[key] for key in keys if key in self._done}
        left = {key: item for key, item in zip(keys, items, strict=True) if key not in self._done}
        todo = list(left.values())
        for place in range(0, len(todo), self._largest):
            await self._batch(todo[place : place + self._largest])
        answers, self._done = self._done, {}
        return [
            Rejection(item, Fault(REFUSED, f"{self._client.address}: {key}: {answers[key]}"))
            for key, item in dict(zip(keys, items, strict=True)).items()
            if answers[key] is not None
        ]

    async def probe(self) -> None:
        """Post an empty batch. Raises OtherEndDown where the receiver does not even take that."""
        answer = await self._post(body_of([], self._station))
        if answer.well and answer.is_page:
            raise SinkDown(http_faults.NOT_UNDERSTOOD, answer.words())
        if not answer.well and answer.status != KNOWN:
            raise SinkDown(_NOT_HERE.get(answer.status, REFUSES_ALL), answer.words())

    async def _batch(self, items: Sequence[Item], *, suspect: bool = False) -> None:
        """Post until each has its answer, in `_done`. `suspect`: one of them makes the receiver fail."""
        body = body_of(items, self._station)
        answer = await self._post(body)
        if answer.well and answer.is_page:  # nobody has taken anything: a login page before the receiver
            raise SinkDown(http_faults.NOT_UNDERSTOOD, answer.words())
        if answer.well:
            reasons = refusals(answer.body)
            self._done |= {key: reasons.get(key) for key in map(key_of, items)}
        elif answer.status == KNOWN:
            self._done |= dict.fromkeys(map(key_of, items))
        elif answer.status in _NOT_HERE:
            raise SinkDown(_NOT_HERE[answer.status], answer.words())
        elif answer.status == FAILS and not suspect and not self._fails_again(body):
            raise SinkDown(http_faults.BROKEN, answer.words())
        else:
            await self._halves(items, answer)

    async def _halves(self, items: Sequence[Item], answer: Answer) -> None:
        """Not taken as a whole: is it the receiver, or one of the items?"""
        if answer.status != TOO_LARGE or len(items) == 1:
            await self.probe()
        if len(items) == 1:
            self._done[key_of(items[0])] = f"{answer.status} {http_faults.excerpt(answer.body)}".rstrip()
            return
        half = len(items) // 2
        for part in (items[:half], items[half:]):
            await self._batch(part, suspect=answer.status == FAILS)

    def _fails_again(self, body: bytes) -> bool:
        """Count the failures at one batch; True: often enough to suspect what is in it."""
        key, times = self._failed
        now = batch_key(body)
        self._failed = (now, times + 1 if key == now else 1)
        return self._failed[1] >= TRIES

    async def _post(self, body: bytes) -> Answer:
        key = batch_key(body)
        headers = {"Content-Type": "application/json", "Idempotency-Key": key, signature.ID: key}
        if self._secret is not None:
            now = int(self._clock())
            headers[signature.TIMESTAMP] = str(now)
            headers[signature.SIGNATURE] = signature.signature(self._secret, key, now, body)
        return await self._client.request("POST", "", body=body, headers=headers, judges=(FAILS,))


def create(context: Context) -> Webhook:
    """The sink of one [[sink]] with kind "webhook". Raises CannotStart."""
    return Webhook(context)


async def probe(options: Mapping[str, Any], name: str) -> None:
    """Whether a receiver is there that takes an empty batch. Raises OtherEndDown."""
    sink = Webhook(Context(name, options, Path()))
    try:
        await sink.probe()
    finally:
        await sink.stop()
