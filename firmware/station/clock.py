# Time slots and ages. Board time is whole seconds (or milliseconds) since whatever epoch the board counts
# from; only differences are used, so no epoch is assumed. A restart of the clock begins a new era.
#
# The clock of deep sleep goes wrong by seconds an hour. So what the network told of the time is kept together
# with when, and with how much the clock loses meanwhile (`state`: offset, offset_at, drift): from then on
# slots follow the true time, and sleep is told as the clock counts it.

# A deep sleep may end this much too early: the timer and the clock are two counts of one crystal.
EARLY_MS = 2000

MIN_INTERVAL_S = 60
MAX_INTERVAL_S = 86400

# A clock that jumped this far since the last wake was set by hand: ages across the jump mean nothing.
LONGEST_SLEEP_S = 7 * 86400


# An offset learnt by two answers this far apart tells the drift; a clock wrong by more than this is broken.
LEARN_AFTER_S = 1800
MOST_DRIFT = 20000
# What a new answer may differ from what is known without being doubted: seconds, and millionths of the time
# that has passed, as long as the drift is not known and then.
TOLERANCE_S, UNKNOWN_DRIFT, KNOWN_DRIFT = 30, 10000, 500


def true_ms(state, now_ms):
    # Unix time in milliseconds; board time as long as the network has not told it.
    if not state.offset:
        return now_ms
    return now_ms + 1000 * state.offset + state.drift * (now_ms // 1000 - state.offset_at) // 1000


def asleep_ms(state, milliseconds):
    # What the sleep timer is told for so many true milliseconds.
    return milliseconds * 1000000 // (1000000 + state.drift)


def learn(state, now_s, offset):
    # Takes what the network told: Unix time less board time at this board second. A telling that contradicts
    # what is known waits for a second one that agrees with it: anybody's clock may be wrong. Whether it was
    # taken.
    passed = now_s - state.offset_at
    if state.offset:
        known = state.offset + state.drift * passed // 1000000
        slack = KNOWN_DRIFT if state.drift else UNKNOWN_DRIFT
        doubtful = abs(offset - known) > TOLERANCE_S + passed * slack // 1000000
        if doubtful and abs(offset - state.doubt) > TOLERANCE_S:
            state.doubt = offset
            return False
        if not doubtful and passed < LEARN_AFTER_S:
            state.doubt = 0
            return True  # nothing new; the drift is better seen from afar
        drift = (offset - state.offset) * 1000000 // max(1, passed)
        state.drift = drift if not doubtful and abs(drift) <= MOST_DRIFT else 0
    state.offset, state.offset_at, state.doubt, state.mark = offset, now_s, 0, 1
    return True


# The true time of a reading, reckoned from the board's, may be this far from its slot's.
ON_TIME_S = 2


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
    # now: (board second, era, offset) of this moment. None where no clock joins the two eras. Network time on
    # both sides tells it best, also within an era, whose clock may have gone wrong.
    now_s, now_era, now_offset_s = now
    if offset_s and now_offset_s:
        age = now_s + now_offset_s - time_s - offset_s
    elif era == now_era:
        age = now_s - time_s
    else:
        return None
    return age if age >= 0 else None


def weekly(seq, interval):
    # Whether this reading is the one in a week with which sensors are cared for. By number: no clock needed.
    return seq % (604800 // interval) == 0
