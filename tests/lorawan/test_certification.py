"""What a test house does to a Class A device of EU868: the scenarios of the certification specification as
public suites have them (lora-rs, td_lorawan), driven by the commands of TS009 on port 224."""

import pytest
from lorawan_town import ACKNOWLEDGED, LINK_CHECK, TOO_LONG, RefusedError

PORT = 224


class Laboratory:
    """A device that obeys port 224: it answers at once, as `send` says."""

    def __init__(self, town):
        self.town = town
        self.town.device.package("certification", "Certification", [1, 2, 3, 4])

    def downlink(self, payload, **fields):
        """An uplink, answered with a command; the device's answer on port 224, as decoded, or None."""
        self.town.send(confirmed=bool(self.setting("confirmed")))
        return self.answer(payload, **fields)

    def answer(self, payload, port=PORT, **fields):
        events = self.town.hear(self.town.network.downlink(port, payload, **fields))
        self.town.silence()
        reply = self.town.device.handle(events)
        return self.town.quiet(payload=reply, port=PORT) if reply else None

    def setting(self, name):
        return self.town.get("package." + name)


@pytest.fixture
def lab(town):
    town.join()
    town.silence()
    return Laboratory(town)


def test_package_version(lab):
    assert lab.downlink(b"\x00").payload == b"\x00\x06\x01"


def test_versions(lab):
    answer = lab.downlink(b"\x7f")
    assert (answer.port, answer.payload) == (PORT, bytes([0x7F, 1, 2, 3, 4, 1, 0, 4, 0, 2, 1, 0, 4]))


def test_echo(lab):
    assert lab.downlink(b"\x08\x01\x02\xff").payload == b"\x08\x02\x03\x00"


def test_an_echo_longer_than_the_data_rate_allows(lab):
    lab.town.command(b"\x03\x0f\x07\x00\x01")
    lab.town.device.put("ledger.enforced", False)
    answer = lab.downlink(b"\x08" + bytes(range(200)))
    assert answer.payload == b"\x08" + bytes(range(1, 51))


def test_downlinks_are_counted(lab):
    assert lab.downlink(b"\x09").payload == b"\x09\x01\x00"
    lab.downlink(b"data", port=5)
    lab.town.command(b"\x06")
    assert lab.downlink(b"\x09").payload == b"\x09\x03\x00"
    lab.town.send(confirmed=True)
    events = lab.town.hear(lab.town.network.downlink(ack=True))
    assert [event[0] for event in events] == [2, ACKNOWLEDGED]
    lab.town.device.handle(events)
    assert lab.downlink(b"\x09").payload == b"\x09\x05\x00"
    lab.downlink(b"\x0a")
    assert lab.downlink(b"\x09").payload == b"\x09\x01\x00"


def test_link_check(lab):
    assert lab.downlink(b"\x20") is None
    assert lab.town.send().options == b"\x02"
    assert lab.town.hear(lab.town.network.downlink(options=b"\x02\x07\x01"))[1:] == [[LINK_CHECK, 7, 1]]


def test_device_time(lab):
    lab.downlink(b"\x21")
    assert lab.town.send().options == b"\x0d"


def test_adr_bit(lab):
    lab.downlink(b"\x04\x00")
    assert not lab.town.quiet().adr
    lab.downlink(b"\x04\x01")
    assert lab.town.quiet().adr


def test_regional_duty_cycle(lab):
    lab.town.device.put("session.data_rate", 0)
    lab.downlink(b"\x05\x00")
    for _ in range(40):
        lab.town.device.put("session.adr_count", 0)
        before = lab.town.now
        lab.town.send(bytes(51))
        assert lab.town.sent[-1].at == before
        lab.town.silence()
    lab.downlink(b"\x05\x01")
    assert lab.town.call("next_transmission_at", 51, lab.town.now) > lab.town.now


@pytest.mark.parametrize(
    ("value", "seconds"), [(0, None), (1, 5), (6, 50), (7, 60), (10, 480), (11, "as it was")]
)
def test_periods(lab, value, seconds):
    lab.town.device.put("package.period", "as it was")
    lab.downlink(bytes([0x06, value]))
    assert lab.setting("period") == seconds


