"""What a plan says of one thing, and what became of it. No key is ever in here."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from luftpegel_tools.technician.words import TroubleError


class State(StrEnum):
    """What is to be done about a thing."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    FOREIGN = "foreign"  # there, and none of ours: left alone
    REFUSED = "refused"  # must not be done, or not by us


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that is another one there; of a secret only that it is."""

    field: str
    there: str
    here: str


@dataclass(frozen=True, slots=True)
class Item:
    """`what`: tenant, application, profile, gateway, device. `name`: for people; `id`: the server's."""

    what: str
    name: str
    state: State
    id: str = ""
    differences: Sequence[Difference] = ()
    trouble: TroubleError | None = None

    @property
    def writes(self) -> bool:
        """Whether something is to be written."""
        return self.state in (State.NEW, State.CHANGED)


def told(value: object) -> str:
    """A value for people: short, on one line."""
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
