"""When was a frame received? Every clock that tells is a witness; none is trusted alone.

ChirpStack's event time is any radio gateway's GPS or system time, unchecked, and only then its own. So the
clocks vote: those that agree within `AGREE_S` support each other. Our own clock may only be later than the
truth (the frame waited in a queue), unless it is wrong itself.
"""

import msgspec

from luftpegel_gateway.model.events import Clocks

AGREE_S = 60
QUEUED_S = 400 * 86400  # longer than any queue keeps a frame
EARLIEST_S = 1_577_836_800  # 2020; a clock that has lost its date tells 1970, 1980 or a week of 2006
LATEST_S = 4_102_444_800  # 2100
SECOND = 1_000_000
AGREE_US = AGREE_S * SECOND

# What a clock's word weighs. The network server's is looked after, a radio gateway's often is not; two others
# that agree outvote it.
_NETWORK, _OTHER, _QUEUED = 1.6, 1.0, 0.25
_SURE, _AHEAD = 1.2, 0.1


class Estimate(msgspec.Struct, frozen=True, gc=False):
    """The time of a frame, microseconds since 1970; `sure`: clocks agree, and none as good says otherwise.

    `own_s`: what our own clock said (Unix seconds), for whoever knows more than the frame tells. `lone`: only
    one clock says `at`.
    """

    at: int
    sure: bool
    own_s: int
    lone: bool = False

    @property
    def seconds(self) -> int:
        """Whole seconds since 1970."""
        return self.at // SECOND


def estimate(clocks: Clocks, own_s: int) -> Estimate:
    """The best time of a frame that we took at `own_s` (Unix seconds, our clock)."""
    if clocks.network is not None and _all_agree(clocks, clocks.network):
        # The event's own time is the server's, too, where no radio gateway tells one.
        return Estimate(clocks.network, True, own_s, lone=not clocks.gateways)
    witnesses = _witnesses(clocks)
    if not witnesses:
        return Estimate(own_s * SECOND, False, own_s)
    votes = [(_support(at, witnesses, own_s), -place, at) for place, (at, _) in enumerate(witnesses)]
    own = _support(own_s * SECOND, witnesses, own_s)
    best, _, at = max(votes)
    if best <= 0 or own > best:
        return Estimate(own_s * SECOND, False, own_s)
    others = [votes_for for votes_for, _, other in votes if abs(other - at) > AGREE_S * SECOND]
    if abs(own_s * SECOND - at) > AGREE_S * SECOND:
        others.append(own)
    sure = best >= _SURE and best - max(others, default=0) >= _AHEAD
    return Estimate(at, sure, own_s, lone=best < 2 * _OTHER)


def _all_agree(clocks: Clocks, at: int) -> bool:
    """The usual case: nobody but perhaps our own clock, which weighs less, says otherwise than the server."""
    if not EARLIEST_S * SECOND <= at < LATEST_S * SECOND:
        return False
    told = clocks.told
    if told is not None and not -AGREE_US <= told - at <= AGREE_US:
        return False
    return all(-AGREE_US <= other - at <= AGREE_US for _, other in clocks.gateways)


def _witnesses(clocks: Clocks) -> list[tuple[int, float]]:
    """(time, weight) of each clock but our own, the preferred one first; the same word counts once."""
    found: list[tuple[int, float]] = []
    if clocks.network is not None:
        found.append((clocks.network, _NETWORK))
    gateways = [at for _, at in clocks.gateways]
    told = clocks.told
    known = [*gateways, *(at for at, _ in found)]
    if told is not None:
        copied = any(abs(told - at) <= SECOND for at in known)
        found.append((told, 0.0 if copied else _OTHER))
    found.extend((at, _OTHER) for at in gateways)
    return found


def _support(at: int, witnesses: list[tuple[int, float]], own_s: int) -> float:
    """How much speaks for `at`: the witnesses that agree, and our own clock if it may be so."""
    if not EARLIEST_S * SECOND <= at < LATEST_S * SECOND:
        return 0.0
    votes = sum(weight for other, weight in witnesses if abs(other - at) <= AGREE_S * SECOND)
    waited = own_s - at // SECOND
    if abs(waited) <= AGREE_S:
        return votes + _OTHER
    return votes + _QUEUED if 0 < waited <= QUEUED_S else votes
