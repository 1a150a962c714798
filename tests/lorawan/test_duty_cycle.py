"""No hour holds more airtime in a band than the region allows, and the next free time is told truly."""

import random

import pytest
from lorawan_town import NO_CHANNEL, RefusedError, Town

HOUR = 3_600_000
DAY = 24 * HOUR
# ETSI EN 300 220-2, annex B, as the specification of EU868 has it: band -> seconds in an hour.
BANDS = {
    (863_000_000, 865_000_000): 3.6,
    (865_000_000, 868_000_000): 36,
    (868_000_000, 868_600_000): 36,
    (868_700_000, 869_200_000): 3.6,
    (869_400_000, 869_650_000): 360,
    (869_700_000, 870_000_000): 36,
}
CHANNELS = (864_100_000, 867_100_000, 868_800_000, 869_525_000, 869_900_000)


def worst_hours(sent):
    """Band -> the most seconds of airtime in any hour, over all hours that begin with a frame."""
    worst = {}
    for low, high in BANDS:
        frames = [(t.at, t.airtime_us() / 1e6) for t in sent if low <= t.frequency_hz <= high]
        first = total = most = 0
        for at, airtime in frames:
            total += airtime
            while frames[first][0] <= at - HOUR:
                total -= frames[first][1]
                first += 1
            most = max(most, total)
        worst[low, high] = most
    return worst


def hold(sent):
    assert all(spent <= BANDS[band] for band, spent in worst_hours(sent).items())


def use_up(town):
    """Sends until the duty cycle is used up; when the next frame may go."""
    town.join()
    town.silence()
    town.device.put("session.data_rate", 0)
    while (free := town.call("next_transmission_at", 51, town.now)) == town.now:
        town.quiet(payload=bytes(51))
        town.device.put("session.adr_count", 0)
    return free


def test_thirty_days_at_ten_minutes(device):
    town = Town(device)
    town.join(dl_settings=0)
    town.silence()
    town.device.put("session.data_rate", 0)
    town.device.put("session.adr", False)
    begin = town.now
    waited = 0
    for number in range(30 * 24 * 6):
        town.now = max(town.now, begin + 600_000 * number)
        due = town.now
        town.quiet(payload=bytes(20))
        waited += town.sent[-1].at > due
    assert town.now - begin < 30 * DAY
    assert waited == 0
    hold(town.sent)
    share = sum(t.airtime_us() for t in town.sent) / 1e6 / (30 * 86_400)
    assert 0.002 < share < 0.01


def test_as_fast_as_allowed_on_the_default_channels(town):
    town.join()
    town.silence()
    town.device.put("session.data_rate", 0)
    town.device.put("session.adr", False)
    start = town.now
    for _ in range(60):
        town.quiet(payload=bytes(51))
    hold(town.sent)
    hours = (town.now - start) / HOUR
    assert sum(t.airtime_us() for t in town.sent) / 1e6 / hours > 30


def test_all_bands_at_once(town):
    town.join()
    town.silence()
    commands = b""
    for index, frequency in enumerate(CHANNELS, 3):
        commands += bytes([0x07, index]) + (frequency // 100).to_bytes(3, "little") + b"\x50"
    town.send()
    town.hear(town.network.downlink(0, commands))
    town.device.put("session.adr", False)
    dice = random.Random(5)
    for _ in range(600):
        town.device.put("session.data_rate", dice.randrange(6))
        town.quiet(payload=bytes(dice.randrange(52)), confirmed=dice.random() < 0.2)
    hold(town.sent)
    assert all(spent > 0 for spent in worst_hours(town.sent).values())


def test_the_free_time_is_exact(town):
    """One millisecond earlier is refused, with the wait that is left; then it goes."""
    free = use_up(town)
    with pytest.raises(RefusedError) as refused:
        town.call("uplink", 1, bytes(51), False, free - 1)
    assert (refused.value.kind, refused.value.wait_ms) == (NO_CHANNEL, 1)
    town.call("uplink", 1, bytes(51), False, free)


def test_a_refused_uplink_costs_nothing(town):
    use_up(town)
    before = town.call("dump", town.now), town.device.stored()
    with pytest.raises(RefusedError):
        town.call("uplink", 1, bytes(51), False, town.now)
    assert (town.call("dump", town.now), town.device.stored()) == before


def test_repetitions_wait_for_the_duty_cycle(town):
    town.join()
    town.silence()
    town.device.put("session.data_rate", 0)
    town.device.put("session.adr", False)
    town.device.put("session.repeats", 15)
    for _ in range(3):
        town.quiet(payload=bytes(51))
    assert len(town.sent) == 1 + 45
    hold(town.sent)


def test_the_ledger_survives_deep_sleep(town):
    free = use_up(town)
    kept = town.call("dump", town.now)
    for later in (0, 60_000, 1_800_000):
        town.power_on()
        town.call("load", kept, town.now + later, True)
        assert town.call("next_transmission_at", 51, town.now + later) == max(free, town.now + later)


def test_a_long_silence_frees_everything(town):
    use_up(town)
    sent = len(town.sent)
    for hours in (2, 30, 24 * 365):
        town.now += hours * HOUR
        while town.call("next_transmission_at", 51, town.now) == town.now:
            town.quiet(payload=bytes(51))
            town.device.put("session.adr_count", 0)
        assert len(town.sent) - sent == 12
        sent = len(town.sent)


def test_a_clock_that_begins_anew_shortens_nothing(town):
    free = use_up(town)
    kept = town.call("dump", town.now)
    town.power_on()
    assert town.call("load", kept, 5000, True) is True
    assert town.call("next_transmission_at", 51, 5000) - 5000 >= free - town.now - 600_000
    assert 1_800_000 < town.call("next_transmission_at", 51, 5000) < 5000 + HOUR + 600_000


@pytest.mark.parametrize(("exponent", "most"), [(1, 0.5), (7, 1 / 128), (10, 1 / 1024)])
def test_the_networks_own_limit(town, exponent, most):
    town.join()
    town.silence()
    town.command(bytes([0x04, exponent]))
    start = town.now
    sent = len(town.sent)
    for _ in range(30):
        town.quiet()
    town.wait_for_uplink(7)
    airtime = sum(t.airtime_us() for t in town.sent[sent:]) / 1000
    assert airtime / (town.now - start) <= most


def test_the_networks_own_limit_survives_deep_sleep_and_ends_with_the_session(town):
    town.join()
    town.silence()
    town.command(b"\x04\x0a")
    free = town.call("next_transmission_at", 7, town.now)
    assert free > town.now + 20_000
    kept = town.call("dump", town.now)
    town.power_on()
    town.call("load", kept, town.now + 3000, True)
    assert free <= town.call("next_transmission_at", 7, town.now + 3000) < free + 1000
    town.join()
    assert town.get("ledger.exponent") == 0


def test_the_pause_after_a_missed_acknowledgement_survives_deep_sleep(town):
    town.join()
    town.silence()
    town.quiet(confirmed=True)
    free = town.call("next_transmission_at", 7, town.now)
    assert free > town.now
    kept = town.call("dump", town.now)
    town.power_on()
    town.call("load", kept, town.now, True)
    assert free <= town.call("next_transmission_at", 7, town.now) < free + 1000
