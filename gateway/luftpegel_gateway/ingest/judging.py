"""Runs the checks over what is new, and over what is known already and within a check's reach.

A verdict depends on the readings of a life and never on the order in which they came: a reading that comes
late has its neighbours judged anew, as far as their verdicts change.
"""

from collections.abc import Mapping, Sequence

from luftpegel_gateway.checks import REACH_AFTER, REACH_BEFORE, Limits, judge, waits
from luftpegel_gateway.ingest.draft import Draft
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.readings import Reading

CHUNK = 32  # known readings looked at behind a late one, before asking for more
_CONTEXT = REACH_BEFORE + REACH_AFTER


def judged(ref: Ref, changed: Mapping[int, Reading], draft: Draft, limits: Limits) -> list[Reading]:
    """The changed readings with their verdicts, and every known one whose verdict changes by them.

    In rising order of their numbers. `changed`: new or corrected readings by number, not in `draft` yet.
    """
    newest = draft.newest(ref)
    if not newest or newest[-1].seq < min(changed):
        context = newest[-_CONTEXT:]
        window = [*context, *(changed[seq] for seq in sorted(changed))]
        return _differing(window, _first_that_waits(context, limits), changed, limits)
    return _among_known(ref, changed, draft, limits)


def _first_that_waits(context: Sequence[Reading], limits: Limits) -> int:
    """The place of the first known reading whose verdict may change by what comes behind it."""
    for place in range(max(0, len(context) - REACH_AFTER), len(context)):
        if waits(context[place], context[place - 1] if place else None, limits):
            return place
    return len(context)


def _differing(
    window: Sequence[Reading], begin: int, changed: Mapping[int, Reading], limits: Limits
) -> list[Reading]:
    """Judge window[begin:]; what has changed, or is judged otherwise than before."""
    verdicts = judge(window, begin, limits)
    pairs = zip(window[begin:], verdicts, strict=True)
    return [after for before, after in pairs if before.seq in changed or before != after]


def _among_known(ref: Ref, changed: Mapping[int, Reading], draft: Draft, limits: Limits) -> list[Reading]:
    """The same where known readings lie between and behind the changed ones."""
    lowest, highest = min(changed), max(changed)
    context = draft.before(ref, lowest, _CONTEXT)
    rows = {reading.seq: reading for reading in draft.between(ref, lowest, highest)} | dict(changed)
    touched = [rows[seq] for seq in sorted(rows)]
    found: list[Reading] = []
    begin = max(0, len(context) - REACH_AFTER)
    while True:
        behind = draft.behind(ref, highest, CHUNK)
        window = [*context, *touched, *behind]
        verdicts = judge(window, begin, limits)
        more = len(behind) == CHUNK
        end = len(window) - (REACH_AFTER if more else 0)
        pairs = list(zip(window[begin:end], verdicts[: end - begin], strict=True))
        found += [after for before, after in pairs if before.seq in changed or before != after]
        quiet = all(before == after for before, after in pairs[-REACH_BEFORE:])
        if not more or quiet:
            return found
        judged_now = [*window[:begin], *(after for _, after in pairs)]
        context, touched = judged_now[-_CONTEXT:], list(window[end:])
        begin, highest = len(context), window[-1].seq
