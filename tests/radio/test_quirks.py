"""Quirks of the Wio-E5's AT protocol, played by a script after recorded sessions, line by line."""

import pytest

from lora_radio import BUSY, JOIN_FAILED, NO_CHANNEL, NOT_JOINED, PROTOCOL, TOO_LONG, RadioError

PORT = [(10, b"+PORT: 1\r\n")]
DONE = [(10, b"+MSGHEX: Start\r\n"), (2400, b"+MSGHEX: Done\r\n")]


def sends(script, *answers):
    script.parts[b"AT+PORT"] = PORT
    script.parts[b"AT+MSGHEX"] = list(answers)
    script.parts[b"AT+CMSGHEX"] = list(answers)
    return script.radio


def test_a_recorded_confirmed_exchange(script):
    radio = sends(
        script,
        (10, b"+CMSGHEX: Start\r\n+CMSGHEX: Wait ACK\r\n"),
        (1500, b"+CMSGHEX: FPENDING\r\n+CMSGHEX: ACK Received\r\n"),
        (1700, b'+CMSGHEX: PORT: 2; RX: "3E99"\r\n+CMSGHEX: RXWIN1, RSSI -84, SNR 6.0\r\n'),
        (1900, b"+CMSGHEX: Done\r\n"),
    )
    [received] = radio.send(1, b"\x01\x02", confirmed=True)
    assert (received.port, received.payload, received.rssi, received.snr) == (2, b"\x3e\x99", -84, 60)
    assert radio.acknowledged
    assert radio.pending
    assert script.heard[-1] == 'AT+CMSGHEX="0102"'


@pytest.mark.parametrize(
    ("line", "kind", "wait_ms"),
    [
        (b"+MSGHEX: Please join network first", NOT_JOINED, 0),
        (b"+MSGHEX: No free channel", NO_CHANNEL, 0),
        (b"+MSGHEX: No band in 13469ms", NO_CHANNEL, 13469),
        (b"+MSGHEX: Length error 51", TOO_LONG, 0),
        (b"+MSGHEX: DR error", PROTOCOL, 0),
        (b"+MSGHEX: ERROR(-1)", PROTOCOL, 0),
        (b"+AT: ERROR(-10)", PROTOCOL, 0),
        (b"+MSGHEX: LoRaWAN modem is busy", BUSY, 2000),
    ],
)
def test_what_the_modem_refuses(script, line, kind, wait_ms):
    radio = sends(script, (10, line + b"\r\n"))
    with pytest.raises(RadioError) as failure:
        radio.send(1, b"a")
    assert (failure.value.kind, failure.value.wait_ms) == (kind, wait_ms)
    assert script.clock.now_us < 10_000_000  # a long wait is not sat out


def test_a_session_that_the_modem_denies(script):
    radio = sends(script, (10, b"+MSGHEX: Please join network first\r\n"))
    script.parts[b"AT+LW=ULDL"] = [(10, b"+LW: ULDL, 7, 2\r\n")]
    assert radio.joined()
    with pytest.raises(RadioError):
        radio.send(1, b"a")
    assert not radio.joined()


def test_a_port_that_the_modem_does_not_take(script):
    radio = sends(script, *DONE)
    script.parts[b"AT+PORT"] = [(10, b"+PORT: 9\r\n")]
    with pytest.raises(RadioError) as failure:
        radio.send(1, b"a")
    assert failure.value.kind == PROTOCOL
    assert not [line for line in script.heard if "MSGHEX" in line]


def test_the_end_of_an_earlier_command_is_not_taken_for_this_ones(script):
    radio = sends(script, (5, b"+MSGHEX: Done\r\n"), *DONE)
    start = script.clock.now_us
    radio.send(1, b"a")
    assert script.clock.now_us - start > 2_400_000


def test_late_answers_to_an_earlier_setting(script):
    script.parts[b"AT+PORT"] = [(5, b"+PORT: 9\r\n+MSGHEX: Done\r\n"), (400, b"+PORT: 1\r\n")]
    script.parts[b"AT+MSGHEX"] = DONE
    assert script.radio.send(1, b"a") == []


def test_a_downlink_that_came_too_late_is_handed_out_next_time(script):
    radio = sends(script, (10, b"+MSGHEX: Start\r\n"))
    with pytest.raises(RadioError):
        radio.send(1, b"a")
    late = b'+MSGHEX: PORT: 11; RX: "0102"\r\n+MSGHEX: RXWIN2, RSSI -120, SNR -7.5\r\n+MSGHEX: Done\r\n'
    script.say(late)
    script.clock.run_until(script.clock.now_us + 500_000)
    script.parts[b"AT+MSGHEX"] = DONE
    [received] = radio.send(1, b"b")
    assert (received.payload, received.rssi, received.snr) == (b"\1\2", -120, -75)


def test_a_downlink_without_its_signal_line(script):
    radio = sends(script, DONE[0], (1500, b'+MSGHEX: PORT: 2; RX: "00"\r\n'), DONE[1])
    [received] = radio.send(1, b"a")
    assert (received.payload, received.rssi, received.snr) == (b"\0", None, None)


