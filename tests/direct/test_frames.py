"""A frame by plain LoRa: the same bytes from the library, from `cryptography`, and on a board."""

import ast
import json
import random
from pathlib import Path

import pytest
from tests.direct import direct_oracle
from tests.lorawan.conftest import run_micropython

import luftpegel_direct
from luftpegel_direct import frame, line
from luftpegel_gateway.transport import aes
from luftpegel_tools.desk import cryptolib

HERE = Path(__file__).parent
VECTORS = HERE.parents[1] / "spec" / "direct" / "1.json"
PACKAGE = Path(luftpegel_direct.__path__[0])
KEY, EUI = bytes(range(16)), bytes.fromhex("70b3d57ed0000001")


@pytest.fixture(scope="module", params=["gateway", "board"])
def crypto(request):
    """Both implementations of AES that the library is used with."""
    if request.param == "gateway":
        return aes
    cryptolib.install()
    from lorawan import crypto  # noqa: PLC0415

    return crypto


def test_the_vectors_are_what_the_oracle_makes():
    assert json.loads(VECTORS.read_text()) == direct_oracle.vectors()


def test_the_library_makes_and_reads_them(crypto):
    for one in json.loads(VECTORS.read_text())["frames"]:
        key, eui, payload, whole = (
            bytes.fromhex(one[name]) for name in ("key", "dev_eui", "payload", "frame")
        )
        keys = frame.keys_of(crypto, key)
        assert frame.seal(crypto, keys, eui, one["counter"], one["port"], payload) == whole
        assert frame.look(whole) == (eui, one["counter"], one["port"])
        assert frame.unseal(crypto, keys, whole) == payload


def test_micropython_makes_and_reads_them():
    told = run_micropython(HERE / "direct_on_board.py", str(VECTORS)).splitlines()
    mine = [line.read(one) for one in line.Lines().feed("".join(direct_oracle.vectors()["lines"]).encode())]
    assert len(mine) == 6
    assert [ast.literal_eval(one) for one in told] == mine


def test_any_frame_agrees_with_the_oracle(crypto):
    luck = random.Random(seed := random.randrange(2**32))
    print("seed", seed)
    for _ in range(300):
        key, eui = luck.randbytes(16), luck.randbytes(8)
        counter, port, payload = (
            luck.randrange(2**32),
            luck.randrange(256),
            luck.randbytes(luck.randrange(234)),
        )
        whole = frame.seal(crypto, frame.keys_of(crypto, key), eui, counter, port, payload)
        assert whole == direct_oracle.frame(key, eui, counter, port, payload)


def test_nothing_damaged_is_taken():
    luck = random.Random(seed := random.randrange(2**32))
    print("seed", seed)
    keys = frame.keys_of(aes, KEY)
    whole = frame.seal(aes, keys, EUI, 7, 1, b"a payload of a station")
    for _ in range(20_000):
        damaged = bytearray(whole)
        for _ in range(luck.randint(1, 4)):
            damaged[luck.randrange(len(damaged))] ^= luck.randint(1, 255)
        if luck.random() < 0.2:
            damaged = damaged[: luck.randrange(len(damaged))] + luck.randbytes(luck.randrange(300))
        if bytes(damaged) == whole:
            continue
        with pytest.raises((frame.Foreign, frame.Forged)):
            frame.unseal(aes, keys, bytes(damaged))


def test_no_two_frames_share_their_stream():
    """The same payload under the next counter, on another port or from another station."""
    keys, payload = frame.keys_of(aes, KEY), bytes(200)
    streams = [
        frame.seal(aes, keys, eui, counter, port, payload)[14:-8]
        for eui in (EUI, bytes(8)) for counter in (1, 2, 257, 65537) for port in (1, 2)
    ]  # fmt: skip
    blocks = [stream[i : i + 16] for stream in streams for i in range(0, 192, 16)]
    assert len(set(blocks)) == len(blocks)


@pytest.mark.parametrize("wrong", [
    {"dev_eui": bytes(7)}, {"counter": 2**32}, {"counter": -1}, {"port": 256}, {"payload": bytes(234)},
])  # fmt: skip
def test_what_no_frame_can_say(wrong):
    values = {"dev_eui": EUI, "counter": 1, "port": 1, "payload": b""} | wrong
    with pytest.raises(ValueError, match=r"can say|too long"):
        frame.seal(aes, frame.keys_of(aes, KEY), *values.values())
    with pytest.raises(ValueError, match="16 bytes"):
        frame.keys_of(aes, bytes(15))


def test_mip_installs_every_file():
    urls = json.loads((PACKAGE / "package.json").read_text())["urls"]
    assert urls == [[f"luftpegel_direct/{path.name}", path.name] for path in sorted(PACKAGE.glob("*.py"))]


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.name)
def test_integers_only_and_nothing_from_outside(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    plain = [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    assert set(plain) <= {"binascii"}
    assert [
        node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, float)
    ] == []
    assert [node for node in ast.walk(tree) if isinstance(node, ast.Div)] == []
