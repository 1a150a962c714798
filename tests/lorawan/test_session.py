"""The session as bytes: what comes back, how large it is, and what is refused."""

import pytest
from lorawan_network import cmac
from lorawan_town import APP_KEY, DEV_EUI, DOWNLINK, JOIN_EUI, NOT_JOINED, RefusedError, Town

RTC_MEMORY = 2048
AIM = 400
# Everything that a network can set, at odd values, with commands still to be answered.
SETTINGS = (
    b"\x07\x03\x18\x4f\x84\x50\x07\x0f\xe8\x56\x84\x41"
    b"\x05\x23\x88\x66\x84\x08\x07\x0a\x01\xd2\xad\x84\x03\x42\x0b\x80\x03\x04\x03\x06"
)
ATTRIBUTES = (
    *("address", "keys", "number", "up", "down", "data_rate", "power", "repeats", "adr", "adr_count"),
    *("rx_delay", "rx1_offset", "rx2_frequency", "rx2_rate", "owes_ack", "answers", "channels.mask"),
    *("channels.used", "channels.frequencies", "channels.ranges", "channels.downlinks"),
)


def everything(town):
    return {name: town.session(name) for name in ATTRIBUTES}


@pytest.fixture
def settled(town):
    """A device with settings of all kinds, some hours of airtime and an open answer."""
    town.join(cf_list=bytes.fromhex("b85e84886684586e8428768400000000"))
    town.silence()
    town.quiet(3, confirmed=True)
    town.send()
    town.hear(town.network.downlink(0, SETTINGS, confirmed=True))
    return town


def test_everything_comes_back(settled):
    before = everything(settled)
    assert before["owes_ack"]
    assert len(before["answers"]) == 8
    kept = settled.call("dump", settled.now)
    settled.power_on()
    assert settled.call("load", kept, settled.now, True) is True
    assert everything(settled) == before
    assert settled.call("dump", settled.now) == kept
    assert settled.get("ledger.exponent") == 3
    heard = settled.quiet()
    assert (heard.ack, heard.counter) == (True, before["up"])
    assert len(heard.options) == 15


