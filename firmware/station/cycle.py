# One wake: sample, journal, send, sleep. Everything in its own step, with its phase remembered for the
# watchdog's sake, and with the modules of one step gone before those of the next are loaded: that is what
# fits a small heap. A step that fails costs itself; the next one still has its turn.

import gc
import sys
import time

import machine

from station import clock, guard, memory
from station.flash import Counter, Folder, Numbers
from station.radio_port import board_ms, open_radio

JOURNAL_FOLDER = "/journal"
_GARBAGE, _ROOMY = 16384, 131072  # bytes between two collections, in a heap with less free than this
# Longer than the longest thing that a radio driver may do without coming back (a confirmed frame at SF12,
# busy modem).
WATCHDOG_MS = 120000
# And longer than any wake: then the watchdog is fed no more.
LONGEST_WAKE_MS = 900000
TECHNICIAN_MS = 3600000
REFUSED_SLEEP_MS = 600000


def run():
    if gc.mem_free() < _ROOMY:
        gc.threshold(_GARBAGE)  # collected often, garbage leaves no gaps between what stays
    wake = _begin(memory.Memory(machine.RTC()), machine.reset_cause())
    if wake is None:
        return
    _forget("station.begin", "station.power", "station.remote", "station.memory_0_3")
    try:
        wake.run(machine.reset_cause())
    except KeyboardInterrupt:
        machine.WDT(timeout=TECHNICIAN_MS)  # it cannot be stopped, only made patient
        raise
    wake.sleep()


def _begin(state, cause):
    # In a function of its own: what a frame has had on its stack is held until it ends.
    from station.begin import begin, load

    settings = load()
    if settings:
        return _Wake(settings, state, machine.WDT(timeout=WATCHDOG_MS), *begin(settings, state, cause))
    if cause in (machine.DEEPSLEEP_RESET, machine.WDT_RESET):
        machine.deepsleep(REFUSED_SLEEP_MS)
    return None


def _board_s():
    return board_ms() // 1000


def _forget(*packages):
    # Gives back the heap of modules that this wake needs no more: each is known to sys.modules and to its
    # parent. Emptied as well, because the collector is conservative: a forgotten pointer on the C stack may
    # keep one object alive, and through its module all others. (What has no name stands for a damaged file.)
    for name in list(sys.modules):
        parent, _, child = name.rpartition(".")
        if (name in packages or parent in packages) and hasattr(sys.modules[name], "__name__"):
            sys.modules.pop(name).__dict__.clear()
            if hasattr(sys.modules.get(parent), child):
                delattr(sys.modules[parent], child)
    gc.collect()


class _Wake:
    def __init__(self, settings, state, watchdog, nvs, hardware, pause_s):  # noqa: PLR0917 - the parts
        self._settings = settings
        self._state = state
        self._watchdog = watchdog
        self._nvs = nvs
        self._hardware = hardware
        self._pause_s = pause_s
        self._begun = time.ticks_ms()

    def _feed(self):
        if time.ticks_diff(time.ticks_ms(), self._begun) < LONGEST_WAKE_MS:
            self._watchdog.feed()

    def run(self, cause):
        if self._pause_s:
            return
        state = self._state
        now_ms = board_ms()
        true_ms = clock.true_ms(state, now_ms)
        slot = clock.slot_start(true_ms, state.interval)
        if cause == machine.WDT_RESET:
            self._after_watchdog(slot)
        if state.sampled and state.slot == slot:
            return
        state.at(memory.BOOT)
        # On the board's clock, in whole seconds, when the reading was.
        time_s = now_ms // 1000 + clock.reading_time(true_ms, slot) - true_ms // 1000
        row, history = self._read(time_s)
        state.slot, state.sampled, state.benched, state.next_seq = slot, 1, 0, history.next_seq
        state.at(memory.RADIO_ON)
        self._feed()
        try:
            self._send(history, row)
        except Exception as error:
            _forget("station.uplink", "luftpegel_wire", "lorawan")
            guard.report(state, error)
            self._silence()

    def _after_watchdog(self, slot):
        # A sensor that hung is left alone while its slot is tried again; whatever else hung costs the slot.
        state = self._state
        guard.record(state, "the watchdog bit")
        if state.phase >= memory.SENSOR:
            state.benched |= 1 << state.phase - memory.SENSOR
        else:
            state.slot, state.sampled = slot, 1
        if state.phase == memory.RADIO_ON:
            self._silence()

    def _silence(self):
        from station.power import silence

        silence(self._settings, self._state)

    def _read(self, time_s):
        # One reading, in the journal: its Row, and the History that it is part of now.
        from station.history import Layout
        from station.journal import Journal

        state = self._state
        journal = Journal(
            Folder(JOURNAL_FOLDER),
            Counter(self._nvs, "seq_ahead"),
            self._settings["board"].JOURNAL_BYTES,
            state.next_seq if state.valid else 0,
        )
        state.era = state.era or journal.era % 0xFFFF + 1
        plan = self._settings.pop("plan")  # the last hold on the drivers' modules
        values, quality = self._sample(plan, journal.next_seq)
        state.at(memory.JOURNAL)
        offset = clock.true_ms(state, 1000 * time_s) // 1000 - time_s
        layout = Layout(plan.channels, plan.steps, state.era, offset)
        mark = (state.offset_at, state.offset, state.drift) if state.mark else None
        row = journal.append(time_s, values, quality, layout, mark)
        state.mark = 0
        if journal.loose and _board_s() >= state.status_next:
            state.trouble = 218
        print("reading %d: %s" % (row.seq, " ".join([str(value) for value in values])))
        return row, journal.history()

    def _sample(self, plan, seq):
        from station.sampler import Sampler

        state = self._state
        sampler = Sampler(
            plan,
            self._settings,
            self._hardware,
            time.sleep_ms,
            self._feed,
            lambda k: state.at(memory.SENSOR + k),
        )
        cells = sampler.sample(state.benched, clock.weekly(seq, state.interval))
        state.faults = sampler.faults()
        return cells

    def _send(self, history, row):
        board = self._settings["board"]
        for part in ("sensors", "health", "steps"):
            self._settings.pop(part, None)
        self._hardware = None
        for part in ("RAIL", "I2C", "UARTS", "BATTERY", "HEALTH", "LED"):
            if hasattr(board, part):
                delattr(board, part)
        _forget("sensors", "station.sampler", "station.config", "station.journal", "station.hardware")
        from lora_radio import open_driver
        from station.uplink import Uplink

        state = self._state
        settings = self._settings["radio"]
        driver = open_driver(settings["driver"])
        gc.threshold(-1)
        radio = open_radio(board, driver, Numbers(self._nvs, state), state, settings["light_sleep"])
        radio.battery_mv = state.battery
        Uplink(self._settings, state, self._nvs, radio, _board_s, self._feed, _forget, time.sleep_ms).run(
            history, row
        )

    def sleep(self):
        state = self._state
        if not self._pause_s:
            from station.power import account

            account(self._nvs, state, _board_s())
        now_ms = board_ms()
        state.woken, state.hung = now_ms // 1000, 0
        state.at(memory.SLEEP)
        true_ms = clock.true_ms(state, now_ms)
        pause_ms = 1000 * self._pause_s or clock.until_next_slot_ms(true_ms, state.interval)
        print("asleep for %d s" % (pause_ms // 1000))
        machine.deepsleep(clock.asleep_ms(state, pause_ms))
