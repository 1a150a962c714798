"""When a station was last heard, and whether it is silent, though any clock may have been wrong.

Two clocks tell of the newest frame: our own (`taken_at`), and the network's estimate (`heard_at`). One that
lies in the future was wrong, or ours is now: it counts for nothing, so a clock that once ran ahead cannot
keep a dead station alive. Of those that are left the younger counts: a clock that was behind, or a simulated
calendar, cannot make a live station silent.
"""

from luftpegel_gateway.model.state import Link

AHEAD_S = 120  # clocks that are kept by NTP differ less
OVERDUE_INTERVALS = 3
OVERDUE_S = 600


def was_heard(link: Link) -> bool:
    """Whether the station was ever heard."""
    return link.taken_at is not None or link.heard_at is not None


def heard_ago(link: Link, now: float) -> float | None:
    """Seconds since the newest frame, at least 0; None when no clock tells it. `now`: Unix s, our clock."""
    estimate = None if link.heard_at is None else link.heard_at / 1_000_000
    tellings = [then for then in (link.taken_at, estimate) if then is not None and then <= now + AHEAD_S]
    return max(0, now - max(tellings)) if tellings else None


def silent(link: Link, now: float, interval_s: int) -> bool:
    """Whether a station that was heard is overdue: three intervals, ten minutes at least.

    One of which no clock can tell is called silent, too: nothing shows that it lives.
    """
    ago = heard_ago(link, now)
    if ago is None:
        return was_heard(link)
    return ago > max(OVERDUE_INTERVALS * interval_s, OVERDUE_S)