@pytest.mark.parametrize(("value", "confirmed"), [(0, None), (1, False), (2, True), (3, None)])
def test_frame_types(lab, value, confirmed):
    lab.downlink(bytes([0x07, value]))
    assert lab.setting("confirmed") is confirmed
    lab.downlink(b"\x07\x00")
    assert lab.setting("confirmed") is confirmed


def test_reset_join_and_disable(lab):
    lab.downlink(b"\x02")
    assert (lab.setting("join"), lab.setting("reset")) == (True, False)
    lab.downlink(b"\x01")
    assert lab.setting("reset") is True
    lab.downlink(b"\x7e")
    assert lab.downlink(b"\x00") is None


@pytest.mark.parametrize(
    "payload", [b"", b"\x03\x00", b"\x04", b"\x22\x00", b"\x7d\x08\x00\xd8\xb2\x83\x0e", b"\xee"]
)
def test_commands_that_class_a_has_not(lab, payload):
    assert lab.downlink(payload) is None


def test_mac_answers_go_before_commands_of_our_own(lab):
    """2.5.14, steps 1 and 2: DevStatusAns, LinkADRAns, LinkCheckReq, in this order."""
    lab.downlink(b"\x20", options=b"\x06\x03\x50\x07\x00\x01")
    assert lab.town.send().options == b"\x06\xff\x07\x03\x07\x02"


def test_mac_answers_are_truncated(lab):
    """2.5.14, steps 3 to 6: what does not fit is left out, the payload stays."""
    commands = bytes.fromhex("060500d2ad840606060606060606060606060606060300070001")
    lab.downlink(commands, port=0)
    heard = lab.town.quiet(payload=b"\x02\x02\x03")
    assert heard.options == b"\x06\xff\x07\x05\x07" + b"\x06\xff\x07" * 3
    assert heard.payload == b"\x02\x02\x03"
    assert lab.town.session("data_rate") == 0


def test_redundancy(lab):
    """LinkADRReq with NbTrans 2, 1, 3 for unconfirmed and confirmed frames and for answers on port 224."""
    for repeats in (2, 1, 3):
        lab.town.command(bytes([0x03, 0x50, 0x07, 0x00, repeats]))
        for confirmed in (False, True):
            lab.downlink(bytes([0x07, 1 + confirmed]))
            sent = len(lab.town.sent)
            first = lab.town.send(confirmed=confirmed)
            while lab.town.silence():
                pass
            copies = lab.town.sent[sent:]
            assert first.confirmed is confirmed
            assert len(copies) == repeats
            assert len({copy.payload for copy in copies}) == 1
        sent = len(lab.town.sent)
        lab.downlink(b"\x09")
        assert len(lab.town.sent) - sent == 1 + repeats


def test_a_downlink_ends_the_redundancy(lab):
    lab.town.command(b"\x03\x50\x07\x00\x0f")
    for wait in range(3):
        lab.town.send()
        for _ in range(wait):
            assert lab.town.silence()
        lab.town.hear(lab.town.network.downlink(PORT, b"\x20"))
        assert lab.town.silence() is None


def test_rx_param_setup_scenario(lab):
    """RX1DROffset 2, RX2 data rate 2 on 868.525 MHz: effective at once, answered until a downlink comes."""
    lab.downlink(b"\x05\x22\xc2\x86\x84", port=0)
    for _ in range(2):
        assert lab.town.quiet().options == b"\x05\x07"
        uplink = lab.town.sent[-1]
        assert (uplink.rx1.sf, uplink.rx2.sf, uplink.rx2.frequency_hz) == (uplink.sf + 2, 10, 868_525_000)
    lab.downlink(b"\x07\x03\x88\x66\x84\x50\x03\x50\x07\x00\x01", port=0)
    assert lab.town.quiet().options == b"\x07\x03\x03\x07"


def test_confirmed_downlinks_in_a_row(lab):
    for counter in range(3):
        lab.downlink(b"\x0a", confirmed=True)
        heard = lab.town.quiet()
        assert (heard.ack, heard.counter) == (True, 2 * counter + 1)


def test_oversized_payload_is_not_sent(lab):
    """The device says so instead; the network sees no frame."""
    lab.town.device.put("session.data_rate", 0)
    sent = len(lab.town.sent)
    with pytest.raises(RefusedError) as refused:
        lab.town.send(bytes(52))
    assert refused.value.kind == TOO_LONG
    assert len(lab.town.sent) == sent
