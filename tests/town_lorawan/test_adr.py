"""How devices are steered: faster, then quieter with spare signal, louder with too little of it."""

import pytest
from model_air import joined

from luftpegel_tools.network_server.lorawan.adr import HISTORY, Bounds, Sample, Tuning, advise
from luftpegel_tools.network_server.lorawan.commands import LinkAdrReq

BOUNDS = Bounds(max_data_rate=5, max_tx_power=7)


def history(snr, count=HISTORY, tx_power=0, every=1):
    return [Sample(every * i, snr, tx_power) for i in range(count)]


@pytest.mark.parametrize(
    ("now", "snr", "floor_db", "expected"),
    [
        (Tuning(0, 0), -10.0, -20.0, Tuning(0, 0)),  # nothing spare above the margin of 10 dB
        (Tuning(0, 0), -7.1, -20.0, Tuning(0, 0)),  # a step has 3 dB
        (Tuning(0, 0), -7.0, -20.0, Tuning(1, 0)),
        (Tuning(0, 0), 5.0, -20.0, Tuning(5, 0)),
        (Tuning(0, 0), 11.0, -20.0, Tuning(5, 2)),
        (Tuning(5, 2), 9.0, -7.5, Tuning(5, 4)),
        (Tuning(5, 6), 30.0, -7.5, Tuning(5, 7)),  # no quieter than the region allows
        (Tuning(5, 4), -4.0, -7.5, Tuning(5, 2)),  # louder again, the data rate stays
        (Tuning(5, 1), -12.0, -7.5, Tuning(5, 0)),
        (Tuning(6, 0), 2.5, -7.5, Tuning(5, 0)),  # back to the rates that ADR is for
    ],
)
def test_steps(now, snr, floor_db, expected):
    assert advise(now, history(snr, tx_power=now.tx_power), floor_db, BOUNDS) == expected


def test_louder_only_after_a_full_history_at_this_power():
    now = Tuning(5, 4)
    assert advise(now, history(-8.0, HISTORY - 1, 4), -7.5, BOUNDS) == now
    mixed = [*history(-8.0, 5, 3), *history(-8.0, HISTORY - 5, 4)]
    assert advise(now, mixed, -7.5, BOUNDS) == now


@pytest.mark.parametrize(
    ("every", "used", "expected"), [(1, 1, 1), (1, 3, 2), (2, 1, 3), (2, 2, 3), (1, 2, 1)]
)
def test_lost_frames_raise_the_number_of_transmissions(every, used, expected):
    now = Tuning(5, 0, used)
    assert advise(now, history(2.5, every=every), -7.5, BOUNDS).nb_trans == expected


def test_the_bounds_of_a_device_are_kept():
    assert advise(Tuning(0, 0), history(11.0), -20.0, Bounds(3, 1)) == Tuning(3, 1)


def test_a_device_is_steered_and_follows():
    air = joined(adr=True)
    _, read = air.exchange(adr=True, air={"snr": 5.0})
    assert read.adr
    assert read.commands == [bytes(LinkAdrReq(5, 0, 0xFF))]
    air.data_rate, air.device.answers = 5, b"\x03\x07"
    heard, read = air.exchange(adr=True, air={"snr": 2.5})
    assert heard.settled[0].accepted
    assert read is None
    assert air.session.tuning == Tuning(5, 0)


def test_what_is_under_way_is_not_asked_twice():
    air = joined(adr=True)
    frame = air.device.uplink(adr=True)
    first = air.server.answer(air.receive(frame, snr=5.0))
    assert air.device.downlink(first.phy_payload).commands
    assert air.server.answer(air.receive(frame, snr=9.0)) is None


def test_who_does_not_want_it_is_left_alone():
    assert joined(adr=True).exchange(adr=False, air={"snr": 9.0})[1] is None
    assert joined(adr=False).exchange(adr=True, air={"snr": 9.0})[1] is None


def test_a_refused_power_is_not_asked_for_again():
    air = joined(adr=True)
    air.data_rate = 5
    _, read = air.exchange(adr=True, air={"snr": 14.5})
    assert read.commands == [bytes(LinkAdrReq(5, 4, 0xFF))]
    for refused in (4, 3):
        assert read.commands[0][1] & 15 == refused
        air.device.answers = b"\x03\x03"
        _, read = air.exchange(adr=True, air={"snr": 14.5})
    assert read.commands == [bytes(LinkAdrReq(5, 2, 0xFF))]


def test_a_refused_data_rate_is_not_asked_for_again():
    air = joined(adr=True)
    air.exchange(adr=True, air={"snr": 5.0})
    air.device.answers = b"\x03\x05"
    _, read = air.exchange(adr=True, air={"snr": 5.0})
    assert read.commands == [bytes(LinkAdrReq(0, 5, 0xFF))]


def test_a_device_that_backs_off_is_at_full_power_again():
    air = joined(adr=True)
    air.data_rate = 5
    air.session.tuning = Tuning(5, 4)
    air.uplink(adr=True)
    air.data_rate = 4
    air.uplink(adr=True, air={"snr": -9.0})
    assert air.session.tuning == Tuning(4, 0)
    assert len(air.session.history) == 1
