"""Whether a station is overdue. It judges no value, and stands here until views have a place for it."""


def silent(last_heard: int | None, now: int, interval_s: int) -> bool:
    """Whether a station is overdue: unheard for three intervals, and for ten minutes at least."""
    return last_heard is None or now - last_heard > max(3 * interval_s, 600)
