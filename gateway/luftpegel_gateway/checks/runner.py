"""Judges readings of one life in order of their numbers: which check is asked, and what is remembered.

A verdict depends on the `REACH_BEFORE` judged readings before (their memos hold what the past boils down to)
and the `REACH_AFTER` readings after, absent ones included. So after a late reading it suffices to judge from
`REACH_AFTER` readings before it onwards, until `REACH_BEFORE` readings in a row after it come out as they
were.
"""

from collections.abc import Mapping, Sequence

import msgspec

from luftpegel_gateway.checks import clock
from luftpegel_gateway.checks.attenuated import is_attenuated
from luftpegel_gateway.checks.flat import is_flat
from luftpegel_gateway.checks.limits import Limits, Rule
from luftpegel_gateway.checks.memory import NOTHING, Memo, Past, carry, find, keep, recall
from luftpegel_gateway.checks.ranges import out_of_range
from luftpegel_gateway.checks.rate import is_steep
from luftpegel_gateway.checks.rest import STILL, rest
from luftpegel_gateway.checks.spike import stands_out, usual
from luftpegel_gateway.model.quality import (
    ATTENUATED,
    CLOCK_STANDS,
    FLAT,
    GROSS_RANGE,
    NEIGHBOUR,
    SPIKE,
    STEEP,
)
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_wire.quality import OK

REACH_BEFORE = 6  # the usual step is told from these; a channel that was not told for longer begins anew
REACH_AFTER = 2  # a spike shows by its successor, or by the next if it comes twice or one is missing

_Place = tuple[Sequence[Reading], Sequence[Reading], int, int]  # judged before, window, place in it, channel


def judge(window: Sequence[Reading], begin: int, limits: Limits) -> list[Reading]:
    """`window[begin:]` with flags and memos set anew; `window[:begin]` is context, whose verdicts stand.

    `window` has readings of one life in rising seq. NEIGHBOUR is not touched: it is `judge_neighbours`'s.
    """
    judged = list(window[max(0, begin - REACH_BEFORE) : begin])
    context = len(judged)
    for place in range(begin, len(window)):
        reading = window[place]
        if reading.cells:
            reading = _judge(judged[-REACH_BEFORE:], window, place, limits.rules)
        judged.append(reading)
    return judged[context:]


def waits(reading: Reading, before: Reading | None, limits: Limits) -> bool:
    """Whether a reading's verdict may change when its successor comes, because a value may be a spike.

    What cannot change need not be judged again. `before`: the reading with cells before it.
    """
    if before is None or not reading.cells:
        return False
    rules, known = limits.rules, before.cells
    for at, cell in enumerate(reading.cells):
        rule = rules.get(cell.channel)
        if rule is None or cell.value is None:
            continue
        other = known[at] if at < len(known) else None
        if other is None or other.channel != cell.channel or other.value is None or other.flags or other.wire:
            return True  # what it is held against lies further back: let the judge look
        if not -rule.least <= cell.value - other.value <= rule.least:
            return True
    return False


def _judge(
    before: Sequence[Reading], window: Sequence[Reading], place: int, rules: Mapping[int, Rule]
) -> Reading:
    """One reading, cell by cell; `before` are the judged ones that count."""
    reading = window[place]
    stands = clock.stands(reading.time, before)
    time = None if stands else reading.time
    sound = _sound(reading, rules)
    cells = []
    for at, cell in enumerate(reading.cells):
        channel, value, rule = cell.channel, cell.value, rules.get(cell.channel)
        flags = cell.flags & NEIGHBOUR | (CLOCK_STANDS if stands else 0)
        memo = NOTHING
        if rule is not None:
            past = _past(channel, at, before) if rule.remembers else None
            if value is None:
                memo = carry(past)
            else:
                flags |= out_of_range(value, rule) | _together(channel, value, rule, sound)
                if rule.remembers:
                    serves = cell.wire == OK and not flags & GROSS_RANGE
                    where = before, window, place, channel
                    more, memo = _in_time(value, time, past, rule, where, serves=serves)
                    flags |= more
        cells.append(Cell(channel, value, cell.wire, flags, memo))
    return msgspec.structs.replace(reading, cells=tuple(cells))


def _sound(reading: Reading, rules: Mapping[int, Rule]) -> dict[int, int]:
    """The values by channel that may testify against others: undoubted, and within what they can be."""
    return {
        cell.channel: cell.value
        for cell in reading.cells
        if cell.wire == OK
        and cell.value is not None
        and (rule := rules.get(cell.channel)) is not None
        and rule.low <= cell.value <= rule.high
    }


