"""Keys and frames of others: published examples, and lora-packet's random ones in both directions."""

import json
from pathlib import Path

import pytest

from luftpegel_tools.network_server.lorawan import crypto, frames

VECTORS = json.loads(Path(__file__).with_name("lora_packet_vectors.json").read_text())
APP_KEY = bytes.fromhex("98929b92c49edba9676d646d3b612456")
NETWORK_KEY = bytes.fromhex("44024241ed4ce9a68c6a8bc055233fd3")
APPLICATION_KEY = bytes.fromhex("ec925802ae430ca77fd3dd73cb2cc588")


def unhex(vector, *names):
    return [bytes.fromhex(vector[name]) for name in names]


# RFC 4493, section 4: lengths that are no, one, two and a half, and four blocks.
RFC4493_KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
RFC4493_MESSAGE = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)


@pytest.mark.parametrize(
    ("length", "code"), [(0, "bb1d6929"), (16, "070a16b4"), (40, "dfa66747"), (64, "51f0bebf")]
)
def test_the_integrity_code_is_that_of_rfc_4493(length, code):
    assert crypto.join_mic(RFC4493_KEY, RFC4493_MESSAGE[:length]).hex() == code


FOX = (
    "40f17dbe490004000155332de41a11adc072553544429ce7787707d1c316e027e7e5e33426"
    "3376affb8aa17ad30075293f28dea8a20af3c5e7"
)


@pytest.mark.parametrize(
    ("raw", "f_cnt", "text"),
    [
        ("40f17dbe4900020001954378762b11ff0d", 2, b"test"),
        (FOX, 4, b"The quick brown fox jumps over the lazy dog."),
    ],
)
def test_published_uplinks(raw, f_cnt, text):
    frame = frames.parse_uplink(bytes.fromhex(raw))
    assert (frame.dev_addr, frame.f_cnt, frame.f_port, frame.confirmed) == (0x49BE7DF1, f_cnt, 1, False)
    assert frame.is_signed_with(NETWORK_KEY, f_cnt)
    assert not frame.is_signed_with(NETWORK_KEY, f_cnt + 0x10000)
    assert frame.decrypted(APPLICATION_KEY, f_cnt) == text


def test_published_downlink():
    frame = frames.DataDown(0x49BE7DF1, 2, ack=True, f_port=1)
    assert frame.sealed(NETWORK_KEY, APPLICATION_KEY).hex() == "60f17dbe4920020001f9d65d27"


def test_published_join():
    request = frames.parse_uplink(bytes.fromhex("0039363463336913AA05693574323831330489C65B1304"))
    assert request.join_eui.hex() == "aa13693363343639"
    assert request.dev_eui.hex() == "3331383274356905"
    assert request.dev_nonce == 0x8904
    assert request.is_signed_with(APP_KEY)
    assert not request.is_signed_with(NETWORK_KEY)


def test_published_session_keys():
    network_key, application_key = crypto.session_keys(APP_KEY, 0x376338, 0xAABBCC, 0xF18E)
    assert network_key.hex() == "4e3d6e6afbcc67af2ba3c8e8ec4acf4b"
    assert application_key.hex() == "610897aa6f1460623443b527d3ac6a9d"


def test_published_join_accept():
    accept = frames.JoinAccept(join_nonce=0, net_id=0, dev_addr=0, rx_delay_s=0)
    assert accept.sealed(bytes(16)).hex() == "20e3de108795f776b8037610ef7869b5b3"


def test_uplinks_of_lora_packet_are_read():
    for vector in VECTORS["uplinks"]:
        raw, options, payload = unhex(vector, "phy", "options", "payload")
        application_key, network_key = unhex(vector, "application_key", "network_key")
        f_cnt = int(vector["counter"], 16)
        frame = frames.parse_uplink(raw)
        assert frame.is_signed_with(network_key, f_cnt)
        assert not frame.is_signed_with(network_key, f_cnt ^ 0x10000)
        assert frame.decrypted(application_key if frame.f_port else network_key, f_cnt) == payload
        assert (frame.dev_addr, frame.f_cnt) == (int(vector["address"], 16), f_cnt & 0xFFFF)
        assert (frame.f_port, frame.f_opts) == (vector["port"], options)
        flags = (frame.confirmed, frame.adr, frame.ack, frame.adr_ack_req)
        assert flags == tuple(vector[name] for name in ("confirmed", "adr", "ack", "flag"))


def test_downlinks_are_those_of_lora_packet():
    for vector in VECTORS["downlinks"]:
        options, payload, raw = unhex(vector, "options", "payload", "phy")
        application_key, network_key = unhex(vector, "application_key", "network_key")
        frame = frames.DataDown(
            dev_addr=int(vector["address"], 16),
            f_cnt=int(vector["counter"], 16),
            confirmed=vector["confirmed"],
            adr=vector["adr"],
            ack=vector["ack"],
            f_pending=vector["flag"],
            f_opts=options,
            f_port=vector["port"],
            payload=payload,
        )
        assert frame.sealed(network_key, application_key) == raw


def test_joins_are_those_of_lora_packet():
    for vector in VECTORS["joins"]:
        app_key, join_eui, dev_eui, raw, accept = unhex(
            vector, "app_key", "join_eui", "dev_eui", "request", "accept"
        )
        request = frames.parse_uplink(raw)
        assert (request.join_eui, request.dev_eui) == (join_eui, dev_eui)
        assert request.dev_nonce == int(vector["dev_nonce"], 16)
        assert request.is_signed_with(app_key)
        join_nonce, net_id = int(vector["join_nonce"], 16), int(vector["net_id"], 16)
        settings = int(vector["settings"], 16)
        ours = frames.JoinAccept(
            join_nonce=join_nonce,
            net_id=net_id,
            dev_addr=int(vector["address"], 16),
            rx1_dr_offset=settings >> 4,
            rx2_data_rate=settings & 15,
            rx_delay_s=int(vector["delay"], 16),
            extra_channels_hz=tuple(vector["channels_hz"]),
        )
        assert ours.sealed(app_key) == accept
        keys = crypto.session_keys(app_key, join_nonce, net_id, request.dev_nonce)
        assert list(keys) == unhex(vector, "network_key", "application_key")


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "00" * 11,
        "00" * 22,  # JoinRequest too short
        "00" * 24,  # and too long
        "41f17dbe4900020001954378762b11ff0d",  # major version 1
        "60f17dbe4920020001f9d65d27",  # a downlink
        "20e3de108795f776b8037610ef7869b5b3",  # a JoinAccept
        "c0f17dbe4900020001954378762b11ff0d",  # RejoinRequest: LoRaWAN 1.1
        "e0f17dbe4900020001954378762b11ff0d",  # proprietary
        "40f17dbe490f020001954378762b11ff0d",  # FOpts longer than the frame
        "40f17dbe4901020006009378762b11ff0d",  # FOpts and port 0
    ],
)
def test_what_is_no_uplink_is_refused(raw):
    with pytest.raises(frames.FrameError):
        frames.parse_uplink(bytes.fromhex(raw))


def test_too_many_options_are_refused():
    with pytest.raises(ValueError, match="16 bytes of FOpts"):
        frames.DataDown(1, 0, f_opts=bytes(16)).sealed(NETWORK_KEY, APPLICATION_KEY)
