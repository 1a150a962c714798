# One round over the sensors. A dead sensor costs its own cells, which say why; it never costs the round.

from luftpegel_wire.quality import MISSING, OK, UNKNOWN
from sensors import BUS, SensorFault

_FEED_MS = 5000


class Sampler:
    # plan: config.Plan; hardware: bus(sensor, class), rail(on), recover_i2c(), health(name).
    # sleep_ms(n); feed(): the watchdog; mark(k): sensor k is about to be worked with.

    def __init__(self, plan, settings, hardware, sleep_ms, feed, mark):
        self._plan = plan
        self._sensors = settings["sensors"]
        self._health = settings["health"]
        self._hardware = hardware
        self._sleep_ms = sleep_ms
        self._feed = feed
        self._mark = mark
        self._cells = {}  # channel -> (value or None, quality)

    def sample(self, benched=0, care=False):
        # -> (values, qualities) in the order of plan.channels. benched: bits of sensors to be left alone.
        # care: sensors that can clean themselves do so afterwards; without lasting power none does by itself.
        self._hardware.rail(True)
        try:
            awake = [k for k, cls in enumerate(self._plan.classes) if cls and not benched & 1 << k]
            drivers = self._round(awake)
            for channel, name in zip(self._plan.health, self._health):
                self._cells[channel] = self._health_cell(name)
            for k, driver in drivers:
                if care and hasattr(driver, "clean"):
                    self._guarded(k, self._clean, driver)
                self._guarded(k, self._stop, driver)
        finally:
            self._hardware.rail(False)
        cells = [self._cells.get(channel, (None, UNKNOWN)) for channel in self._plan.channels]
        return [value for value, _ in cells], [quality for _, quality in cells]

    def faults(self):
        # How many sensors left a cell without a value.
        empty = [c for c, (value, _) in self._cells.items() if value is None]
        missing = self._plan.classes.count(None)
        return missing + len([owned for owned in self._plan.owned if set(owned) & set(empty)])

    def _round(self, awake):
        # Starts and measures all that can be; gives (number, driver) of those that started.
        started = [(k, self._guarded(k, self._start)) for k in awake]
        drivers = [(k, driver) for k, driver in started if driver]
        self._wait(max([0] + [driver.WARM_UP_MS for _, driver in drivers]))
        for k, driver in drivers:
            self._guarded(k, self._measure, driver)
        return drivers

    def _start(self, k):
        self._mark(k)
        driver = self._plan.classes[k](self._bus(k), **self._sensors[k]["options"])
        driver.start()
        return driver

    def _clean(self, k, driver):
        self._bus(k)
        driver.clean()
        self._wait(driver.CLEAN_MS)

    def _stop(self, k, driver):
        self._bus(k)
        driver.stop()

    def _bus(self, k):
        return self._hardware.bus(self._sensors[k], self._plan.classes[k])

    def _measure(self, k, driver):
        self._feed()
        self._mark(k)
        self._bus(k)
        try:
            values = driver.measure()
        except SensorFault as fault:
            if fault.quality != BUS or driver.BUS != "i2c" or not self._hardware.recover_i2c():
                raise
            driver = self._start(k)
            self._sleep_ms(driver.WARM_UP_MS)
            values = driver.measure()
        self._note(k, [(value, MISSING if value is None else OK) for value in values])

    def _guarded(self, k, step, *args):
        # Whatever a driver raises becomes the quality of those of its cells that have none yet.
        try:
            return step(k, *args)
        except SensorFault as fault:
            quality = fault.quality
            print(fault)
        except Exception as error:
            quality = UNKNOWN
            print("LP-118 %s: %r; report this" % (self._sensors[k]["driver"], error))
        self._note(k, [(None, quality)] * len(self._plan.owned[k]))
        return None

    def _health_cell(self, name):
        try:
            return self._hardware.health(name), OK
        except SensorFault as fault:  # has told already
            return None, fault.quality
        except Exception as error:
            print("LP-117 %s: %r; check the board's name in station.json" % (name, error))
            return None, UNKNOWN

    def _note(self, k, cells):
        for channel, cell in zip(self._plan.owned[k], cells):
            if channel is not None and channel not in self._cells:
                self._cells[channel] = cell

    def _wait(self, milliseconds):
        while milliseconds > 0:
            self._feed()
            self._sleep_ms(min(milliseconds, _FEED_MS))
            milliseconds -= _FEED_MS
