"""Random lives of a station: whatever fails, no report is false, no nonce or frame counter is used twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.radio.conftest import KINDS, Bench

from lora_radio import RadioError
from luftpegel_tools.air.modem_messages import Downlink, JoinAccept

FAULTS = ["silent", "garbage", "banner", "busy", "slow", "lost_line", "echo", "no_free_channel"]
LONGEST_WAKE_S = 240

WAKES = st.fixed_dictionaries(
    {
        "faults": st.just(set()) | st.sets(st.sampled_from(FAULTS), max_size=2),
        "power": st.sampled_from(["stays", "stays", "stays", "cut", "factory reset"]),
        "accepted": st.sampled_from([True, True, True, False]),
        "data_rate": st.sampled_from([5, 5, 4, 3, 0]),
        "adr": st.booleans(),
        "confirmed": st.booleans(),
        "payload": st.binary(max_size=242),
        "downlink": st.none()
        | st.builds(
            Downlink,
            f_port=st.integers(1, 223),
            data=st.binary(max_size=51),
            acknowledges=st.booleans(),
            adr_data_rate=st.none() | st.integers(0, 5),
            window=st.sampled_from([1, 2]),
            snr=st.integers(-20, 12),
        ),
    }
)


def wake(bench, plan):
    """One wake; gives what was reported: the payload sent, and the downlinks received."""
    radio = bench.reboot_board()
    try:
        bench.configure(plan["data_rate"], plan["adr"])
        if not radio.joined() and not radio.join():
            return None
        payload = plan["payload"][: radio.max_payload()]
        received = radio.send(5, payload, plan["confirmed"])
        radio.sleep()
    except RadioError:
        return None
    return payload, [(downlink.port, downlink.payload) for downlink in received]


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=40, deadline=None)
@given(plans=st.lists(WAKES, min_size=1, max_size=12))
def test_a_station_that_wakes_every_ten_minutes(name, plans):
    bench = Bench(KINDS[name])
    for number, plan in enumerate(plans):
        bench.clock.run_until(number * 600_000_000)
        if plan["power"] == "cut":
            bench.modem.power(False)
            bench.modem.power(True)
        elif plan["power"] == "factory reset":
            bench.modem.factory_reset()
        bench.modem.faults = plan["faults"]
        bench.network.accept = JoinAccept(0x26000000 + number) if plan["accepted"] else None
        bench.network.downlinks = [plan["downlink"]]
        heard_before = len(bench.network.uplinks)
        report = wake(bench, plan)
        assert bench.clock.now_us - number * 600_000_000 < LONGEST_WAKE_S * 1_000_000
        heard = bench.network.uplinks[heard_before:]
        if report is not None:
            payload, received = report
            assert (5, payload) in [(uplink.f_port, uplink.data) for uplink in heard]
            offered = plan["downlink"]
            assert received in ([], [(offered.f_port, offered.data)] if offered else [])
            if not plan["faults"] and offered and (offered.data or bench.kind.tells_empty):
                assert received
    frames = [(uplink.dev_addr, uplink.f_cnt, uplink.data) for uplink in bench.network.uplinks]
    counters = {(dev_addr, f_cnt): data for dev_addr, f_cnt, data in frames}
    assert all(counters[dev_addr, f_cnt] == data for dev_addr, f_cnt, data in frames)
    nonces = [request.dev_nonce for request in bench.network.joins]
    assert nonces == sorted(set(nonces))
