"""Whether all is well, and what is not: the one judgement that the page, /readyz and the command line tell.

All is well when no part of the gateway has a condition, nothing is in quarantine, no sink has waited long,
and every station is heard and alone under its id. Readings come in as long as no source and not the journal
is stopped by a condition; /readyz asks for no more, since a restart mends nothing else.
"""

from collections.abc import Collection, Sequence
from typing import Literal, Protocol

import msgspec

from luftpegel_gateway.model.faults import JournalDown
from luftpegel_gateway.views.heard import AHEAD_S
from luftpegel_gateway.views.stations import Overview, View

LONG_WAIT_S = 900
HELD_S = 3600  # a radio gateway's budget of downlinks is an hour's
DOWNLINKS = "downlinks"
JOURNAL = "journal"  # the journal's subject among the conditions
# Conditions of a source or the journal with which frames come in all the same.
DOES_NOT_STOP = frozenset({"LP-261", "LP-262", "LP-263", "LP-404", "LP-434", "LP-449", "LP-517"})
Kind = Literal["stops", "condition", "quarantine", "waiting", "silent", "twin", "new"]


class Condition(Protocol):
    """A trouble that is there now."""

    @property
    def subject(self) -> str:
        """Whose: a source, a sink, the journal, a station."""

    @property
    def code(self) -> str:
        """What: an LP code."""

    @property
    def detail(self) -> str:
        """What was seen."""

    @property
    def since(self) -> float:
        """Unix seconds, our clock."""

    @property
    def last_seen(self) -> float:
        """Unix seconds, our clock."""


class Conditions(Protocol):
    """Who knows what is wrong now."""

    def current(self) -> Sequence[Condition]:
        """Every condition, one a subject and code."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that is not well. `since`: Unix seconds; `number`: how many; `seconds`: for how long."""

    kind: Kind
    subject: str
    code: str = ""
    detail: str = ""
    since: float | None = None
    last_seen: float | None = None
    number: int = 0
    seconds: float | None = None


class Verdict(msgspec.Struct, frozen=True):
    """What was found; the gravest first."""

    findings: tuple[Finding, ...] = ()

    @property
    def well(self) -> bool:
        """Everything works."""
        return not self.findings

    @property
    def ready(self) -> bool:
        """Readings come in."""
        return not self.stopping

    @property
    def stopping(self) -> tuple[Finding, ...]:
        """What keeps readings from coming in."""
        return tuple(finding for finding in self.findings if finding.kind == "stops")


def judge(
    seen: Overview | None, conditions: Sequence[Condition], vital: Collection[str], now: float
) -> Verdict:
    """The verdict. `vital`: sources and journal; `seen`: None while the journal cannot be read."""
    told = [_condition(condition, vital) for condition in conditions]
    findings = sorted(told, key=lambda finding: (finding.kind != "stops", finding.subject, finding.code))
    if seen is not None:
        subjects = {(finding.subject, finding.code) for finding in findings}
        findings += _messages(seen, now)
        findings += [
            finding
            for view in seen.stations
            for finding in _station(view, now)
            if (finding.subject, finding.code) not in subjects  # told as a condition already
        ]
    return Verdict(tuple(findings))


def unreadable(
    down: JournalDown, conditions: Sequence[Condition], vital: Collection[str], now: float
) -> Verdict:
    """The verdict while the journal cannot be read: it stops everything, whoever noticed it first."""
    told = judge(None, conditions, vital, now)
    if any(finding.subject == JOURNAL and finding.kind == "stops" for finding in told.findings):
        return told
    return Verdict((Finding("stops", JOURNAL, down.code, down.detail), *told.findings))


def _condition(condition: Condition, vital: Collection[str]) -> Finding:
    stops = condition.subject in vital and condition.code not in DOES_NOT_STOP
    return Finding(
        "stops" if stops else "condition",
        condition.subject,
        condition.code,
        condition.detail,
        condition.since,
        condition.last_seen,
    )


def _messages(seen: Overview, now: float) -> list[Finding]:
    account = seen.account
    found = []
    if account.quarantined:
        found.append(Finding("quarantine", "quarantine", number=account.quarantined))
    for sink, number in account.waiting.items():
        seconds = waited(account.waiting_since.get(sink), now)
        if number and (seconds is None or seconds > LONG_WAIT_S):
            found.append(Finding("waiting", sink, number=number, seconds=seconds))
    held = waited(account.held_at, now)
    if account.held_at is not None and (held is None or held < HELD_S):
        found.append(Finding("condition", DOWNLINKS, "LP-263", account.held_by, since=account.held_at))
    return found


def waited(since: int | None, now: float) -> float | None:
    """For how many seconds the oldest item has waited; None when our clock was wrong then, or is now."""
    return None if since is None or since > now + AHEAD_S else max(0, now - since)


def _station(view: View, now: float) -> list[Finding]:
    """Silent and twin can both be true of one station, so both are said."""
    condition, subject = view.condition(now), view.station.shown
    found: list[Finding] = []
    if condition == "retired":
        return found
    if condition in {"silent", "new"}:
        found.append(Finding("silent" if condition == "silent" else "new", subject, seconds=view.ago(now)))
    if view.state.twin is not None:
        detail = f"{subject}, {view.state.twin} + {view.state.life.number}"
        found.append(Finding("twin", subject, "LP-261", detail))
    if view.newest is not None and view.newest[1].unsure:
        found.append(Finding("condition", subject, "LP-262", subject))
    return found
