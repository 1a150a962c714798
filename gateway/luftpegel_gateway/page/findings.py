"""What is not well, in words, above everything else; "Everything works" stands there only when it is true."""

from collections.abc import Callable, Mapping

from luftpegel_gateway.page.html import Html, tag
from luftpegel_gateway.views.verdict import Finding, Verdict
from luftpegel_gateway.words.messages import parts_of
from luftpegel_gateway.words.texts import count_text, duration, moment, tell


def findings_piece(verdict: Verdict, language: str) -> Html:
    """A status that screen readers announce, and an alert when something is wrong."""
    if verdict.well:
        return tag("p", tell("all_well", language), role="status")
    head = tell("comes_in" if verdict.ready else "stands_still", language)
    items = [tag("li", tag("strong", subject_of(found, language)), f": {sentence(found, language)}")
             for found in verdict.findings]  # fmt: skip
    return tag("div", tag("p", head, class_="warn"), tag("ul", *items), role="alert", class_="findings")


def sentence(finding: Finding, language: str) -> str:
    """One finding in words, without its subject."""
    return _TELLERS[finding.kind](finding, language)


def subject_of(finding: Finding, language: str) -> str:
    """Whose finding it is."""
    return tell("quarantine", language) if finding.kind == "quarantine" else finding.subject


def _coded(finding: Finding, language: str) -> str:
    cause, step = parts_of(finding.code, language, detail=finding.detail)
    when = []
    if finding.since is not None:
        when.append(tell("since", language, moment(int(finding.since), language)))
    if finding.last_seen is not None and finding.since is not None and finding.last_seen > finding.since + 60:
        when.append(tell("last_seen", language, moment(int(finding.last_seen), language)))
    told = f" ({', '.join(when)})" if when else ""
    return f"{finding.code} {cause}{told} {tell('next_step', language)}: {step}"


def _silent(finding: Finding, language: str) -> str:
    ago = finding.seconds
    heard = tell("unknown_ago", language) if ago is None else tell("ago", language, duration(ago))
    return tell("is_silent", language, heard)


def _waiting(finding: Finding, language: str) -> str:
    waited = tell("long_ago", language) if finding.seconds is None else duration(finding.seconds)
    return tell("is_waiting", language, count_text(finding.number, language), waited)


_TELLERS: Mapping[str, Callable[[Finding, str], str]] = {
    "stops": _coded,
    "condition": _coded,
    "twin": _coded,
    "silent": _silent,
    "new": lambda _finding, language: tell("state_new", language),
    "waiting": _waiting,
    "quarantine": lambda finding, language: tell(
        "are_quarantined", language, count_text(finding.number, language)
    ),
}
