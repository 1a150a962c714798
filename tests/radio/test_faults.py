"""Each fault of the modem: the driver gets through, or says what is wrong, and never waits for ever."""

import pytest
from tests.radio.conftest import APP_KEY, Pin

from lora_radio import BUSY, JOIN_FAILED, NO_CHANNEL, PROTOCOL, SILENT, RadioError
from luftpegel_tools.air.modem_messages import Downlink

LONGEST_CALL_S = 120  # the watchdog of a station


def failure_of(call, *args, **kwargs):
    with pytest.raises(RadioError) as failure:
        call(*args, **kwargs)
    return failure.value


def test_a_silent_modem(bench):
    bench.modem.faults.add("silent")
    failure = failure_of(bench.configure)
    assert (failure.kind, failure.code) == (SILENT, "LP-231")
    assert f"{bench.kind.baud} baud" in str(failure)
    assert bench.seconds() < 5
    bench.modem.faults.clear()
    bench.configure()
    assert bench.radio.join()


def test_a_modem_without_power(bench):
    bench.modem.power(False)
    assert failure_of(bench.configure).kind == SILENT


def test_the_reset_pin_brings_a_hung_modem_back(bench):
    class RevivingPin(Pin):
        def value(self, level):
            super().value(level)
            self._modem.faults.discard("silent")

    bench.modem.faults.add("silent")
    bench.reboot_board(RevivingPin(bench.modem))
    bench.configure()
    assert bench.radio.join()


@pytest.mark.parametrize("fault", ["garbage", "slow", "echo"])
def test_faults_that_the_driver_gets_through(bench, fault):
    bench.modem.faults.add(fault)
    bench.configure()
    assert bench.radio.join()
    for number in range(20):
        bench.clock.run_until(bench.clock.now_us + 20_000_000)
        bench.network.downlinks = [Downlink(11, bytes([number, 0x2B]), acknowledges=False)]
        [received] = bench.radio.send(2, bytes([number]))
        assert received.payload == bytes([number, 0x2B])
    assert [uplink.data for uplink in bench.network.uplinks] == [bytes([n]) for n in range(20)]
    assert {uplink.f_port for uplink in bench.network.uplinks} == {2}


@pytest.mark.parametrize(
    ("kind", "true", "false"),
    [("wio_e5", "+MODE: LWOTAA", "+MODE: LW?TAA"), ("rak3172", "AT+BAND=4", "AT+BAND=6")],
    indirect=["kind"],
)
def test_one_falsified_answer_costs_no_session(joined, true, false):
    joined.radio.send(1, b"a")
    say = joined.modem.say
    falsified = []

    def saying(*lines, **options):
        if lines[0] == true and not falsified:
            falsified.append(lines)
            lines = (false, *lines[1:])
        say(*lines, **options)

    joined.modem.say = saying
    joined.reboot_board()
    joined.configure()
    assert falsified
    assert joined.radio.joined()


def test_lost_lines_lose_no_frame_that_was_reported_as_sent(bench):
    bench.modem.faults.add("lost_line")
    bench.configure()
    reported = []
    failures = set()
    for number in range(40):
        bench.clock.run_until(bench.clock.now_us + 20_000_000)
        try:
            if bench.radio.joined() or bench.radio.join():
                bench.radio.send(1, bytes([number]))
                reported.append(bytes([number]))
        except RadioError as failure:
            failures.add(failure.kind)
    sent = [uplink.data for uplink in bench.network.uplinks]
    assert set(reported) <= set(sent)
    assert len(reported) >= 20
    assert failures == {PROTOCOL}


def test_a_modem_that_restarts_in_the_middle(joined):
    joined.radio.send(1, b"a")
    joined.modem.faults.add("banner")
    joined.clock.run_until(joined.clock.now_us + 20_000_000)
    assert failure_of(joined.radio.send, 1, b"b").kind == PROTOCOL
    assert not joined.radio.joined()
    assert failure_of(joined.radio.join).kind == PROTOCOL
    joined.modem.faults.clear()
    assert joined.radio.join()
    joined.radio.send(3, b"b")
    assert (joined.network.uplinks[-1].data, joined.network.uplinks[-1].f_port) == (b"b", 3)


def test_a_modem_that_stays_busy(joined):
    joined.modem.faults.add("busy")
    failure = failure_of(joined.radio.send, 1, b"a")
    assert failure.kind == BUSY
    assert failure.wait_ms > 0
    joined.modem.faults.clear()
    assert joined.radio.send(1, b"a") == []


def test_a_modem_that_is_busy_with_somebody_elses_frame(joined):
    joined.clock.run_until(joined.clock.now_us + 20_000_000)
    joined.uart.write(joined.kind.frame)
    joined.clock.run_until(joined.clock.now_us + 300_000)
    joined.radio.send(1, b"a")
    assert [uplink.data for uplink in joined.network.uplinks] == [b"\0", b"a"]


def test_a_region_that_does_not_stay(bench):
    bench.modem.faults.add("wrong_region")
    failure = failure_of(bench.configure)
    assert failure.kind == PROTOCOL
    assert "restart" in str(failure)


def test_no_free_channel(joined):
    joined.modem.faults.add("no_free_channel")
    assert failure_of(joined.radio.send, 1, b"a").kind == NO_CHANNEL
    assert joined.network.uplinks == []


def test_a_data_rate_that_the_modem_has_not(bench):
    failure = failure_of(bench.configure, data_rate=15)
    assert failure.kind == PROTOCOL
    assert "AT+DR" in str(failure)


def test_join_before_configure(bench):
    assert failure_of(bench.radio.join).kind == JOIN_FAILED


@pytest.mark.parametrize("fault", ["silent", "garbage", "slow", "echo", "lost_line", "banner", "busy"])
def test_the_key_is_told_to_nobody(bench, fault, capsys):
    said = []
    secret = APP_KEY.hex()
    bench.configure()
    bench.modem.faults.add(fault)
    for call in (bench.configure, bench.radio.join, lambda: bench.radio.send(1, b"a")):
        start = bench.seconds()
        try:
            call()
        except RadioError as failure:
            said.append(f"{failure!r} {failure} {failure.args} {failure.__context__!r}")
        assert bench.seconds() - start < LONGEST_CALL_S
    said.append("".join(capsys.readouterr()))
    assert secret not in "".join(said).lower()
    assert secret.upper().encode() in bench.uart.written or fault == "silent"
