# One wake: sample, journal, send, sleep. Everything in its own step, with its phase remembered for the
# watchdog's sake, and with the modules of one step gone before those of the next are loaded: that is what
# fits a small heap.

import gc
import sys
import time

import machine
from esp32 import NVS

from station import clock, guard, memory
from station.flash import Counter, Folder, Numbers, interval_in_force
from station.hardware import Hardware, board_ms
from station.journal import Journal, Layout

STATION_FILE = "/station.json"
JOURNAL_FOLDER = "/journal"
NVS_NAME = "luftpegel"
_GARBAGE, _ROOMY = 16384, 131072  # bytes between two collections, in a heap with less free than this
# Longer than the longest thing that a radio driver may do without coming back (a confirmed frame at SF12,
# busy modem).
WATCHDOG_MS = 120000
SERVICE_WINDOW_MS = 5000
TECHNICIAN_MS = 3600000
UNATTENDED = (machine.DEEPSLEEP_RESET, machine.WDT_RESET)


def run():
    if gc.mem_free() < _ROOMY:
        gc.threshold(_GARBAGE)  # collected often, garbage leaves no gaps between what stays
    state = memory.Memory(machine.RTC())
    cause = machine.reset_cause()
    settings = _settings()
    if settings:
        if cause not in UNATTENDED:
            _service_window(settings)
        wake = _Wake(settings, state, machine.WDT(timeout=WATCHDOG_MS))
        try:
            wake.run(cause)
        except KeyboardInterrupt:
            machine.WDT(timeout=TECHNICIAN_MS)  # it cannot be stopped, only made patient
            raise
        wake.sleep()


def _settings():
    # The station's settings, with its board and its plan of channels; None when they are refused: then the
    # station stays at the prompt, where they can be mended, instead of failing again and again.
    from sensors import driver
    from station.config import ConfigError, Plan, board_of, load

    try:
        settings = load(STATION_FILE)
        settings["board"] = board_of(settings)
        settings["plan"] = Plan(settings, settings["board"], driver)
        return settings
    except ConfigError as error:
        print(STATION_FILE, error)
        print("The station does not start. It waits here for a technician.")
        return None


def _board_s():
    return board_ms() // 1000


def _service_window(settings):
    hardware = Hardware(settings["board"])
    hardware.led(True)
    print("%s starts in %d s; Ctrl-C stops it." % (settings["station"], SERVICE_WINDOW_MS // 1000))
    time.sleep_ms(SERVICE_WINDOW_MS)
    hardware.led(False)


def _forget(*packages):
    # Gives back the heap of modules that this wake needs no more: each is known to sys.modules and to its
    # parent. Emptied as well, because the collector is conservative: a forgotten pointer on the C stack may
    # keep one object alive, and through its module all others.
    for name in list(sys.modules):
        parent, _, child = name.rpartition(".")
        if name in packages or parent in packages:
            sys.modules.pop(name).__dict__.clear()
            if parent in sys.modules:
                delattr(sys.modules[parent], child)
    gc.collect()


class _Wake:
    def __init__(self, settings, state, watchdog):
        self._settings = settings
        self._state = state
        self._watchdog = watchdog
        self._nvs = NVS(NVS_NAME)
        self._hardware = Hardware(settings["board"])
        state.interval = interval_in_force(self._nvs, settings)

    def run(self, cause):
        state = self._state
        state.cause = cause
        now_ms = board_ms()
        if not state.valid or clock.is_new_era(state.woken, now_ms // 1000):
            state.era = state.sampled = state.offset = state.joins_failed = state.join_next = 0
        if cause not in UNATTENDED:
            state.radio_setup = state.status_next = 0  # somebody was here and may have changed the keys
        slot = clock.slot_start(now_ms, state.interval)
        if cause == machine.WDT_RESET:
            self._after_watchdog(slot)
        if state.sampled and state.slot == slot:
            return
        state.at(memory.BOOT)
        journal = Journal(
            Folder(JOURNAL_FOLDER), Counter(self._nvs, "seq_ahead"), self._settings["board"].JOURNAL_BYTES
        )
        state.era = state.era or journal.era + 1
        row = self._sample(journal, clock.reading_time(now_ms, slot))
        state.slot, state.sampled, state.benched = slot, 1, 0
        state.at(memory.RADIO_ON)
        self._watchdog.feed()
        self._send(journal, row)

    def _after_watchdog(self, slot):
        # A sensor that hung is left alone while its slot is tried again; whatever else hung costs the slot.
        state = self._state
        guard.record(state, "the watchdog bit")
        if state.phase >= memory.SENSOR:
            state.benched |= 1 << state.phase - memory.SENSOR
        else:
            state.slot, state.sampled = slot, 1

    def _sample(self, journal, time_s):
        from station.sampler import Sampler

        state = self._state
        plan = self._settings.pop("plan")  # the last hold on the drivers' modules
        sampler = Sampler(
            plan,
            self._settings,
            self._hardware,
            time.sleep_ms,
            self._watchdog.feed,
            lambda k: state.at(memory.SENSOR + k),
        )
        values, quality = sampler.sample(state.benched, clock.weekly(journal.next_seq, state.interval))
        state.faults = sampler.faults()
        state.at(memory.JOURNAL)
        layout = Layout(plan.channels, plan.steps, state.era, state.offset)
        row = journal.append(time_s, values, quality, layout)
        print("reading %d: %s" % (row.seq, " ".join([str(value) for value in values])))
        return row

    def _send(self, journal, row):
        for part in ("sensors", "health", "steps"):
            del self._settings[part]
        _forget("sensors", "station.sampler", "station.config")
        from lora_radio import open_driver
        from station.uplink import Uplink

        settings = self._settings["radio"]
        driver = open_driver(settings["driver"])
        gc.threshold(-1)
        radio = self._hardware.radio(driver, Numbers(self._nvs), self._state, settings["light_sleep"])
        feed = self._watchdog.feed
        Uplink(self._settings, self._state, self._nvs, radio, _board_s, feed, _forget).run(journal, row)

    def sleep(self):
        now_ms = board_ms()
        self._state.woken = now_ms // 1000
        self._state.at(memory.SLEEP)
        pause_ms = clock.until_next_slot_ms(now_ms, self._state.interval)
        print("asleep for %d s" % (pause_ms // 1000))
        machine.deepsleep(pause_ms)
