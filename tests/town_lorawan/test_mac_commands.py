"""Each MAC command on its way to a device and back: bytes, agreement, refusal, silence."""

import pytest
from model_air import joined

from luftpegel_tools.network_server.lorawan.commands import (
    DeviceStatus,
    DevStatusReq,
    DlChannelReq,
    DutyCycleReq,
    LinkAdrReq,
    NewChannelReq,
    Raw,
    RxParamSetupReq,
    RxTimingSetupReq,
    TxParamSetupReq,
)


def asked(*requests):
    """A world in which the device has just heard these requests; gives (air, commands as heard)."""
    air = joined()
    air.server.request(air.DEV_EUI, *requests)
    _, read = air.exchange()
    return air, read.commands


@pytest.mark.parametrize(
    ("request_", "raw"),
    [
        (LinkAdrReq(5, 2, 0x00FF, nb_trans=3), "0352ff0003"),
        (LinkAdrReq(15, 15, 0, nb_trans=0, ch_mask_cntl=6, rfu=1), "03ff0000e0"),
        (DutyCycleReq(7), "0407"),
        (RxParamSetupReq(2, 3, 869_525_000), "0523d2ad84"),
        (RxParamSetupReq(7, 15, 0), "057f000000"),
        (DevStatusReq(), "06"),
        (NewChannelReq(3, 867_100_000), "0703184f8450"),
        (NewChannelReq(3, 0, 0, 5), "070300000005"),
        (RxTimingSetupReq(15), "080f"),
        (TxParamSetupReq(13, uplink_dwell=True), "091d"),
        (TxParamSetupReq(5, downlink_dwell=True), "0925"),
        (DlChannelReq(1, 867_900_000), "0a01586e84"),
        (Raw(b"\x80\x01\x02"), "800102"),
    ],
)
def test_requests_have_the_specified_bytes(request_, raw):
    assert bytes(request_).hex() == raw
    _, commands = asked(request_)
    assert b"".join(commands).hex() == raw


def settings(air):
    session = air.session
    return (
        session.rx1_delay_s,
        session.rx1_dr_offset,
        session.rx2_data_rate,
        session.rx2_frequency_hz,
        session.max_duty_cycle,
        session.tuning,
        session.ch_mask,
        dict(session.channels),
    )


@pytest.mark.parametrize(
    ("request_", "answer", "expected"),
    [
        (RxParamSetupReq(2, 3, 868_500_000), "0507", (2, 3, 868_500_000)),
        (RxTimingSetupReq(7), "08", 7),
        (RxTimingSetupReq(0), "08", 1),
        (DutyCycleReq(9), "04", 9),
        (NewChannelReq(9, 866_500_000, 4, 1), "0703", (866_500_000, 1, 4)),
        (DlChannelReq(1, 867_900_000), "0a03", 867_900_000),
        (LinkAdrReq(3, 4, 0b101, nb_trans=2), "0307", (3, 4, 2, 0b101)),
    ],
)
def test_what_a_device_agrees_to_is_taken_over(request_, answer, expected):
    air, _ = asked(request_)
    air.device.answers = bytes.fromhex(answer)
    air.data_rate = 3 if isinstance(request_, LinkAdrReq) else 0
    heard = air.uplink()
    assert [one.accepted for one in heard.settled] == [True]
    session = air.session
    got = {
        RxParamSetupReq: lambda: (session.rx1_dr_offset, session.rx2_data_rate, session.rx2_frequency_hz),
        RxTimingSetupReq: lambda: session.rx1_delay_s,
        DutyCycleReq: lambda: session.max_duty_cycle,
        NewChannelReq: lambda: (
            session.channels[9].uplink_hz,
            session.channels[9].min_data_rate,
            session.channels[9].max_data_rate,
        ),
        DlChannelReq: lambda: session.channels[1].downlink_hz,
        LinkAdrReq: lambda: (
            session.tuning.data_rate,
            session.tuning.tx_power,
            session.tuning.nb_trans,
            session.ch_mask,
        ),
    }[type(request_)]()
    assert got == expected


