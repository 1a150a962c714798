"""Cryptography and frames against RFC 4493, published frames, and npm lora-packet (vectors.json)."""

import hashlib
import json
from pathlib import Path

import lorawan_network
import lorawan_vectors
import pytest
from tests.lorawan.conftest import run_micropython

from lorawan import crypto, frames

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "vectors.json").read_text())
RFC_KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
RFC_MESSAGE = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52ef"
    "f69f2445df4f9b17ad2b417be66c3710"
)
RFC_4493 = {
    0: "bb1d6929e95937287fa37d129b756746",
    16: "070a16b46b4d4144f79bdd9dd04a287c",
    40: "dfa66747de9ae63030ca32611497c827",
    64: "51f0bebf7e3b9d92fc49741779363cfe",
}
KEYS = bytes.fromhex("44024241ed4ce9a68c6a8bc055233fd3"), bytes.fromhex("ec925802ae430ca77fd3dd73cb2cc588")
ADDRESS = bytes.fromhex("f17dbe49")


@pytest.mark.parametrize("length", RFC_4493)
def test_rfc_4493(length):
    assert crypto.cmac(RFC_KEY, RFC_MESSAGE[:length]).hex() == RFC_4493[length]


def test_aes_of_the_rfc():
    assert crypto.encrypt(RFC_KEY, bytes(16)).hex() == "7df76b0c1ab899b33e42f047b91b546f"


def test_a_published_uplink():
    frame = frames.uplink(KEYS, ADDRESS, 2, False, 0, b"", 1, b"test")
    assert frame.hex() == "40f17dbe4900020001954378762b11ff0d"


def test_a_published_acknowledgement():
    frame = frames.downlink(KEYS, ADDRESS, 0, bytes.fromhex("60f17dbe4920020001f9d65d27"))
    assert (frame.counter, frame.ack, frame.port, frame.payload) == (2, True, 1, b"")


def test_published_session_keys():
    accepted = bytes.fromhex("376338")[::-1] + bytes.fromhex("aabbcc")[::-1]
    keys = frames.session_keys(bytes.fromhex("98929b92c49edba9676d646d3b612456"), accepted, 0xF18E)
    assert [key.hex() for key in keys] == [
        "4e3d6e6afbcc67af2ba3c8e8ec4acf4b",
        "610897aa6f1460623443b527d3ac6a9d",
    ]


def test_the_vectors_are_of_another_hand():
    assert VECTORS["by"].startswith("lora-packet ")
    assert (len(VECTORS["up"]), len(VECTORS["down"]), len(VECTORS["join"])) == (100, 100, 10)


def test_the_first_of_each():
    """Where these differ, one sees why; the digests only tell that something does."""
    assert lorawan_vectors.uplink(0).hex() == VECTORS["first"]["up"]
    assert _downlink(0).hex() == VECTORS["first"]["down"]
    assert _join(0).hex() == VECTORS["first"]["join"]


def test_ten_thousand_uplinks():
    assert lorawan_vectors.digests(10_000, lorawan_vectors.uplink) == VECTORS["up"]


def test_ten_thousand_uplinks_in_micropython():
    printed = json.loads(run_micropython(HERE / "lorawan_vectors.py", "10000"))
    assert printed == VECTORS["up"]


def test_ten_thousand_downlinks():
    """The reference network writes what lora-packet writes, and the device reads what was written."""
    assert lorawan_vectors.digests(10_000, _downlink_and_back) == VECTORS["down"]


def test_a_thousand_joins():
    assert lorawan_vectors.digests(1000, _join) == VECTORS["join"]


def _downlink(number):
    data = lorawan_vectors.Data("down", number)
    network = lorawan_network.Network(b"", address=int.from_bytes(data.address, "little"))
    network.nwk_s_key, network.app_s_key = data.keys
    return network.downlink(
        data.port,
        data.payload,
        data.options,
        confirmed=data.confirmed,
        ack=bool(data.control & 0x20),
        pending=bool(data.control & 0x10),
        adr=bool(data.control & 0x80),
        counter=data.counter,
    )


def _downlink_and_back(number):
    data = lorawan_vectors.Data("down", number)
    frame = _downlink(number)
    expected = max(0, data.counter - number % 0x10000)
    read = frames.downlink(data.keys, data.address, expected, frame)
    assert (read.counter, read.confirmed, read.port) == (data.counter, data.confirmed, data.port)
    assert (read.options, read.payload) == (data.options, data.payload)
    assert (read.ack, read.pending) == (bool(data.control & 0x20), bool(data.control & 0x10))
    return frame


def _join(number):
    """Request, accept (by the reference network, read by the device), both keys."""
    join = lorawan_vectors.Join(number)
    network = lorawan_network.Network(
        join.key,
        join_nonce=int.from_bytes(join.join_nonce, "big") - 1,
        net_id=int.from_bytes(join.net_id, "big"),
        address=int.from_bytes(join.address, "big"),
    )
    request = frames.join_request(join.key, join.join_eui, join.dev_eui, join.dev_nonce)
    assert network.join_request(request) == (join.join_eui, join.dev_eui, join.dev_nonce)
    accept = network.accept(join.settings, join.delay, join.cf_list)
    accepted = frames.join_accept(join.key, accept)
    assert accepted[6:10] == join.address[::-1]
    assert accepted[10:] == bytes([join.settings, join.delay]) + join.cf_list
    keys = frames.session_keys(join.key, accepted, join.dev_nonce)
    assert keys == (network.nwk_s_key, network.app_s_key)
    return request + accept + b"".join(keys)


def test_digests_tell_a_single_bit():
    frame = bytearray(lorawan_vectors.uplink(0))
    frame[-1] ^= 1
    changed = hashlib.sha256(bytes([len(frame)]) + bytes(frame)).hexdigest()
    assert changed != hashlib.sha256(bytes([len(frame)]) + lorawan_vectors.uplink(0)).hexdigest()