def test_it_works_on_as_if_nothing_had_been(device):
    """Two devices with the same luck, one of which sleeps deeply after each uplink, send the same frames."""
    frames = []
    for sleeps in (False, True):
        device.wipe(3)
        town = Town(device)
        town.join()
        town.silence()
        for number in range(150):
            town.send(bytes([number]))
            if number == 40:
                town.hear(town.network.downlink(0, SETTINGS, confirmed=True))
            while town.silence(8):
                pass
            if sleeps:
                kept = town.call("dump", town.now)
                town.power_on()
                assert town.call("load", kept, town.now, True) is True
            town.now = (town.now // 600_000 + 1) * 600_000
        frames.append([(sent.payload, sent.power_dbm, sent.rx1.delay_us) for sent in town.sent])
    assert frames[0] == frames[1]


def test_new_settings_of_the_operator_hold_at_once(town):
    """ADR and data rate are the operator's; a session that goes on takes them over."""
    town.join()
    town.silence()
    assert town.quiet().adr
    kept = town.call("dump", town.now)
    town.options = {"adr": False, "data_rate": 1}
    town.power_on()
    assert town.call("load", kept, town.now, True) is True
    assert not town.quiet().adr
    assert town.sent[-1].sf == 11


def test_its_size(settled):
    assert len(settled.call("dump", settled.now)) < AIM
    for index in range(16):
        settled.send()
        frequency = (8_671_000 + index).to_bytes(3, "little")
        new = bytes([0x07, index]) + frequency + b"\x50" if index > 2 else b""
        settled.hear(settled.network.downlink(0, new + bytes([0x0A, index]) + frequency + b"\x06" * 17))
        settled.silence()
    for _ in range(7):
        settled.now += 600_000
        settled.quiet(6)
    settled.send()
    settled.hear(settled.network.downlink(0, b"\x06" * 17))
    assert all(settled.session("channels.frequencies") + settled.session("channels.downlinks"))
    assert AIM / 2 < len(settled.call("dump", settled.now)) <= AIM


def test_a_fresh_session_is_small(town):
    town.join()
    assert len(town.call("dump", town.now)) <= 110


def refused(town, data):
    town.power_on()
    taken = town.call("load", data, town.now, True)
    with pytest.raises(RefusedError) as error:
        town.call("uplink", 1, b"", False, town.now)
    assert error.value.kind == NOT_JOINED
    return taken is False


def test_damage(settled):
    kept = settled.call("dump", settled.now)
    for bit in range(0, 8 * len(kept), 5):
        damaged = bytearray(kept)
        damaged[bit // 8] ^= 1 << bit % 8
        assert refused(settled, bytes(damaged))


def test_truncation(settled):
    kept = settled.call("dump", settled.now)
    assert all(refused(settled, kept[:length]) for length in range(len(kept)))
    assert refused(settled, kept + b"\x00")


@pytest.mark.parametrize("version", [0, 2, 255])
def test_other_versions(settled, version):
    data = bytes([version]) + settled.call("dump", settled.now)[1:-4]
    seal = cmac(APP_KEY, b"EU868" + DEV_EUI + data)[:4]
    assert refused(settled, data + seal)


def test_memory_that_was_never_written(town):
    assert refused(town, b"")
    assert refused(town, bytes(RTC_MEMORY))
    assert refused(town, b"\xff" * RTC_MEMORY)


def test_other_regions_devices_and_keys(settled):
    kept = settled.call("dump", settled.now)
    for region, dev_eui, key in (
        ("eu433", DEV_EUI, APP_KEY),
        ("eu868", JOIN_EUI, APP_KEY),
        ("eu868", DEV_EUI, DEV_EUI + JOIN_EUI),
    ):
        settled.device.create(region, dev_eui, JOIN_EUI, key, {})
        assert settled.call("load", kept, settled.now, True) is False
        assert settled.get("joined") is False


def test_after_a_refusal_the_device_joins_anew(settled):
    assert refused(settled, b"nonsense")
    settled.join()
    assert settled.send().counter == 0


def test_an_older_session_is_not_revived(town):
    town.join()
    old = town.call("dump", town.now)
    town.silence()
    town.join()
    assert refused(town, old)


def test_without_knowing_what_was_sent_counters_go_on_from_storage(town):
    town.join()
    town.silence()
    kept = town.call("dump", town.now)
    counters = [town.quiet().counter for _ in range(40)]
    for _ in range(5):
        town.power_on()
        assert town.call("load", kept, town.now, False) is True
        counters += [town.quiet().counter for _ in range(3)]
    assert counters == sorted(set(counters))
    assert counters[-1] < 40 + 6 * 32


def test_a_downlink_is_not_taken_twice_after_an_old_dump(town):
    town.join()
    town.silence()
    kept = town.call("dump", town.now)
    town.send()
    frame = town.network.downlink(1, b"once")
    assert town.hear(frame)[0] == [DOWNLINK, 0, False]
    town.power_on()
    town.call("load", kept, town.now, False)
    town.send()
    assert town.hear(frame) == []


def test_storage_is_written_seldom(town):
    town.join()
    town.silence()
    before = town.device.writes()
    town.quiet(100)
    assert town.device.writes() - before <= 100 // 32 + 1


def test_activation_by_personalisation(town):
    keys = [bytes(range(16)), bytes(range(16, 32))]
    address = (0x01020304).to_bytes(4, "little")
    town.network.address = 0x01020304
    town.network.nwk_s_key, town.network.app_s_key = keys
    town.device.activate(address, keys)
    assert [town.quiet().counter for _ in range(3)] == [0, 1, 2]
    town.send()
    assert town.hear(town.network.downlink(1, b"x", counter=5))
    town.power_on()
    town.device.activate(address, keys)
    assert town.send().counter == 32
    assert town.hear(town.network.downlink(1, b"x", counter=5)) == []
    assert town.hear(town.network.downlink(1, b"x", counter=6))
