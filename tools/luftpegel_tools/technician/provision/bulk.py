"""Many things at once, but not too many; one that fails holds up no other, a server that is gone does."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Generic, TypeVar

from luftpegel_gateway.model.faults import CannotStart, OtherEndDown
from luftpegel_tools.technician.words import TroubleError

AT_ONCE = 4  # calls under way together: a small ChirpStack's database does not like more
# The next one would hear the same: not reachable, TLS, no API, wrong key, no answer in time.
WHOLE_SERVER = frozenset(
    f"LP-{number}" for number in (*range(502, 510), 513, *range(460, 469), 470, 473, 474)
)
Trouble = TroubleError | OtherEndDown | CannotStart
T = TypeVar("T")
R = TypeVar("R")


class Outcome(Generic[T, R]):
    """What became of one thing: a result or a trouble; neither where it was not begun."""

    def __init__(self, thing: T, result: R | None = None, trouble: Trouble | None = None) -> None:
        self.thing, self.result, self.trouble = thing, result, trouble


def each(do: Callable[[T], R], things: Sequence[T], at_once: int = AT_ONCE) -> Iterator[Outcome[T, R]]:
    """The outcome of each thing as it is there. Whoever stops asking: what is under way is finished."""
    halt = threading.Event()

    def one(thing: T) -> Outcome[T, R]:
        if halt.is_set():
            return Outcome(thing)
        try:
            return Outcome(thing, do(thing))
        except (TroubleError, OtherEndDown, CannotStart) as trouble:
            if trouble.code in WHOLE_SERVER:
                halt.set()
            return Outcome(thing, trouble=trouble)

    with ThreadPoolExecutor(at_once, thread_name_prefix="provision") as threads:
        under_way = [threads.submit(one, thing) for thing in things]
        try:
            for done in as_completed(under_way):
                yield done.result()
        finally:
            halt.set()