@pytest.mark.parametrize(
    ("request_", "cid", "bits"),
    [
        (RxParamSetupReq(2, 3, 868_500_000), 5, 0b111),
        (NewChannelReq(9, 866_500_000), 7, 0b11),
        (DlChannelReq(1, 867_900_000), 10, 0b11),
        (LinkAdrReq(3, 4, 0b101), 3, 0b111),
    ],
)
def test_what_a_device_refuses_in_any_part_changes_nothing(request_, cid, bits):
    for refusal in range(bits):
        air, _ = asked(request_)
        before = settings(air)
        air.device.answers = bytes([cid, refusal])
        heard = air.uplink()
        assert [one.accepted for one in heard.settled] == [False]
        assert settings(air) == before


def test_reserved_bits_of_an_answer_do_not_matter():
    air, _ = asked(RxParamSetupReq(2, 3, 868_500_000))
    air.device.answers = b"\x05\xff"
    assert air.uplink().settled[0].accepted


def test_the_new_windows_count_at_once():
    air, _ = asked(RxParamSetupReq(1, 4, 868_900_000), RxTimingSetupReq(3), DlChannelReq(0, 868_700_000))
    air.device.answers = bytes.fromhex("0507080a03")
    air.data_rate = 5
    windows = air.server.answer(air.uplink()).windows
    assert [(w.delay_us, w.frequency_hz, w.data_rate, w.power_dbm) for w in windows] == [
        (3_000_000, 868_700_000, 4, 16),
        (4_000_000, 868_900_000, 4, 16),
    ]


@pytest.mark.parametrize("answer", ["0507", "08", "0a03"])
def test_an_answer_that_is_repeated_until_a_downlink_comes_gets_one(answer):
    air = joined()
    before = settings(air)
    air.device.answers = bytes.fromhex(answer)
    heard, read = air.exchange()
    assert read is not None
    assert heard.settled == ()
    assert settings(air) == before


def test_what_a_device_still_repeats_is_not_taken_for_another_answer():
    air, _ = asked(RxParamSetupReq(1, 3, 869_525_000))
    air.server.request(air.DEV_EUI, RxParamSetupReq(2, 3, 869_525_000))
    air.device.answers = b"\x05\x07"
    _, read = air.exchange()  # the device does not hear this, and repeats itself
    assert read.commands == []
    air.device.answers = b"\x05\x07"
    _, read = air.exchange()
    assert (read.commands, air.session.rx1_dr_offset) == ([], 1)
    _, read = air.exchange()
    assert read.commands == [bytes(RxParamSetupReq(2, 3, 869_525_000))]


def test_of_each_kind_one_request_is_under_way():
    air, _ = asked(RxTimingSetupReq(2))
    air.server.request(air.DEV_EUI, RxTimingSetupReq(3))
    frame = air.device.uplink()
    first = air.device.downlink(air.server.answer(air.receive(frame)).phy_payload)
    assert first.commands == [bytes(RxTimingSetupReq(2))]
    second = air.device.downlink(air.server.answer(air.receive(frame)).phy_payload)
    assert (second.commands, second.f_port) == ([], None)


def test_a_channel_can_be_taken_away():
    air, _ = asked(NewChannelReq(4, 0))
    air.device.answers = b"\x07\x03"
    air.uplink()
    assert 4 not in air.session.channels
    assert air.session.ch_mask == 0b11101111


def test_a_block_of_link_requests_travels_and_counts_as_one():
    block = (LinkAdrReq(1, 1, 0b1), LinkAdrReq(4, 2, 0b110, nb_trans=2))
    air, commands = asked(*block)
    assert [command[0] for command in commands] == [3, 3]
    air.device.answers = b"\x03\x07\x03\x07"
    air.data_rate = 4
    assert air.uplink().settled[0].accepted
    assert (air.session.tuning.data_rate, air.session.tuning.tx_power) == (4, 2)
    assert air.session.ch_mask == 0b110


def test_a_block_refused_in_one_part_changes_nothing():
    air, _ = asked(LinkAdrReq(1, 1, 0b1), LinkAdrReq(4, 2, 0b110))
    before = settings(air)
    air.device.answers = b"\x03\x07\x03\x06"
    assert not air.uplink().settled[0].accepted
    assert settings(air) == before


