# Joins, or joins anew a network that has forgotten this station. In a file of its own: most wakes have a
# session, and the heap is small.

from lora_radio import RadioError
from station.uplink import CONFIRMED_EVERY_S

# Join back-off (LoRaWAN 1.0.4, section 7): (seconds since the first failure, least seconds between attempts).
# A join at SF12 is 1.5 s on air; allowed are 36 s in the first hour, 36 s in the next ten, 8.7 s a day
# thereafter.
_BACKOFF = ((3600, 150), (39600, 1800), (1 << 32, 15300))
# Boards that were switched on together do not join together: so many milliseconds they are spread over.
_SPREAD_MS = 8000
# An accept that the device must not take shows that the network is there: these joins follow each other.
_AT_ONCE = 4
_JOIN_MS = 1500  # of airtime, for the account of all lives
_MOST_ANEW = 4


def join(uplink, forgotten, seq):
    # Whether there is a session. forgotten: there is one, but the network does not know it.
    now = uplink.now_s()
    uplink.spread(_SPREAD_MS, seq)
    uplink.configure()
    for _ in range(_AT_ONCE):
        uplink.feed()
        if _attempt(uplink, forgotten):
            _has_joined(uplink, forgotten)
            return True
        if not uplink.radio.behind:
            _back_off(uplink.state, now)
            return uplink.radio.joined()
    print("LP-226 the network answers the join with a number that this device has seen: it counts from")
    print(
        "the start, as one does where the device was deleted and made anew. %d more joins mend it,"
        % (uplink.radio.behind)
    )
    print("and follow by themselves. Next: nothing; or give the device a new key")
    uplink.state.join_next = 0
    return uplink.radio.joined()


def _attempt(uplink, anew):
    # Whether the network let us in. While there is a session, no trouble with another one may end the
    # conversation.
    uplink.state.air_ms = min(uplink.state.air_ms + _JOIN_MS, 0xFFFFFF)
    try:
        return uplink.radio.join(anew)
    except RadioError as error:
        if not uplink.radio.joined():
            raise
        print(error)
        return False


def _has_joined(uplink, anew):
    # A network that lets in and never confirms is joined less and less.
    state = uplink.state
    joins, due = min(state.joins_anew + anew, _MOST_ANEW), state.confirmed_next
    uplink.is_heard()
    state.joins_anew = joins
    later = CONFIRMED_EVERY_S * ((1 << joins) - 1) if anew else 0
    state.confirmed_next = max(due, state.confirmed_next + later)


def _back_off(state, now):
    if not state.joins_failed:
        state.join_since = now
    state.joins_failed = min(state.joins_failed + 1, 0xFFFF)
    for since, pause in _BACKOFF:
        if now - state.join_since < since:
            state.join_next = now + pause
            break
    print(
        "LP-238 the network does not answer the join (attempt %d). Next: check that this station is"
        % state.joins_failed
    )
    print("registered with this key, and that a gateway is in reach; it goes on trying by itself.")
