"""How one wrong clock changes nothing, and how a wrong beginning is mended.

The rows of a frame that are known already tell when it was sent: known time + age. A frame whose clocks say
something else is a dissenter. As long as more frames fit the known times than dissent in a row, the known
times stand and give the dissenter's new readings their time; when the dissenters win, times move to what
they say: all that hang together if hardly a frame had supported them (the beginning was wrong), else only
those since the first dissenter (a clock was set). Where our own clock agrees with the known times, two
witnesses stand against the frame's: it does not even count as a dissenter. Nor does a frame that tells
nothing new: it was heard before. Pure.
"""

import msgspec

from luftpegel_gateway.ingest.clocks import AGREE_S, EARLIEST_S, SECOND, Estimate
from luftpegel_gateway.model.state import Link, Timekeeping

MOST_SUPPORT = 8  # more makes nothing surer
YOUNG = 3  # with less support than this a beginning may have been wrong
LASTING_S = 86400  # what was seen of our own clock says nothing of one that may have been set since
PATIENCE = 5  # so many dissenters in a row win against any support


class Kept(msgspec.Struct, frozen=True, gc=False):
    """The frame's time to use (Unix seconds), how sure it is, the new timekeeping, and what to move.

    `shift`: (first number, seconds) that known times from there on move by, or None; with `settled` only
    those that were unsure until now.
    """

    received_s: int
    unsure: bool
    time: Timekeeping
    shift: tuple[int, int] | None = None
    settled: bool = False


def first(told: Estimate, oldest: int, link: Link) -> Kept:
    """A frame that no known row ties to the past: its clocks say when it was, and ours if it has proved
    right. No frame waits in a queue before it is sent: one of two clocks is wrong where theirs runs ahead."""
    ahead = told.lone and told.seconds - told.own_s > AGREE_S and told.own_s >= EARLIEST_S
    sure = told.sure
    if ahead and _confirmed(link, told.own_s):
        return Kept(told.own_s, not sure, Timekeeping(int(sure), oldest))
    return Kept(told.seconds, ahead or not sure, Timekeeping(int(sure and not ahead), oldest))


def _confirmed(link: Link, own_s: int) -> bool:
    """Whether our own clock was right when the newest frame came, whose time known readings stand by."""
    if link.heard_at is None or link.taken_at is None:
        return False
    apart = link.taken_at - link.heard_at // SECOND
    return abs(apart) <= AGREE_S and 0 <= own_s - link.taken_at <= LASTING_S


def follow(
    time: Timekeeping, known_s: int, told: Estimate, slack_s: int, seq: int, *, news: bool = True
) -> Kept:
    """A frame that was sent at `known_s` by a row that is known; `seq`: its first new or newest reading.

    `news`: whether it tells anything that was not told as well before.
    """
    apart = told.seconds - known_s
    if not news and (time.support or abs(apart) > slack_s):
        return Kept(known_s, time.support == 0, time)
    if abs(apart) <= slack_s:
        return _agreed(time, known_s, told)
    ours = told.own_s - known_s
    if abs(ours) <= slack_s and (time.support or not told.sure):
        # A chain of known times drifts by the board's clock; ours is then the better one.
        return Kept(known_s if 2 * abs(ours) <= slack_s else told.own_s, time.support == 0, time)
    if not told.sure:
        return Kept(known_s, time.support == 0, time)
    return _dissent(time, known_s, told, slack_s, seq)


def _agreed(time: Timekeeping, known_s: int, told: Estimate) -> Kept:
    """The frame's clocks and the known times say the same."""
    if not told.sure:
        return Kept(known_s, time.support == 0, _calm(time))
    calm = _calm(time, min(time.support + 1, MOST_SUPPORT))
    if time.support:
        return Kept(told.seconds, False, calm)
    return Kept(told.seconds, False, calm, shift=(time.chain_from, told.seconds - known_s), settled=True)


def _dissent(time: Timekeeping, known_s: int, told: Estimate, slack_s: int, seq: int) -> Kept:
    """The frame's clocks are sure of another time than the known rows tell."""
    apart = told.seconds - known_s
    again = time.dissents > 0 and abs(apart - time.offset) <= slack_s
    dissents = time.dissents + 1 if again else 1
    begun = time.dissent_from if again else seq
    if dissents <= min(time.support, PATIENCE - 1):
        return Kept(known_s, False, Timekeeping(time.support, time.chain_from, apart, dissents, begun))
    since = time.chain_from if time.support < YOUNG else begun
    moved = Timekeeping(dissents, since)
    return Kept(told.seconds, False, moved, shift=(since, apart))


def _calm(time: Timekeeping, support: int | None = None) -> Timekeeping:
    """Nobody dissents any more."""
    support = time.support if support is None else support
    if not time.dissents and support == time.support:
        return time
    return Timekeeping(support, time.chain_from)
