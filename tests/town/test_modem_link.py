"""The air: what is lost, how often, when, and that a seed repeats it."""

from dataclasses import replace

import pytest

from luftpegel_tools.air.losses import Disturbance
from luftpegel_tools.air.modem_link import GatewaySite, ModemLink
from luftpegel_tools.air.modem_messages import Downlink, JoinAccept, JoinRequest, Uplink

SITE = GatewaySite("0016c001f1500001", rssi=-95, snr=6.0)
UPLINK = Uplink(bytes(8), 1, 0, 1, bytes(20), True, False, 5, 868_300_000, 0, 56_576)
JOIN = JoinRequest(bytes(8), bytes(8), bytes(16), 1, 5, 868_100_000, 0, 61_696)


class Echo:
    """A server that answers everything and remembers what it heard."""

    def __init__(self, answer=None):
        self.heard = []
        self._answer = answer or Downlink(None, b"", True)

    def join(self, request, heard):
        return JoinAccept(7)

    def uplink(self, uplink, heard):
        self.heard.append((uplink, heard))
        return self._answer


def run(link, n=400, step_us=1_000_000):
    return [link.uplink(replace(UPLINK, f_cnt=i, sent_us=i * step_us)) for i in range(n)]


def test_the_same_seed_loses_the_same_frames():
    def received(seed):
        server = Echo()
        answers = run(ModemLink(server, [SITE], seed=seed, loss_up=0.3, loss_down=0.3))
        return [(uplink.f_cnt, heard) for uplink, heard in server.heard], answers

    assert received("a") == received("a")
    assert received("a") != received("b")


def test_loss_is_counted_apart_for_both_directions():
    server = Echo()
    link = ModemLink(server, [SITE], seed="x", loss_up=0.2, loss_down=0.5)
    answers = run(link, 2000)
    tally = link.tally
    assert tally.uplinks == 2000
    assert tally.uplinks - tally.uplinks_lost == len(server.heard) == tally.downlinks
    assert tally.downlinks - tally.downlinks_lost == sum(answer is not None for answer in answers)
    assert tally.uplinks_lost / tally.uplinks == pytest.approx(0.2, abs=0.03)
    assert tally.downlinks_lost / tally.downlinks == pytest.approx(0.5, abs=0.04)
    assert tally.payload_bytes == 2000 * 20
    assert tally.airtime_us == 2000 * 56_576


def test_downlink_loss_does_not_change_which_uplinks_are_lost():
    def heard(loss_down):
        server = Echo()
        run(ModemLink(server, [SITE], seed="x", loss_up=0.3, loss_down=loss_down))
        return server.heard

    assert heard(0.0) == heard(0.9)


def test_an_outage_swallows_everything_and_ends():
    server = Echo()
    link = ModemLink(server, [SITE], seed="x")
    link.disturbances.append(Disturbance(100_000_000, 200_000_000))
    run(link)
    assert [uplink.f_cnt for uplink, _ in server.heard] == [*range(100), *range(200, 400)]


def test_a_burst_may_hit_one_direction_alone():
    server = Echo()
    link = ModemLink(server, [SITE], seed="x")
    link.disturbances.append(Disturbance(0, 10_000_000, loss_up=0.0, loss_down=1.0))
    answers = run(link, 20)
    assert len(server.heard) == 20
    assert answers[:10] == [None] * 10
    assert None not in answers[10:]


@pytest.mark.parametrize(("latency_us", "window"), [(30_000, 1), (1_000_000, 2), (30_000_000, None)])
def test_a_slow_backhaul_misses_the_first_window_then_both(latency_us, window):
    """Half of a site's mean delay is fixed, so these bounds hold for each frame."""
    answer = ModemLink(Echo(), [replace(SITE, latency_us=latency_us)], seed="s").uplink(UPLINK)
    assert (answer.window if answer else None) == window


def test_a_slow_backhaul_still_reaches_the_later_windows_of_a_join():
    accept = ModemLink(Echo(), [replace(SITE, latency_us=2_000_000)], seed="s").join(JOIN)
    assert accept.dev_addr == 7
    assert accept.window == 1


def test_joins_are_lost_like_any_frame():
    assert ModemLink(Echo(), [SITE], seed="s", loss_up=1.0).join(JOIN) is None
    assert ModemLink(Echo(), [SITE], seed="s", loss_down=1.0).join(JOIN) is None


def test_every_gateway_in_reach_hears_with_its_own_signal():
    server = Echo()
    other = replace(SITE, gateway_id="0016c001f1500002", rssi=-118, snr=-8.0)
    run(ModemLink(server, [SITE, other], seed="s"), 50)
    near, far = zip(*(heard for _, heard in server.heard), strict=True)
    assert sum(r.rssi for r in near) / 50 == pytest.approx(-95, abs=2)
    assert sum(r.rssi for r in far) / 50 == pytest.approx(-118, abs=2)
    assert all(4 * r.snr == round(4 * r.snr) for r in (*near, *far))


@pytest.mark.parametrize("loss_down", [0.0, 1.0])
def test_a_confirmed_downlink_is_acknowledged_only_if_it_was_heard(loss_down):
    server = Echo(Downlink(11, b"\x01", False, confirmed=True))
    run(ModemLink(server, [SITE], seed="s", loss_down=loss_down), 3)
    assert [uplink.acknowledges for uplink, _ in server.heard] == [False] + 2 * [loss_down == 0.0]
