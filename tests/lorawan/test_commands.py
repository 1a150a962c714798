"""Each MAC command: carried out and answered when valid; answered as the specification says, and without
any effect, when a field is not."""

import pytest
from lorawan_town import DEVICE_TIME, DOWNLINK, LINK_CHECK, Town

NEW_CHANNEL = bytes.fromhex("0703184f8450")  # channel 3, 867.1 MHz, data rates 0 to 5
LAST_CHANNEL = bytes.fromhex("070f184f8450")


def field(frequency):
    return (frequency // 100).to_bytes(3, "little")


@pytest.fixture(autouse=True)
def _joined(town):
    town.join()
    town.silence()


def state(town):
    """All that a command could change."""
    names = ("data_rate", "power", "repeats", "rx_delay", "rx1_offset", "rx2_frequency", "rx2_rate")
    lists = ("channels.mask", "channels.frequencies", "channels.downlinks", "channels.ranges")
    return [town.session(name) for name in names + lists] + [town.get("ledger.exponent")]


def test_link_check(town):
    town.call("link_check")
    town.call("link_check")
    assert town.send().options == b"\x02"
    assert town.hear(town.network.downlink(options=b"\x02\x14\x03"))[1:] == [[LINK_CHECK, 20, 3]]
    assert town.quiet().options == b""


def test_a_link_check_nobody_asked_for(town):
    town.send()
    assert town.hear(town.network.downlink(options=b"\x02\x14\x03")) == [[DOWNLINK, 0, False]]


def test_device_time(town):
    town.call("request_time")
    assert town.send().options == b"\x0d"
    answer = b"\x0d" + (1_400_000_000).to_bytes(4, "little") + b"\x80"
    assert town.hear(town.network.downlink(options=answer))[1:] == [[DEVICE_TIME, 1_400_000_000, 128]]


def test_a_question_expires_with_its_windows(town):
    town.call("request_time")
    town.quiet()
    town.send()
    assert town.hear(town.network.downlink(options=b"\x0d\x01\x02\x03\x04\x05")) == [[DOWNLINK, 0, False]]


def test_link_adr(town):
    assert town.command(b"\x03\x31\x05\x00\x02").options == b"\x03\x07"
    assert [town.session(name) for name in ("data_rate", "power", "channels.mask", "repeats")] == [
        3,
        1,
        0b101,
        2,
    ]
    assert (town.sent[-1].sf, town.sent[-1].power_dbm) == (9, 14)


def test_link_adr_that_keeps_what_is(town):
    town.command(b"\x03\x31\x05\x00\x02")
    assert town.command(b"\x03\xff\x07\x00\x00").options == b"\x03\x07"
    assert [town.session(name) for name in ("data_rate", "power", "channels.mask", "repeats")] == [
        3,
        1,
        0b111,
        1,
    ]


def test_link_adr_all_channels_on(town):
    town.command(NEW_CHANNEL + b"\x03\xff\x01\x00\x01")
    assert town.session("channels.mask") == 1
    town.command(b"\x03\xff\x00\x00\x61")
    assert town.session("channels.mask") == 0b1111


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("0350080001", 6),  # a channel that there is not
        ("0350000001", 6),  # no channel at all
        ("0350070011", 6),  # ChMaskCntl 1 to 5 and 7 are reserved
        ("0350070051", 6),
        ("0350070071", 6),
        ("0360070001", 5),  # data rates 6 to 14 are not offered
        ("03e0070001", 5),
        ("0358070001", 3),  # powers 8 to 14 are not defined
        ("035e070001", 3),
        ("0368080001", 0),
    ],
)
def test_link_adr_refused(town, request_, status):
    before = state(town)
    assert town.command(bytes.fromhex(request_)).options == bytes([3, status])
    assert state(town) == before


def test_link_adr_to_a_data_rate_that_the_channels_left_do_not_have(town):
    town.command(bytes.fromhex("0703184f8455"))  # channel 3 with data rate 5 alone
    before = state(town)
    assert town.command(b"\x03\x30\x08\x00\x01").options == b"\x03\x05"
    assert state(town) == before
    assert town.command(b"\x03\x50\x08\x00\x01").options == b"\x03\x07"


def test_a_block_of_link_adr_is_one_request(town):
    assert town.command(b"\x03\x00\x01\x00\x01\x03\x52\x03\x00\x03").options == b"\x03\x07\x03\x07"
    assert [town.session(name) for name in ("data_rate", "power", "channels.mask", "repeats")] == [
        5,
        2,
        0b011,
        3,
    ]
    before = state(town)
    assert town.command(b"\x03\x00\x08\x00\x01\x03\x11\x07\x00\x01").options == b"\x03\x06\x03\x06"
    assert state(town) == before


