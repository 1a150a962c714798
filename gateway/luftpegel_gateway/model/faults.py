"""What can go wrong, as values: why a frame is refused, why the journal takes nothing, why nothing can start.

Codes are those of `words/messages.py`: LP-2xx link and frames, LP-3xx operator, LP-4xx brokers, disks, sinks.
"""

import msgspec


class Fault(msgspec.Struct, frozen=True, gc=False):
    """Why (a part of) a frame cannot be used: an LP code, and what was seen."""

    code: str
    detail: str


class Refused(ValueError):  # noqa: N818 - an outcome, told apart by its code
    """A frame that cannot be used."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code} {detail}")
        self.code = code
        self.detail = detail


class JournalDown(Exception):  # noqa: N818 - a state, not a mistake
    """The journal can take or give nothing now; nothing of the batch is left behind: hold it and try
    again."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code} {detail}")
        self.code = code
        self.detail = detail


class CannotStart(Exception):  # noqa: N818 - told to the operator
    """The gateway cannot start, or a verb do its work: an LP code, what was seen, what its text names."""

    def __init__(self, code: str, detail: str, **words: object) -> None:
        super().__init__(f"{code} {detail}")
        self.code = code
        self.detail = detail
        self.words = words


class OtherEndDown(Exception):  # noqa: N818 - a state, not a mistake
    """A platform, broker or disk can take nothing now: what was for it is offered again later."""

    def __init__(self, code: str, detail: str, wait_s: float = 0.0) -> None:
        """`wait_s`: the other end asked not to be tried again for so long (seconds)."""
        super().__init__(f"{code} {detail}")
        self.code = code
        self.detail = detail
        self.wait_s = wait_s
