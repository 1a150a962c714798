"""Quirks of the RAK3172's AT protocol: lines after its manual and source, and what its users have met."""

from dataclasses import replace

import pytest
from tests.radio.conftest import APP_KEY, DEV_EUI, JOIN_EUI, KINDS, Bench, NoDutyCycle, Pin

from lora_radio import BUSY, JOIN_FAILED, NO_CHANNEL, NOT_JOINED, PROTOCOL, SILENT, TOO_LONG, RadioError
from lora_radio.rak3172 import BANDS
from luftpegel_tools.air.modem_messages import Downlink, JoinAccept
from luftpegel_tools.virtual_board.chips.rak3172 import BANNER
from luftpegel_tools.virtual_board.chips.rak3172 import Rak3172 as Modem
from luftpegel_tools.virtual_board.chips.rak3172_settings import BANDS as ALL_BANDS

OK = b"\r\nOK\r\n"
TX_DONE = (2400, b"+EVT:TX_DONE\r\n")


@pytest.fixture
def kind():
    return KINDS["rak3172"]


def sends(script, *answers):
    script.parts[b"AT+CFM=?"] = [(5, b"AT+CFM=0\r\n" + OK)]
    script.parts[b"AT+DR=?"] = [(5, b"AT+DR=5\r\n" + OK)]
    script.parts[b"AT+SEND"] = list(answers)
    return script.radio


def failure_of(call, *args, **kwargs):
    with pytest.raises(RadioError) as failure:
        call(*args, **kwargs)
    return failure.value


def bench_of(**options):
    """A bench whose modem has a firmware of another version."""

    def chip(network, dev_eui):
        return Modem(network, dev_eui, **options)

    return Bench(replace(KINDS["rak3172"], chip=chip))


# --- lines ---


@pytest.mark.parametrize(
    ("status", "what", "wait_ms"),
    [
        (b"AT_BUSY_ERROR", BUSY, 2000),
        (b"Restricted_Wait_13469_ms\r\nAT_BUSY_ERROR", NO_CHANNEL, 13469),
        (b"AT_NO_NETWORK_JOINED", NOT_JOINED, 0),
        (b"AT_MODE_NO_SUPPORT", PROTOCOL, 0),
        (b"AT_COMMAND_NOT_FOUND", PROTOCOL, 500),
        (b"AT_UNSUPPORTED_BAND", PROTOCOL, 0),
        (b"AT_ERROR", PROTOCOL, 0),
        (b"AT_SOMETHING_NEW", PROTOCOL, 0),
    ],
)
def test_what_the_modem_refuses(rak_script, status, what, wait_ms):
    radio = sends(rak_script, (10, status + b"\r\n"))
    failure = failure_of(radio.send, 1, b"a")
    assert (failure.kind, failure.wait_ms) == (what, wait_ms)
    assert rak_script.clock.now_us < 10_000_000  # a long wait is not sat out


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_downlink_on_either_side_of_the_end_of_its_frame(rak_script, where):
    downlink = b"+EVT:RX_1:-84:-7:UNICAST:2:3e99\r\n"
    lines = [b"+EVT:TX_DONE\r\n", downlink] if where == "after" else [downlink, b"+EVT:TX_DONE\r\n"]
    [received] = sends(rak_script, (10, OK), (2400, b"".join(lines))).send(1, b"a")
    assert (received.port, received.payload, received.rssi, received.snr) == (2, b"\x3e\x99", -84, -70)


@pytest.mark.parametrize(
    "damaged",
    [
        b"RX_1:-84:7:UNICAST:2:3e9",
        b"RX_1:-84:7:UNICAST:2:3g",
        b"RX_1:-84:7:UNICAST:x:3e",
        b"RX_1:-84:7:2:3e",
        b"LINKCHECK:0:20:1:-84:7",
    ],
)
def test_a_damaged_downlink_is_no_downlink(rak_script, damaged):
    assert sends(rak_script, (10, OK), TX_DONE, (2410, b"+EVT:" + damaged + b"\r\n")).send(1, b"a") == []


def test_a_downlink_without_its_signal(rak_script):
    [received] = sends(rak_script, (10, OK), TX_DONE, (2410, b"+EVT:RX_2:x::UNICAST:2:00\r\n")).send(1, b"a")
    assert (received.payload, received.rssi, received.snr) == (b"\0", None, None)