def test_link_adr_blocks_with_something_between(town):
    options = town.command(b"\x03\x41\x07\x00\x01\x06\x03\x9f\x07\x00\x01").options
    assert options[:2] + options[-2:] == b"\x03\x07\x03\x05"
    assert town.session("data_rate") == 4


def test_duty_cycle(town):
    assert town.command(b"\x04\x07").options == b"\x04"
    uplink = town.sent[-1]
    free = town.call("next_transmission_at", 7, town.now)
    assert free - uplink.at == pytest.approx(uplink.airtime_us() / 1000 * 128, rel=0.02)
    assert town.command(b"\x04\x00").options == b"\x04"
    assert town.call("next_transmission_at", 7, town.now) == town.now


def test_rx_param_setup(town):
    town.command(b"\x05\x23" + field(868_525_000))
    uplink = town.sent[-1]
    assert (uplink.rx1.sf, uplink.rx1.frequency_hz) == (uplink.sf + 2, uplink.frequency_hz)
    assert (uplink.rx2.sf, uplink.rx2.frequency_hz) == (9, 868_525_000)


@pytest.mark.parametrize("offset", range(6))
@pytest.mark.parametrize("rate", range(6))
def test_rx1_data_rates(town, offset, rate):
    """RP002-1.0.4, table 13: the uplink's data rate less the offset, at least 0."""
    town.command(bytes([0x05, offset << 4]) + field(869_525_000) + bytes([0x03, rate << 4 | 15, 7, 0, 1]))
    assert 12 - town.sent[-1].rx1.sf == max(rate - offset, 0)


@pytest.mark.parametrize(
    ("settings", "frequency", "status"),
    [
        (0x60, 869_525_000, 3),
        (0x70, 869_525_000, 3),
        (0x06, 869_525_000, 5),
        (0x0F, 869_525_000, 5),
        (0x00, 0, 6),
        (0x00, 862_999_900, 6),
        (0x00, 869_300_000, 6),
        (0x00, 870_000_100, 6),
        (0x7F, 0, 0),
    ],
)
def test_rx_param_setup_refused(town, settings, frequency, status):
    before = state(town)
    assert town.command(bytes([5, settings]) + field(frequency)).options == bytes([5, status])
    assert state(town) == before


@pytest.mark.parametrize(("battery", "snr_tenths"), [(0, 70), (254, -155), (255, 0), (1, 400), (7, -400)])
def test_dev_status(town, battery, snr_tenths):
    town.device.put("battery", battery)
    town.send()
    town.hear(town.network.downlink(options=b"\x06"), snr_tenths)
    margin = max(-32, min(31, snr_tenths // 10)) % 64
    assert town.quiet().options == bytes([6, battery, margin])


def test_new_channel(town):
    assert town.command(NEW_CHANNEL + LAST_CHANNEL).options == b"\x07\x03\x07\x03"
    assert town.session("channels.mask") == 0b1000000000000111 | 8
    assert town.command(b"\x07\x0f\x00\x00\x00\x50\x07\x03\x00\x00\x00\xff").options == b"\x07\x03\x07\x03"
    assert town.session("channels.mask") == 0b111
    assert town.session("channels.frequencies")[3:] == [0] * 13


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("0700184f8450", 0),  # the default channels are read-only
        ("0702184f8450", 0),
        ("070100000050", 0),
        ("0710184f8450", 0),  # there are 16 channels
        ("07ff184f8450", 0),
        ("0703a0bb0d50", 2),  # 90 MHz
        ("0703184f8405", 1),  # highest below lowest data rate
        ("0703184f8460", 1),  # data rate 6
        ("0703184f84f0", 1),
        ("0703010000f0", 0),
    ],
)
def test_new_channel_refused(town, request_, status):
    before = state(town)
    assert town.command(bytes.fromhex(request_)).options == bytes([7, status])
    assert state(town) == before


def test_a_channel_is_used_within_its_data_rates(town):
    town.command(bytes.fromhex("0703184f8440"))  # data rates 0 to 4; the session has 5
    for _ in range(12):
        town.quiet()
    assert 867_100_000 not in {uplink.frequency_hz for uplink in town.sent}


@pytest.mark.parametrize("delay", range(16))
def test_rx_timing_setup(town, delay):
    assert town.command(bytes([8, 0xF0 | delay])).options == b"\x08"
    seconds = delay or 1
    assert (town.sent[-1].rx1.delay_us, town.sent[-1].rx2.delay_us) == (
        seconds * 1_000_000,
        seconds * 1_000_000 + 1_000_000,
    )


def test_tx_param_setup_is_passed_over_where_the_region_has_none(town):
    assert town.command(b"\x09\x35\x06").options[:1] == b"\x06"


