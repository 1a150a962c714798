"""What a station costs: airtime, duty cycle, a network's fair use, battery; by data rate and interval."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from luftpegel_tools.air.airtime import MAC_OVERHEAD, lora_airtime_us, symbol_us
from luftpegel_tools.station_files.fit import largest_reading, region_of
from luftpegel_tools.station_files.station_plan import StationPlan
from luftpegel_tools.technician.planning import currents
from luftpegel_tools.technician.planning.frames import readings_frame, status_bytes

DAY_S = 86_400
INTERVALS_S = (300, 600, 900)
FAIR_USE_S = 30.0  # a day and device: The Things Network's fair use policy
_WINDOW_SYMBOLS, _WINDOW_SLACK_S = 12, 0.04  # that a receive window listens, twice 20 ms besides
_WAIT_S = 2.0  # from the end of a frame to the second window
_HOURS_A_MONTH = 730.5
_LEAST_FRAME = 20  # that a station file may ask for


@dataclass(frozen=True, slots=True)
class Battery:
    """What may be drawn from it: mAh, and the loss of itself in percent a month."""

    usable_mah: float
    self_discharge: float = 2.0  # Li-ion cells, with their protection circuit


@dataclass(frozen=True, slots=True)
class Row:
    """One data rate at one interval."""

    data_rate: int
    spreading_factor: int
    interval_s: int
    frame_bytes: int
    readings: int  # a frame has: so many frames in a row may be lost without a gap
    airtime_ms: int
    airtime_s_a_day: float
    duty_percent: float
    duty_allowed_percent: float
    average_ma: float
    battery_months: float
    fair_frame_bytes: (
        int  # a `frame_bytes` that keeps to fair use; 0 where none does that has room for a reading
    )

    @property
    def fair(self) -> bool:
        """Whether it keeps to The Things Network's fair use."""
        return self.airtime_s_a_day <= FAIR_USE_S

    @property
    def legal(self) -> bool:
        """Whether it keeps to the band's duty cycle; the radio waits where it would not."""
        return self.duty_percent <= self.duty_allowed_percent

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "fair_use": self.fair, "within_duty_cycle": self.legal}


def rows(
    plan: StationPlan,
    battery: Battery,
    intervals_s: Sequence[int] = INTERVALS_S,
    sleep_ua: float | None = None,
) -> Iterator[Row]:
    """Each data rate of the station's region, from the quickest, at each interval."""
    region = region_of(plan.settings["radio"]["region"])
    for rate in reversed(range(len(region.DATA_RATES))):
        for interval_s in intervals_s:
            yield _row(plan, battery, rate, interval_s, sleep_ua)


def _row(plan: StationPlan, battery: Battery, rate: int, interval_s: int, sleep_ua: float | None) -> Row:
    region = region_of(plan.settings["radio"]["region"])
    spreading, bandwidth = region.DATA_RATES[rate]
    room = min(plan.settings["radio"]["frame_bytes"], region.MAX_PAYLOAD[rate])
    length, readings = readings_frame(plan.channels, plan.steps, room, interval_s)
    air_s = _airtime_s(length, spreading, bandwidth)
    frames = DAY_S / interval_s
    day_s = air_s * frames + _airtime_s(status_bytes(room), spreading, bandwidth)
    listen_s = 2 * (_WINDOW_SYMBOLS * symbol_us(spreading, bandwidth) / 1e6 + _WINDOW_SLACK_S)
    average = _average_ma(plan, interval_s, air_s, listen_s, sleep_ua)
    lost_ma = battery.usable_mah * battery.self_discharge / 100 / _HOURS_A_MONTH
    return Row(
        data_rate=rate,
        spreading_factor=spreading,
        interval_s=interval_s,
        frame_bytes=length,
        readings=readings,
        airtime_ms=round(air_s * 1000),
        airtime_s_a_day=round(day_s, 1),
        duty_percent=round(day_s / DAY_S * 100, 3),
        duty_allowed_percent=_allowed(region),
        average_ma=round(average, 3),
        battery_months=round(battery.usable_mah / (average + lost_ma) / _HOURS_A_MONTH, 1),
        fair_frame_bytes=_fair_bytes(plan, room, frames, (spreading, bandwidth)),
    )


def _fair_bytes(plan: StationPlan, room: int, frames: float, modulation: tuple[int, int]) -> int:
    least = max(_LEAST_FRAME, largest_reading(plan.channels, plan.steps))
    for most in range(room, least - 1, -1):
        whole = _airtime_s(most, *modulation) * frames + _airtime_s(status_bytes(most), *modulation)
        if whole <= FAIR_USE_S:
            return most
    return 0


def _airtime_s(payload: int, spreading: int, bandwidth: int) -> float:
    return lora_airtime_us(payload + MAC_OVERHEAD, spreading, bandwidth) / 1e6


def _allowed(region: Any) -> float:
    """Percent in the band of the channels that every device of the region has."""
    allowed = [
        per_mille
        for low, high, per_mille in region.BANDS
        if any(low <= channel <= high for channel in region.CHANNELS)
    ]
    return float(min(allowed)) / 10


def _average_ma(
    plan: StationPlan, interval_s: int, air_s: float, listen_s: float, sleep_ua: float | None
) -> float:
    """Of the whole station, in mA: what flows in one interval, over its length."""
    settings = plan.settings
    board = currents.BOARDS[settings["board"]]
    radio = currents.RADIOS[settings["radio"]["driver"]]
    sensors = [currents.SENSORS[sensor["driver"]] for sensor in settings["sensors"]]
    sensing_s = max(driver.WARM_UP_MS for driver in plan.drivers) / 1000 + sum(
        one.measure_s for one in sensors
    )
    talking_s = air_s + _WAIT_S + listen_s
    waiting_ma = currents.LIGHT_SLEEP_MA if settings["radio"]["light_sleep"] else board.awake_ma
    charge = (
        board.awake_ma * (currents.WAKE_S + sensing_s)
        + waiting_ma * talking_s
        + sum(one.on_ma for one in sensors) * sensing_s
        + radio.send_ma * air_s
        + radio.listen_ma * listen_s
    )
    asleep_ma = ((board.sleep_ua if sleep_ua is None else sleep_ua) + radio.sleep_ua) / 1000
    awake_s = min(interval_s, currents.WAKE_S + sensing_s + talking_s)
    return float(charge + asleep_ma * (interval_s - awake_s)) / interval_s