def test_the_end_of_an_earlier_frame_is_not_taken_for_this_ones(rak_script):
    radio = sends(rak_script, (5, b"+EVT:TX_DONE\r\n"), (10, OK), TX_DONE)
    start = rak_script.clock.now_us
    radio.send(1, b"a")
    assert rak_script.clock.now_us - start > 2_400_000


def test_a_downlink_that_came_too_late_is_handed_out_next_time(rak_script):
    radio = sends(rak_script, (10, OK))
    assert failure_of(radio.send, 1, b"a").kind == PROTOCOL
    rak_script.say(b"+EVT:TX_DONE\r\n+EVT:RX_2:-120:-8:UNICAST:11:0102\r\n")
    rak_script.clock.run_until(rak_script.clock.now_us + 500_000)
    rak_script.parts[b"AT+SEND"] = [(10, OK), TX_DONE]
    [received] = radio.send(1, b"b")
    assert (received.payload, received.rssi, received.snr) == (b"\1\2", -120, -80)


def test_the_echo_of_a_question_is_no_answer(rak_script):
    rak_script.parts[b"AT+NJS=?"] = [(1, b"AT+NJS=?\n\r"), (5, b"AT+NJS=1\r\n" + OK)]
    assert rak_script.radio.joined()
    assert rak_script.heard.count("AT+NJS=?") == 1


def test_answers_that_come_late_are_not_taken_for_others(rak_script):
    start, answer = b"AT+NWM=?", b"AT+NWM=1\r\n" + OK
    rak_script.parts[start] = [(1500, answer)]
    radio = sends(rak_script, (1500, b"AT_NO_NETWORK_JOINED\r\n"))
    assert failure_of(radio.send, 1, b"a").kind == NOT_JOINED


@pytest.mark.parametrize(
    ("told", "unix"),
    [
        (b"12h30m49s on 04/30/2026", 1_777_552_249),
        (b"12h30m49s 30-04-2026", 1_777_552_249),
        (b"06h28m07s on 02/07/2106", None),  # leap seconds taken from a clock that was never set
        (b"00h00m12s on 01/01/1970", None),
        (b"12h30m49s on 30/04/2026", None),
        (b"12h30m on 04/30/2026", None),
    ],
)
def test_the_modems_clock(rak_script, told, unix):
    rak_script.parts[b"AT+LTIME=?"] = [(10, b"AT+LTIME=" + told + b"\r\n" + OK)]
    rak_script.parts[b"AT+TIMEREQ=1"] = [(10, OK)]
    assert rak_script.radio.network_time() == unix
    assert "AT+TIMEREQ=1" in rak_script.heard  # the network is asked anew with the next frame


def test_an_order_that_the_wire_damaged_is_given_again(rak_script):
    rak_script.parts[b"AT+LTIME=?"] = [(10, b"AT+LTIME=12h30m49s on 04/30/2026\r\n" + OK)]
    rak_script.in_turn(b"AT+TIMEREQ=1", [b"AT_COMMAND_NOT_FOUND\r\n", OK])
    start = rak_script.clock.now_us
    assert rak_script.radio.network_time() == 1_777_552_249
    assert rak_script.clock.now_us - start < 400_000  # at once
    assert rak_script.heard.count("AT+TIMEREQ=1") == 2


def test_a_join_that_neither_form_of_its_parameters_begins(rak_script):
    rak_script.radio._key = bytes(16)
    rak_script.parts[b"AT+NJS=?"] = [(5, b"AT+NJS=0\r\n" + OK)]
    rak_script.parts[b"AT+JOIN"] = [(5, b"AT_PARAM_ERROR\r\n")]
    assert failure_of(rak_script.radio.join).kind == JOIN_FAILED
    assert [line for line in rak_script.heard if "JOIN" in line] == ["AT+JOIN=1:0:8:0", "AT+JOIN=1,0,8,0"]


@pytest.mark.parametrize("event", [b"JOIN_FAILED_RX_TIMEOUT", b"JOIN_FAILED_TX_TIMEOUT", b"JOIN_FAILED_546"])
def test_how_a_join_fails(rak_script, event):
    rak_script.radio._key = bytes(16)
    rak_script.parts[b"AT+NJS=?"] = [(5, b"AT+NJS=0\r\n" + OK)]
    rak_script.parts[b"AT+JOIN"] = [(5, OK), (6000, b"+EVT:" + event + b"\r\n")]
    assert rak_script.radio.join() is False


