"""The network's requests to one device: waiting, under way, answered, asked again, given up.

Requests handed in together travel in one frame, as a block of LinkADRReq must.
"""

from collections import deque
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from luftpegel_tools.network_server.lorawan.commands import Cid, Command, Word

TRIES = 3
LONGEST_GROUP = 51  # bytes: a group must fit a downlink of the lowest data rate


@dataclass(frozen=True)
class Settled:
    """How a group of requests ended: one answer each, None where the device kept silent to the end."""

    requests: tuple[Command, ...]
    answers: tuple[Word | None, ...]

    @property
    def accepted(self) -> bool:
        """Whether the device said yes to all of it."""
        return all(answer is not None and answer.accepted for answer in self.answers)


@dataclass
class _Group:
    requests: tuple[Command, ...]
    tries: int = TRIES

    @property
    def size(self) -> int:
        """In bytes."""
        return len(bytes(self))

    @property
    def kinds(self) -> set[Cid]:
        """Of the answers that it expects."""
        return {request.cid for request in self.requests if request.cid is not None}

    def __bytes__(self) -> bytes:
        return b"".join(map(bytes, self.requests))


class Dialogue:
    """Keeps order among the requests to one device."""

    def __init__(self) -> None:
        self._waiting: deque[_Group] = deque()
        self._under_way: list[_Group] = []

    def ask(self, *requests: Command) -> None:
        """Queue requests that belong together.

        Raises:
            ValueError: they are too long for any one frame.
        """
        group = _Group(requests)
        if group.size > LONGEST_GROUP:
            raise ValueError(f"{group.size} bytes of MAC commands, at most {LONGEST_GROUP} fit one frame")
        self._waiting.append(group)

    @property
    def waiting(self) -> int:
        """Bytes still to be said."""
        return sum(group.size for group in self._waiting)

    def concerns(self, kind: type) -> bool:
        """Whether a request of this kind is waiting or under way."""
        groups = (*self._waiting, *self._under_way)
        return any(isinstance(request, kind) for group in groups for request in group.requests)

    def take(self, room: int, not_now: Set[Cid] = frozenset()) -> bytes:
        """Say as many whole groups as fit `room` bytes, in order; from now on they await their answers.

        Answers name only a command's kind. So of each kind one group at a time is under way, and none of the
        kinds `not_now`, whose last answer the device still repeats.
        """
        said = b""
        while self._waiting and len(said) + self._waiting[0].size <= room:
            kinds = self._waiting[0].kinds
            if kinds & not_now or any(kinds & group.kinds for group in self._under_way):
                break
            group = self._waiting.popleft()
            said += bytes(group)
            if kinds:
                self._under_way.append(group)
        return said

    def settle(self, words: Iterable[Word]) -> list[Settled]:
        """Match a new uplink's words with what is under way; the unanswered is asked again or given up."""
        heard = list(words)
        ended = []
        again = []
        for group in self._under_way:
            settled = Settled(group.requests, tuple(_pick(request, heard) for request in group.requests))
            group.tries -= 1
            if _complete(settled) or group.tries == 0:
                ended.append(settled)
            else:
                again.append(group)
        self._waiting.extendleft(reversed(again))
        self._under_way = []
        return ended


def _pick(request: Command, heard: list[Word]) -> Word | None:
    """Take the first word that answers; words come in the order of the requests."""
    for word in heard:
        if word.cid == request.cid:
            heard.remove(word)
            return word
    return None


def _complete(settled: Settled) -> bool:
    pairs: Sequence[tuple[Command, Word | None]] = list(zip(settled.requests, settled.answers, strict=True))
    return all(answer is not None or request.cid is None for request, answer in pairs)
