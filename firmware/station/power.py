# Power that comes and goes. The RTC memory is lost with it, and with it what the radio has sent and how often
# the station has tried to join; so a coarse account of both lies in NVS, and a new life begins with it. The
# pause before the first reading grows with the power-ups in a row. The battery is looked at before anything
# that takes current: flash, NVS, radio.

from station.flash import Counter

# The first power-ups in a row cost nothing: that is a technician. Then 5 s, 10 s, 20 s, ... before a reading.
_FREE = 3
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5, 300
# A life this long ends the row.
_LASTING_S = 3600

# Airtime, in milliseconds: half of what an hour may have (1 %) is a new life's at once, whatever the one
# before has had. The account loses a hundredth of the time that passes.
_AT_ONCE_MS = 18000
_MOST_MS = 200000

# Below `low_mv` of the board nothing is done but to sleep, until it has come back by this much.
_RECOVERED_MV = 150
_LOW_SLEEP_S = 3600


def pause_s(row):
    # Seconds before the first reading of the row-th power-up in a row.
    return min(_FIRST_PAUSE_S << min(row - _FREE - 1, 16), _LONGEST_PAUSE_S) if row > _FREE else 0


def begin(nvs, state, now_s):
    # A power-up: counts it, and keeps the radio silent as long as the last lives' airtime asks. Seconds to
    # sleep before the first reading.
    row = min(Counter(nvs, "power_ups").read() + 1, 0xFFFF)
    _write(nvs, "power_ups", row)
    spent = max(0, min(Counter(nvs, "air_ms").read(), _MOST_MS))
    if spent > _AT_ONCE_MS:
        state.quiet_until = now_s + (spent - _AT_ONCE_MS) // 10
        print("LP-221 the power has gone often, and the radio has had its share of the air: it is")
        print("silent for %d s. Next: look at battery and solar panel" % (state.quiet_until - now_s))
    pause = pause_s(row)
    if pause:
        print("LP-222 power-up %d in a row: the station starts in %d s." % (row, pause))
        print("Next: look at battery, solar panel and plugs")
    return pause


def account(nvs, state, now_s):
    # At the end of a wake: what this life has spent, less what the time that passed gives back.
    counter = Counter(nvs, "air_ms")
    before = max(0, min(counter.read(), _MOST_MS))
    passed = max(0, now_s - state.accounted)
    after = min(max(0, before - 10 * passed) + state.air_ms, _MOST_MS)
    state.accounted, state.air_ms = now_s, 0
    if after != before:
        _write(nvs, "air_ms", after)
    if now_s >= _LASTING_S and Counter(nvs, "power_ups").read():
        _write(nvs, "power_ups", 0)


def _write(nvs, key, value):
    try:
        Counter(nvs, key).write(value)
    except OSError:
        pass  # told where a number is at stake (LP-219); this one only makes a careful station less so


def asks_for_sleep(hardware, state, board):
    # Seconds to sleep because the battery is too low, 0 for none. A board that cannot measure it goes on, and
    # so does one whose reading makes no sense.
    state.battery = 0
    low_mv = board.BATTERY.get("low_mv", 0) if "battery" in board.HEALTH else 0
    if not low_mv:
        return 0
    try:
        state.battery = hardware.health("battery")
    except Exception:
        return 0  # told by who has failed, and by the reading
    if state.battery >= low_mv + (_RECOVERED_MV if state.low else 0):
        state.low = 0
        return 0
    state.low = 1
    print(
        "LP-223 the battery has %d mV: nothing is measured or sent until it has %d mV. Next:"
        % (state.battery, low_mv + _RECOVERED_MV)
    )
    print("charge or replace it, look at the solar panel")
    return max(_LOW_SLEEP_S, state.interval)


def silence(settings, state):
    # After a hang or a crash while the radio was at work: nobody else puts it to sleep.
    from lora_radio import open_driver
    from station.radio_port import open_radio

    try:
        driver = open_driver(settings["radio"]["driver"])
        radio = open_radio(settings["board"], driver, None, state, False)
        radio.off(settings["radio"]["region"])
    except Exception as error:
        print("LP-224 the radio cannot be put to sleep (%s). Next: look at its supply and wires" % error)
