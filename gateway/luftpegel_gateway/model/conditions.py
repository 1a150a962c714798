"""How a part tells what is wrong with it, and that it is right again. `conditions/` keeps and shows it."""

from typing import Protocol


class Conditions(Protocol):
    """What is wrong now, by subject: a source, a sink, the journal. Used on the event loop only."""

    def report(self, subject: str, code: str, detail: str) -> None:
        """`subject` has this trouble now; saying it again changes nothing but what was seen last."""

    def clear(self, subject: str, *codes: str) -> None:
        """`subject` no longer has these troubles; without codes: none at all."""
