"""Commands to devices by ChirpStack's API: one thread that looks into the queue, then queues, one at a time.

What it is asked for was committed before; what does not succeed is asked for again with a later uplink of the
station. So nothing is kept here: a command that finds no room or no server is dropped and told of.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from luftpegel_gateway.model.conditions import Conditions
from luftpegel_gateway.model.events import Downlink
from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.network_server import queue
from luftpegel_gateway.network_server.channel import Api

NOT_QUEUED = "LP-517"
MOST_WAITING = 200  # each may take seconds when the server is slow
log = logging.getLogger("luftpegel.gateway")


class Sender:
    """Made and used on the event loop; `close` in a thread beside it."""

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any],
        queued: Callable[[Downlink, str], None],
        conditions: Conditions,
    ) -> None:
        """`queued(downlink, id)` is called on the loop once the server has it, under its own name `id`."""
        self._name = name
        self._queued = queued
        self._conditions = conditions
        self._loop = asyncio.get_running_loop()
        self._api = Api(options)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"{name}-commands")
        self._waiting = 0

    def send(self, downlink: Downlink) -> None:
        """Queue it at the server, some time soon."""
        if self._waiting >= MOST_WAITING:
            self._conditions.report(self._name, NOT_QUEUED, f"{self._waiting} wait")
            return
        self._waiting += 1
        self._thread.submit(self._work, downlink)

    def close(self) -> None:
        """Queue nothing more; a call that is under way is broken off."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._api.close()
        self._thread.shutdown()

    # The thread.

    def _work(self, downlink: Downlink) -> None:
        try:
            found, fault = queue.enqueue_once(self._api, downlink), ""
        except OtherEndDown as down:
            found, fault = "", f"{down.code} {down.detail}"
        except Exception as error:  # a mistake of ours, or a channel that was closed under us
            log.debug("a command failed", exc_info=error)
            found, fault = "", f"{type(error).__name__}: {error}"
        try:
            self._loop.call_soon_threadsafe(self._done, downlink, found, fault)
        except RuntimeError:  # the loop has ended
            log.debug("nobody hears of %s any more", downlink.id)

    # The loop.

    def _done(self, downlink: Downlink, found: str, fault: str) -> None:
        self._waiting -= 1
        if fault:
            self._conditions.report(self._name, NOT_QUEUED, fault)
            return
        self._conditions.clear(self._name, NOT_QUEUED)
        self._queued(downlink, found)
