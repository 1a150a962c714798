# The beginning of a wake: the settings, a moment for a technician, the battery, what a power-up costs. Its
# heap is given back before the first sensor is started.

import time

import machine
from esp32 import NVS

from station import clock, guard, power
from station.hardware import Hardware
from station.radio_port import board_ms

STATION_FILE = "/station.json"
NVS_NAME = "luftpegel"
SERVICE_WINDOW_MS = 5000
UNATTENDED = (machine.DEEPSLEEP_RESET, machine.WDT_RESET)


def load():
    # The station's settings, with its board and its plan of channels; None when they are refused: then the
    # station stays at the prompt for a while, where they can be mended.
    from sensors import driver
    from station.config import ConfigError, Plan, board_of
    from station.config import load as load_file

    try:
        settings = load_file(STATION_FILE)
        settings["board"] = board_of(settings)
        settings["plan"] = Plan(settings, settings["board"], driver)
        return settings
    except ConfigError as error:
        print(STATION_FILE, error)
        print("The station does not start. It waits here for a technician.")
        return None


def begin(settings, state, cause):
    # -> (NVS, Hardware, seconds to sleep before anything is measured).
    hardware = Hardware(settings["board"], settings["revision"])
    if cause not in UNATTENDED:
        _service_window(settings, hardware)
    nvs = NVS(NVS_NAME)
    now_s = board_ms() // 1000
    state.cause = cause
    if not state.valid or clock.is_new_era(state.woken, now_s):
        state.era = state.sampled = state.joins_failed = state.join_next = state.quiet_until = 0
        state.offset = state.drift = state.doubt = state.mark = state.time_next = state.accounted = 0
    if cause not in UNATTENDED:
        # Somebody was here, with new keys perhaps.
        state.radio_setup = state.status_next = state.time_next = 0
    if guard.damaged and now_s >= state.status_next:
        state.trouble = 217
    pause_s = power.asks_for_sleep(hardware, state, settings["board"])
    if not pause_s and cause == machine.PWRON_RESET:
        pause_s = power.begin(nvs, state, now_s)
    _remote(nvs, settings, state)
    return nvs, hardware, pause_s


def _service_window(settings, hardware):
    hardware.led(True)
    print("%s starts in %d s; Ctrl-C stops it." % (settings["station"], SERVICE_WINDOW_MS // 1000))
    time.sleep_ms(SERVICE_WINDOW_MS)
    hardware.led(False)


def _remote(nvs, settings, state):
    # What the network has set holds instead of the station file's.
    from station.remote import in_force

    in_force(nvs, settings, state)
