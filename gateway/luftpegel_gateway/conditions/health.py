"""What is wrong: right now, by part (the list that the log, the page and /readyz tell), or from the start.

Each part (a source, a sink, the journal) reports one trouble or none; changes are logged once, not every
attempt.
"""

import logging
import time
from dataclasses import dataclass

log = logging.getLogger("luftpegel.gateway")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One part's trouble: LP code, what was seen, since when (unix seconds, our clock)."""

    code: str
    detail: str
    since: float


class Health:
    """The troubles of all parts. Used on the event loop only."""

    def __init__(self) -> None:
        self.troubles: dict[str, Trouble] = {}

    def report(self, part: str, code: str, detail: str) -> None:
        """`part` has this trouble now."""
        before = self.troubles.get(part)
        if before is None or (before.code, before.detail) != (code, detail):
            log.warning("%s: %s %s", part, code, detail)
        since = before.since if before is not None and before.code == code else time.time()
        self.troubles[part] = Trouble(code, detail, since)

    def clear(self, part: str) -> None:
        """`part` works."""
        if self.troubles.pop(part, None):
            log.info("%s: works", part)


class CannotStart(Exception):  # noqa: N818 - told to the operator
    """The gateway cannot start: an LP code and what was seen."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code} {detail}")
        self.code = code
        self.detail = detail