@pytest.mark.parametrize(
    "damaged", [b'PORT: 2; RX: "3E9"', b'PORT: x; RX: "3E"', b"PORT: 2; RX: 3E", b'PORT: 2; RX: "3G"']
)
def test_a_damaged_downlink_is_no_downlink(script, damaged):
    radio = sends(script, DONE[0], (1500, b"+MSGHEX: " + damaged + b"\r\n"), DONE[1])
    assert radio.send(1, b"a") == []


def test_two_downlinks_in_one_exchange(script):
    radio = sends(
        script,
        DONE[0],
        (1500, b'+MSGHEX: PORT: 2; RX: "01"\r\n+MSGHEX: PORT: 3; RX: "02"\r\n'),
        (1700, b"+MSGHEX: RXWIN1, RSSI -50, SNR 10.0\r\n"),
        DONE[1],
    )
    first, second = radio.send(1, b"a")
    assert (first.payload, first.rssi) == (b"\1", None)
    assert (second.payload, second.rssi, second.snr) == (b"\2", -50, 100)


@pytest.mark.parametrize(
    ("texts", "outcome"),
    [
        (["Start", "NORMAL", "Network joined", "NetID 000013 DevAddr 26:01:5F:66", "Done"], True),
        (["Starting", "NORMAL", "NetID 000024 DevAddr 48:00:00:01", "Done"], True),
        (["Joined already"], True),
        (["Start", "NORMAL", "Join failed", "Done"], False),
    ],
)
def test_how_a_join_ends(script, texts, outcome):
    script.radio._key = bytes(16)
    script.parts[b"AT+KEY"] = [(100, b"+KEY: APPKEY " + b"00" * 16 + b"\r\n")]
    script.parts[b"AT+JOIN"] = [(10, f"+JOIN: {text}\r\n".encode()) for text in texts]
    assert script.radio.join() is outcome


def test_a_join_in_the_wrong_mode(script):
    script.radio._key = bytes(16)
    script.parts[b"AT+KEY"] = [(100, b"+KEY: APPKEY " + b"00" * 16 + b"\r\n")]
    script.parts[b"AT+JOIN"] = [(10, b"+JOIN: Not in JOIN mode\r\n")]
    with pytest.raises(RadioError) as failure:
        script.radio.join()
    assert failure.value.kind == JOIN_FAILED


def test_waiting_mac_answers_are_sent_off_first(script):
    script.in_turn(b"AT+LW=LEN", [b"+LW: LEN, 0\r\n", b"+LW: LEN, 51\r\n"])
    radio = sends(script, *DONE)
    assert radio.max_payload() == 51
    assert "AT+MSGHEX" in script.heard  # an empty frame


@pytest.mark.parametrize(("told", "length"), [(b"LEN, 51", 51), (b"LEN 51", 51), (b"LEN, 250", 242)])
def test_the_length_of_a_frame(script, told, length):
    script.parts[b"AT+LW=LEN"] = [(10, b"+LW: " + told + b"\r\n")]
    assert script.radio.max_payload() == length


def test_a_wake_up_line_and_an_input_timeout_disturb_nothing(script):
    script.parts[b"AT+LW=LEN"] = [(10, b"+LOWPOWER: WAKEUP\r\n+INFO: Input timeout\r\n+LW: LEN, 115\r\n")]
    assert script.radio.max_payload() == 115


@pytest.mark.parametrize(
    ("told", "unix"),
    [
        (b"2026-04-30 12:30:49.465", 1_777_552_249),
        (b"2028-02-29 23:59:59.999", 1_835_481_599),
        (b"2020-01-01 00:01:00.000", None),  # the modem's own start
        (b"2026-13-30 12:30:49.465", None),
        (b"2026-04-30", None),
    ],
)
def test_the_modems_clock(script, told, unix):
    script.parts[b"AT+RTC"] = [(10, b"+RTC: " + told + b"\r\n")]
    script.parts[b"AT+LW=DTR"] = [(10, b"+LW: DTR\r\n")]
    assert script.radio.network_time() == unix
    assert "AT+LW=DTR" in script.heard  # the network is asked anew with the next frame


def test_a_clock_line_that_the_wire_falsified(script):
    times = [b"+RTC: 2026-04-30 12:30:49.465\r\n", b"+RTC: 2036-04-30 12:30:49.505\r\n"]
    script.in_turn(b"AT+RTC=UTCMS", times)
    script.parts[b"AT+LW=DTR"] = [(10, b"+LW: DTR\r\n")]
    assert script.radio.network_time() is None


def test_the_wake_bytes_stand_before_the_first_command(script):
    script.parts[b"AT+LW=LEN"] = [(10, b"+LW: LEN, 51\r\n")]
    script.radio.max_payload()
    assert bytes(script.uart.written).startswith(b"\r\n\xff\xff\xff\xffAT+LOWPOWER=AUTOOFF\r\n")