def test_dl_channel(town):
    assert town.command(b"\x0a\x01" + field(869_525_000)).options == b"\x0a\x03"
    for _ in range(6):
        town.quiet()
    for uplink in town.sent[-6:]:
        moved = 869_525_000 if uplink.frequency_hz == 868_300_000 else uplink.frequency_hz
        assert uplink.rx1.frequency_hz == moved
    town.command(b"\x0a\x01" + field(868_300_000))
    assert town.session("channels.downlinks")[1] == 868_300_000


@pytest.mark.parametrize(
    ("index", "frequency", "status"),
    [(3, 869_525_000, 1), (16, 869_525_000, 1), (0, 0, 2), (0, 863e6 - 100, 2), (9, 1, 0)],
)
def test_dl_channel_refused(town, index, frequency, status):
    before = state(town)
    assert town.command(bytes([0x0A, index]) + field(int(frequency))).options == bytes([0x0A, status])
    assert state(town) == before


def test_removing_a_channel_forgets_its_downlink(town):
    town.command(NEW_CHANNEL + b"\x0a\x03" + field(869_525_000))
    town.command(b"\x07\x03\x00\x00\x00\x50")
    assert town.session("channels.downlinks")[3] == 0


def test_without_a_usable_channel_the_default_ones_are_enabled(town):
    town.command(NEW_CHANNEL + b"\x03\x50\x08\x00\x01")
    assert town.session("channels.mask") == 8
    assert town.command(b"\x07\x03\x00\x00\x00\x50").options == b"\x07\x03"
    assert town.session("channels.mask") == 0b111
    assert town.sent[-1].frequency_hz in (868_100_000, 868_300_000, 868_500_000)


STICKY = {
    b"\x05\x00" + field(869_525_000): b"\x05\x07",
    b"\x05\x0f" + field(869_525_000): b"\x05\x05",
    b"\x08\x02": b"\x08",
    b"\x0a\x00" + field(869_525_000): b"\x0a\x03",
}


@pytest.mark.parametrize("command", STICKY)
def test_sticky_answers(town, command):
    """They are repeated until a downlink has come, whatever is in it; the others are given once."""
    answers = town.command(b"\x06" + command).options
    assert answers[3:] == STICKY[command]
    for _ in range(3):
        assert town.quiet().options == STICKY[command]
    town.send()
    town.hear(town.network.downlink(1, b"x"))
    assert town.quiet().options == b""


def test_unknown_and_cut_commands_end_the_sequence(town):
    assert town.command(b"\x08\x03\x80\x06").options == b"\x08"
    assert town.command(b"\x04\x00\x05\x00\xd2").options == b"\x04"
    assert town.command(b"\x04\x00\x03\x00\xd2\x00").options == b"\x04"
    assert town.command(b"\x07").options == b""


def test_commands_on_port_0(town):
    town.send()
    town.hear(town.network.downlink(0, b"\x06" * 3))
    assert len(town.quiet().options) == 9
    assert town.quiet().options == b""


def test_answers_are_cut_at_a_command_and_all_commands_are_carried_out(town):
    town.send()
    town.hear(town.network.downlink(0, b"\x06" * 6 + b"\x08\x04"))
    heard = town.quiet()
    assert (len(heard.options), heard.payload) == (15, b"reading")
    assert town.session("rx_delay") == 4


def test_an_empty_uplink_carries_all_answers_on_port_0(town):
    town.send()
    town.hear(town.network.downlink(0, b"\x06" * 6 + b"\x08\x04"))
    heard = town.quiet(payload=b"", port=None)
    assert (heard.options, heard.port, heard.payload) == (b"", 0, bytes([6, 255, 7]) * 6 + b"\x08")


def test_no_more_is_answered_than_fits_any_data_rate(town):
    town.send()
    town.hear(town.network.downlink(0, b"\x06" * 200))
    assert sum(len(answer) for answer in town.session("answers")) == 51
    assert town.quiet(payload=b"", port=None).payload == bytes([6, 255, 7]) * 17


def test_answers_come_before_questions(town):
    town.call("link_check")
    town.quiet()
    town.call("link_check")
    town.call("request_time")
    town.send()
    town.call("link_check")
    town.hear(town.network.downlink(options=b"\x06"))
    assert town.quiet().options == b"\x06\xff\x07\x02"


def test_without_adr_only_channels_and_repetitions_are_set(device):
    device.wipe(1)
    town = Town(device, adr=False, data_rate=2)
    town.join()
    town.silence()
    assert not town.quiet().adr
    assert town.command(b"\x03\x51\x03\x00\x02").options == b"\x03\x07"
    assert [town.session(name) for name in ("data_rate", "power", "channels.mask", "repeats")] == [
        2,
        0,
        0b011,
        2,
    ]