def _past(channel: int, at: int, before: Sequence[Reading]) -> Past | None:
    """What is remembered of a channel. It most likely stands where it stood: stations tell the same again."""
    if not before:
        return None
    latest = before[-1]
    if at < len(latest.cells) and latest.cells[at].channel == channel:
        return recall(latest.cells[at], latest.time)
    found = find(channel, before)
    return None if found is None else recall(*found)


def _together(channel: int, value: int, rule: Rule, sound: dict[int, int]) -> int:
    """What the reading's other values say of this one."""
    if not rule.companions:
        return 0
    values = sound if channel in sound else {**sound, channel: value}
    flags = 0
    for needed, check in rule.companions:
        if needed in values:
            flags |= check(values)
    return flags


def _in_time(
    value: int, time: int | None, past: Past | None, rule: Rule, place: _Place, *, serves: bool
) -> tuple[int, Memo]:
    """What the values before and after say, and this one's memo. `serves`: it may be others' neighbour."""
    if time is None:
        return 0, carry(past)
    if past is None:
        return 0, STILL if serves else NOTHING
    change, elapsed = value - past[0], time - past[1]
    flags = 0
    if not -rule.least <= change <= rule.least and 0 < elapsed <= rule.reach:
        if _is_steep(value, time, past, rule):
            flags = STEEP
        if _is_spike(value, time, past[0], rule, place):
            return flags | SPIKE, carry(past)
    seconds = elapsed if 0 < elapsed <= rule.reach else rule.reach if elapsed > 0 else 0
    runs = rest(past[4], change, seconds, rule.flat_within, rule.weak)
    if runs[0] > rule.flat and is_flat(value, runs, rule):
        flags |= FLAT
    if runs[3] > rule.weak_after and is_attenuated(value, runs, rule):
        flags |= ATTENUATED
    if not serves:
        return flags, carry(past)
    if not flags & STEEP and past[3] == past[1]:
        return flags, runs
    returned = not _away(value, time, past, rule)
    return flags, keep(runs, past, bool(flags & STEEP), returned, time - rule.reach)


def _is_steep(value: int, time: int, past: Past, rule: Rule) -> bool:
    """Whether the change is too fast, and no return to where the channel was before a steep value."""
    if not is_steep(value - past[0], time - past[1], rule.rate, rule.jump):
        return False
    waiting = past[3] != past[1] and time - past[3] <= rule.reach
    return not waiting or _away(value, time, past, rule)


def _away(value: int, time: int, past: Past, rule: Rule) -> bool:
    """Whether the value is not where the channel was before it became steep."""
    return is_steep(value - past[2], time - past[3], rule.rate, rule.jump)


def _is_spike(value: int, time: int, last: int, rule: Rule, place: _Place) -> bool:
    """Whether the value stands out against the last one that serves and one of the next."""
    before, window, here, channel = place
    after = _successors(window, here, channel, time, rule)
    if not after:
        return False
    told = _told(channel, before)
    neighbours = [other for other, flags in told if not flags & SPIKE]
    if not neighbours or neighbours[-1] != last:
        neighbours.append(last)  # it lies further back
    excess = stands_out(neighbours, value, after, rule.spike)
    # Spikes count as usual: where every second value is one, none is.
    return excess > 0 and excess > usual([other for other, _ in told], rule.noise)


def _told(channel: int, before: Sequence[Reading]) -> list[tuple[int, int]]:
    """The sound values of a channel among `before`, with their flags."""
    return [
        (cell.value, cell.flags)
        for reading in before
        for cell in reading.cells
        if cell.channel == channel
        and cell.value is not None
        and cell.wire == OK
        and not cell.flags & GROSS_RANGE
    ]


def _successors(window: Sequence[Reading], here: int, channel: int, time: int, rule: Rule) -> list[int]:
    """The next values of the channel that serve, each within reach of the one before it."""
    values = []
    for reading in window[here + 1 : here + 1 + REACH_AFTER]:
        found = find(channel, (reading,))
        if found is not None and reading.time is not None and 0 < reading.time - time <= rule.reach:
            cell = found[0]
            if cell.value is not None and cell.wire == OK and rule.low <= cell.value <= rule.high:
                values.append(cell.value)
                time = reading.time
    return values