@pytest.mark.parametrize("status", ["1", "0"])
def test_a_join_whose_end_was_lost(rak_script, status):
    rak_script.radio._key = bytes(16)
    answers = [b"AT+NJS=0\r\n" + OK, f"AT+NJS={status}\r\n\r\nOK\r\n".encode()]
    rak_script.in_turn(b"AT+NJS=?", answers)
    rak_script.parts[b"AT+JOIN"] = [(5, OK)]
    if status == "1":
        assert rak_script.radio.join()
    else:
        assert failure_of(rak_script.radio.join).kind == PROTOCOL
    assert [line for line in rak_script.heard if "JOIN" in line] == ["AT+JOIN=1:0:8:0"]


def test_what_half_a_line_would_have_sent_is_spoiled(rak_script):
    rak_script.parts[b"AT+NJS=?"] = [(5, b"AT+NJS=0\r\n" + OK)]
    rak_script.radio.joined()
    assert bytes(rak_script.uart.written).startswith(b"\x08\x08\x08\x08!\r\nAT+NWM=?\r\n")


# --- firmware ---


@pytest.mark.parametrize("separator", [":", ","])
@pytest.mark.parametrize("ltime", ["slashes", "dashes"])
def test_versions_of_the_firmware(separator, ltime):
    bench = bench_of(separator=separator, ltime=ltime)
    bench.configure()
    assert bench.radio.join()
    assert bench.radio.network_time() is None
    gps = 1_770_000_100 - 315_964_800 + 18
    bench.network.downlinks = [Downlink(None, b"", acknowledges=False, device_time=gps)]
    bench.radio.send(1, b"a")
    told = bench.radio.network_time()
    assert told == 1_770_000_100 + (bench.clock.now_us - bench.network.uplinks[0].sent_us) // 1_000_000


def test_a_modem_in_the_other_mode_is_switched_and_starts_anew(bench):
    bench.uart.write(b"AT+NWM=0\r\n")
    bench.clock.run_until(bench.clock.now_us + 2_000_000)
    assert bench.modem.settings.nwm == 0
    bench.configure()
    assert bench.modem.settings.nwm == 1
    assert bench.radio.join()
    bench.radio.send(1, b"a")
    assert bench.network.uplinks[0].data == b"a"


def test_a_modem_of_the_other_variant(bench, monkeypatch):
    monkeypatch.setattr("luftpegel_tools.virtual_board.chips.rak3172_settings.LOW_BANDS", ("EU868",))
    failure = failure_of(bench.configure)
    assert failure.kind == PROTOCOL
    assert "variant" in str(failure)


def test_the_numbers_of_the_bands():
    assert {name: str(ALL_BANDS.index(name)) for name in BANDS} == BANDS


def test_a_region_that_the_driver_does_not_know(bench):
    with pytest.raises(RadioError) as failure:
        bench.radio.configure("US915", DEV_EUI, JOIN_EUI, APP_KEY, 0, False)
    assert failure.value.kind == PROTOCOL
    assert not bench.modem.commands


def test_nothing_is_said_to_a_modem_that_writes_its_flash_or_boots(bench):
    bench.configure()
    assert "AT+LPM=1" in bench.modem.commands
    assert bench.modem.trampled == 0


def test_an_uninvited_banner_disturbs_nothing(joined):
    joined.clock.run_until(joined.clock.now_us + 20_000_000)
    joined.modem.send(BANNER)
    joined.radio.send(1, b"a")
    assert joined.network.uplinks[0].data == b"a"


def test_a_modem_that_starts_again_and_again(bench):
    bench.modem.faults.add("boot_loop")
    bench.modem.power(False)
    bench.modem.power(True)
    assert failure_of(bench.configure).kind == SILENT
    assert bench.seconds() < 10


def test_a_pull_on_the_line_that_hangs_it_until_its_reset(bench):
    """Users have seen a UART that is set up anew leave the module deaf, and a reset of 50 ms heal it."""

    class Reset(Pin):
        def value(self, level):
            self.low_us = bench.clock.now_us if not level else self.low_us
            if level and bench.clock.now_us - self.low_us >= 50_000:
                self._modem.faults.discard("silent")
            super().value(level)

    bench.modem.faults.add("silent")
    bench.reboot_board(Reset(bench.modem))
    bench.configure()
    assert bench.radio.join()


# --- power ---


def test_it_sleeps_by_itself_and_each_command_wakes_it(joined):
    assert joined.modem.settings.lpm == 1
    joined.radio.sleep()
    for _ in range(3):
        joined.clock.run_until(joined.clock.now_us + 60_000_000)
        joined.radio.send(1, b"a")
    assert len(joined.network.uplinks) == 3
    assert not [line for line in joined.modem.commands if not line.isascii()]


