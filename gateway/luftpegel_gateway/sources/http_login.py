"""How somebody who posts to us proves who it is: with a token, or by signing what it posts.

A signature says more than a token: that the body is whole and who wrote it when, so that what somebody has
listened to cannot be posted again later. What was taken once is answered alike, and not taken again, for as
long as its signature counts; after that the window refuses it.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from luftpegel_gateway.model.conditions import Conditions
from luftpegel_gateway.transport.signature import Unsigned, judge, seems_signed

OFF = "LP-520"  # a sender's clock
MOST_TAKEN = 100_000  # messages that are remembered


class Login(Protocol):
    """Judges requests of one source."""

    def may_post(self, headers: Mapping[str, str]) -> bool:
        """Whether the body is worth reading."""

    def judged(self, headers: Mapping[str, str], body: bytes) -> bytes:
        """What this message is remembered by; Unsigned for one that is not the sender's."""

    def knows(self, mark: bytes) -> bool:
        """Whether it was taken already."""

    def full(self) -> bool:
        """Whether no more messages can be remembered now."""

    def taken(self, mark: bytes) -> None:
        """It is on the disk."""


class Token:
    """`Authorization: Bearer …`; it says nothing of the message, so none is remembered."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def may_post(self, headers: Mapping[str, str]) -> bool:
        """See `Login`."""
        scheme, _, given = headers.get("Authorization", "").partition(" ")
        shown = given.strip().encode(errors="surrogateescape")  # headers may have any bytes
        return scheme.lower() == "bearer" and hmac.compare_digest(shown, self._token)

    def judged(self, headers: Mapping[str, str], body: bytes) -> bytes:  # noqa: ARG002
        """See `Login`."""
        return b""

    def knows(self, mark: bytes) -> bool:  # noqa: ARG002
        """See `Login`."""
        return False

    def full(self) -> bool:
        """See `Login`."""
        return False

    def taken(self, mark: bytes) -> None:
        """See `Login`."""


class Signed:
    """A signature that counts for `window_s` seconds around its timestamp."""

    def __init__(
        self,
        secret: str,
        window_s: int,
        source: str,
        conditions: Conditions,
        *,
        clock: Callable[[], float] = time.time,
        most: int = MOST_TAKEN,
    ) -> None:
        """`source`: its name, for troubles. `clock`: our own, Unix seconds."""
        self._secret, self._window_s, self._source = secret, window_s, source
        self._conditions, self._clock, self._most = conditions, clock, most
        self._taken: dict[bytes, float] = {}  # mark -> when it may be forgotten; in rising order

    def may_post(self, headers: Mapping[str, str]) -> bool:
        """See `Login`."""
        return seems_signed(headers)

    def judged(self, headers: Mapping[str, str], body: bytes) -> bytes:
        """See `Login`. Where only the clocks differ, that is told: nobody finds it out otherwise."""
        try:
            key = judge(self._secret, headers, body, self._clock(), self._window_s)
        except Unsigned as unsigned:
            if unsigned.off_s:
                way = "ahead of" if unsigned.off_s > 0 else "behind"
                self._conditions.report(self._source, OFF, f"{abs(unsigned.off_s)} s {way} ours")
            raise
        self._conditions.clear(self._source, OFF)
        # The id alone would not do: a sender that uses one twice must not lose the second message.
        return hashlib.sha256(key.encode() + b"." + body).digest()

    def knows(self, mark: bytes) -> bool:
        """See `Login`."""
        return mark in self._taken

    def full(self) -> bool:
        """See `Login`."""
        now = self._clock()
        while self._taken:
            oldest = next(iter(self._taken))
            if self._taken[oldest] > now:
                break
            del self._taken[oldest]
        return len(self._taken) >= self._most

    def taken(self, mark: bytes) -> None:
        """See `Login`. A timestamp may lie ahead by a window, and counts for one after it."""
        self._taken[mark] = self._clock() + 2 * self._window_s
