# Time slots and ages. Board time is whole seconds (or milliseconds) since whatever epoch the board counts
# from; only differences are used, so no epoch is assumed. A restart of the clock begins a new era.

# A deep sleep may end this much too early: the timer and the clock are two counts of one crystal.
EARLY_MS = 2000

MIN_INTERVAL_S = 60
MAX_INTERVAL_S = 86400

# A clock that jumped this far since the last wake was set by hand: ages across the jump mean nothing.
LONGEST_SLEEP_S = 7 * 86400


def slot_start(now_ms, interval_s):
    # Board second at which the slot of this moment began. Slots are multiples of the interval.
    return (now_ms + EARLY_MS) // (interval_s * 1000) * interval_s


def until_next_slot_ms(now_ms, interval_s):
    # How long to sleep. Reckoned from the clock each time, so lateness does not add up.
    return (slot_start(now_ms, interval_s) + interval_s) * 1000 - now_ms


def reading_time(now_ms, slot_s):
    # The time that a reading is given: the slot itself when the wake was on time, so that intervals are even.
    return slot_s if abs(now_ms - slot_s * 1000) < EARLY_MS else now_ms // 1000


def is_new_era(last_wake_s, now_s):
    return not 0 <= now_s - last_wake_s <= LONGEST_SLEEP_S


def age_of(time_s, era, offset_s, now):
    # Age in seconds of something at board time `time_s` of an era whose offset to Unix time is known or 0.
    # now: (board second, era, offset) of this moment. None where no clock joins the two eras.
    now_s, now_era, now_offset_s = now
    if era == now_era:
        age = now_s - time_s
    elif offset_s and now_offset_s:
        age = now_s + now_offset_s - time_s - offset_s
    else:
        return None
    return age if age >= 0 else None


def weekly(seq, interval):
    # Whether this reading is the one in a week with which sensors are cared for. By number: no clock needed.
    return seq % (604800 // interval) == 0