def test_link_request_values_that_keep_what_is():
    air, _ = asked(LinkAdrReq(15, 15, 0, nb_trans=0, ch_mask_cntl=6))
    tuning = air.session.tuning
    air.session.ch_mask = 1
    air.device.answers = b"\x03\x07"
    air.uplink()
    assert air.session.tuning == tuning
    assert air.session.ch_mask == 0xFF


@pytest.mark.parametrize(
    ("raw", "battery", "margin"), [("0000", 0, 0), ("fe1f", 254, 31), ("ff20", 255, -32), ("7f3f", 127, -1)]
)
def test_a_device_tells_its_status(raw, battery, margin):
    air, _ = asked(DevStatusReq())
    air.device.answers = b"\x06" + bytes.fromhex(raw)
    air.uplink()
    assert air.session.status == DeviceStatus(battery, margin)


@pytest.mark.parametrize(
    ("snr", "data_rate", "gateways", "margin"), [(-5.0, 0, 1, 15), (9.5, 5, 3, 17), (-25.0, 0, 300, 0)]
)
def test_a_link_check_is_answered(snr, data_rate, gateways, margin):
    air = joined()
    air.data_rate = data_rate
    _, read = air.exchange(f_opts=b"\x02", air={"snr": snr, "gateways": gateways})
    assert read.commands == [bytes([2, margin, min(255, gateways)])]


def test_the_time_is_told_as_of_the_end_of_the_uplink():
    air = joined()
    air.gps_us = 1_462_406_400_750_000
    _, read = air.exchange(f_opts=b"\x0d")
    assert read.commands == [b"\x0d" + (1_462_406_400).to_bytes(4, "little") + bytes([192])]


def test_commands_on_port_0_count_too():
    air = joined()
    heard, read = air.exchange(b"\x0d\x02", 0)
    assert (heard.f_port, heard.data) == (0, b"")
    assert [command[0] for command in read.commands] == [2, 13]


def test_a_question_asked_twice_is_answered_once():
    _, read = joined().exchange(f_opts=b"\x02\x02\x0d\x02")
    assert [command[0] for command in read.commands] == [2, 13]


@pytest.mark.parametrize(("options", "rest"), [("0280ff", "80ff"), ("0205", "05"), ("0206ff", "06ff")])
def test_what_is_not_understood_ends_the_reading(options, rest):
    heard = joined().uplink(f_opts=bytes.fromhex(options))
    assert [word.cid for word in heard.words] == [2]
    assert heard.not_understood.hex() == rest


def test_a_request_without_answer_is_repeated_and_then_given_up():
    air, commands = asked(TxParamSetupReq(5))
    heard_commands = [commands]
    settled = []
    for _ in range(4):
        heard, read = air.exchange()
        settled += heard.settled
        heard_commands.append(read.commands if read else [])
    assert heard_commands == [[b"\x09\x05"]] * 3 + [[]] * 2
    assert [(one.requests, one.answers) for one in settled] == [((TxParamSetupReq(5),), (None,))]


def test_a_repeated_uplink_does_not_use_up_a_try():
    air, _ = asked(DevStatusReq())
    frame = air.device.uplink()
    read = air.device.downlink(air.server.answer(air.receive(frame)).phy_payload)
    assert read.commands == [b"\x06"]
    for _ in range(5):
        air.receive(frame)
    air.device.answers = b"\x06\xff\x05"
    assert air.uplink().settled[0].accepted


def test_bytes_that_expect_no_answer_are_said_once():
    air, commands = asked(Raw(b"\xf0\x01"))
    assert commands == [b"\xf0\x01"]
    assert air.exchange()[1] is None


def test_a_device_that_agrees_to_nonsense_cannot_confuse_the_network():
    air, _ = asked(RxParamSetupReq(7, 15, 16_777_215_00), DlChannelReq(99, 868_100_000))
    air.device.answers = b"\x05\x07\x0a\x03"
    windows = air.server.answer(air.uplink()).windows
    assert [window.data_rate for window in windows] == [0]