def test_a_command_without_erasers_arrives_damaged(joined):
    joined.clock.run_until(joined.clock.now_us + 1_000_000)
    joined.uart.write(b"AT+NJS=?\r\n")
    joined.clock.run_until(joined.clock.now_us + 100_000)
    assert joined.uart.read(joined.uart.any()) == b"AT_COMMAND_NOT_FOUND\r\n"


# --- frames ---


def test_answers_of_the_mac_that_fill_the_frame_are_carried_away_first(bench):
    bench.configure(data_rate=0, adr=True)
    bench.radio.join()
    bench.clock.run_until(bench.clock.now_us + 200_000_000)
    bench.network.downlinks = [Downlink(None, b"", acknowledges=False, adr_data_rate=5)]
    bench.radio.send(1, b"a")
    bench.clock.run_until(bench.clock.now_us + 400_000_000)
    assert bench.radio.max_payload() == 242  # it cannot know of the two bytes
    bench.radio.send(1, bytes(242))
    assert [(uplink.data_rate, len(uplink.data)) for uplink in bench.network.uplinks] == [
        (0, 1),
        (5, 0),
        (5, 242),
    ]
    bench.reboot_board()
    bench.configure(data_rate=0, adr=True)  # does not undo what the network steered
    assert bench.radio.max_payload() == 242


def test_the_payload_is_made_anew_for_a_second_try(bench):
    made = []

    def payload():
        made.append(bench.clock.now_us)
        return bytes(bench.radio.max_payload())

    bench.configure(data_rate=5)
    bench.radio.join()
    bench.clock.run_until(bench.clock.now_us + 200_000_000)
    bench.modem.stack.session.mac_answer_bytes = 2
    bench.radio.send(1, payload)
    assert len(made) > 2  # after the empty frame, and after the pause that this cost
    assert [len(uplink.data) for uplink in bench.network.uplinks] == [0, 242]


def test_a_frame_that_stays_too_long(rak_script):
    radio = sends(rak_script, (10, b"AT_PARAM_ERROR\r\n"), TX_DONE)
    assert failure_of(radio.send, 1, b"a").kind == TOO_LONG
    assert len([line for line in rak_script.heard if line.startswith("AT+SEND")]) == 2
    assert rak_script.clock.now_us < 7_000_000


def test_the_question_for_the_time_takes_a_byte_of_the_next_frame(joined):
    joined.clock.run_until(joined.clock.now_us + 200_000_000)
    assert joined.radio.max_payload() == 242
    joined.radio.network_time()
    assert joined.radio.max_payload() == 241
    joined.radio.send(1, bytes(241))
    assert joined.radio.max_payload() == 242  # asked, if not answered
    [uplink] = joined.network.uplinks
    assert (uplink.device_time_request, len(uplink.data)) == (True, 241)


def test_a_restart_ends_the_question_for_the_time(joined):
    joined.radio.network_time()
    joined.configure(join_eui=bytes(8))
    assert joined.radio.max_payload() == 242


def test_an_empty_frame(joined):
    assert failure_of(joined.radio.send, 1, b"").kind == PROTOCOL
    assert joined.network.uplinks == []


def test_what_is_pending_is_fetched_by_the_modem_and_handed_out_with_the_rest(joined):
    joined.modem.stack._band_free_us = NoDutyCycle()
    joined.network.downlinks = [
        Downlink(11, b"\1", acknowledges=False, f_pending=True),
        Downlink(12, b"\2", acknowledges=False),
    ]
    received = joined.radio.send(1, b"a")
    assert [(downlink.port, downlink.payload) for downlink in received] == [(11, b"\1"), (12, b"\2")]
    assert [uplink.data for uplink in joined.network.uplinks] == [b"a", b""]


def test_the_duty_cycle_is_switched_on(bench):
    bench.modem.settings.dcs = 0
    bench.configure()
    assert bench.modem.settings.dcs == 1


def test_a_join_that_the_duty_cycle_forbids_leaves_nothing_behind(bench):
    bench.configure(data_rate=0)
    bench.network.accept = None
    assert bench.radio.join() is False
    failure = failure_of(bench.radio.join)
    assert failure.kind == NO_CHANNEL
    assert failure.wait_ms > 100_000
    bench.network.accept = JoinAccept(0x26011234)
    bench.clock.run_until(bench.clock.now_us + 1000 * failure.wait_ms)
    assert bench.radio.join()
