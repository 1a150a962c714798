"""Who does a request: the running gateway, or, when there is none, this process under the folder's lock."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from luftpegel_gateway.control.client import Client, NobodyListens, connected
from luftpegel_gateway.control.handlers import Handlers, handle
from luftpegel_gateway.control.lock import locked
from luftpegel_gateway.control.protocol import Answer, Request
from luftpegel_gateway.model.faults import CannotStart

STARTING_S = 10.0  # a gateway that holds the lock and does not listen yet, or no more
LOOK_AGAIN_S = 0.1
Alone = Callable[[], contextlib.AbstractContextManager[Handlers]]


class Doer(Protocol):
    """Who does requests."""

    def ask(self, request: Request) -> Answer:
        """The answer. CannotStart with the code of what keeps it from being done."""


class _Self:
    """Does requests in this process."""

    def __init__(self, runner: asyncio.Runner, handlers: Handlers) -> None:
        self._runner = runner
        self._handlers = handlers

    def ask(self, request: Request) -> Answer:
        answer = self._runner.run(handle(request, self._handlers))
        if answer.error is not None:
            raise CannotStart(answer.error.code, answer.error.detail)
        return answer


@contextlib.contextmanager
def doer(folder: Path, alone: Alone, starting_s: float = STARTING_S) -> Iterator[Doer]:
    """Somebody who does requests. `alone` opens the journal for writing; it is called under the lock.

    CannotStart LP-332: a gateway holds the folder but does not listen; others: the folder cannot be used.
    """
    with contextlib.ExitStack() as stack:
        running = _running(stack, folder, starting_s)
        yield running or _Self(stack.enter_context(asyncio.Runner()), stack.enter_context(alone()))


def _running(stack: contextlib.ExitStack, folder: Path, starting_s: float) -> Client | None:
    """The running gateway, or None when this process holds the lock now."""
    deadline = time.monotonic() + starting_s
    while True:
        try:
            return stack.enter_context(connected(folder))
        except NobodyListens as silence:
            if _hold(stack, folder):
                return None
            if time.monotonic() > deadline:
                detail = f"a gateway holds {folder}, but nobody listens there"
                raise CannotStart("LP-332", detail) from silence
        time.sleep(LOOK_AGAIN_S)


def _hold(stack: contextlib.ExitStack, folder: Path) -> bool:
    """Take the lock; False when another process has it."""
    try:
        stack.enter_context(locked(folder))
    except CannotStart as refusal:
        if isinstance(refusal.__cause__, BlockingIOError):
            return False
        raise
    return True
