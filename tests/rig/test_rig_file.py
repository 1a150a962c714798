"""rig.toml: what is wrong is told with its line, whatever was written."""

import contextlib
import random

import pytest

from luftpegel_tools.rig import rig_file
from luftpegel_tools.rig.errors import RigError

WHOLE = """
[[board]]
name = "gauge"
type = "heltec_v3"
port = "/dev/serial/by-path/pci-0000:00:14.0-usb-0:2.1:1.0-port0"
radios = ["sx1262", "wio_e5"]

[[board.sensors]]
driver = "sht4x"
address = 0x45

[[board.sensors]]
driver = "sps30"
socket = "a"

[board.power]
kind = "uhubctl"
hub = "1-1"
socket = 2
current = ["meter", "--mean", "10"]

[board.witness]
kind = "mqtt"
host = "broker.example"
dev_eui = "2cf7f12024900042"

[[board]]
name = "bare"
"""
WRONG = [  # text, what becomes of it, line, what is said
    ('name = "gauge"', 'nam = "gauge"', 3, "'nam' is no setting here; known: name, type"),
    ('name = "gauge"', "name = 7", 3, "name wants a text"),
    ('name = "bare"', 'name = "gauge"', 28, "two boards are called 'gauge'"),
    ('name = "bare"', "", 27, "a board wants its 'name'"),
    ('"sx1262", "wio_e5"', '"sx1262", "sx9999"', 6, "radios wants a list of"),
    ('driver = "sps30"', 'driver = "sps31"', 13, "driver wants one of sht4x"),
    ('driver = "sps30"', 'driver = "sht4x"', 12, "sht4x is listed twice"),
    ('driver = "sps30"\n', "", 12, "a sensor wants its 'driver'"),
    ("address = 0x45", "address = 200", 10, "address wants a number from 8 to 119"),
    ("address = 0x45", "address = true", 10, "address wants a number from 8 to 119"),
    ('hub = "1-1"\n', "", 16, "[power] of kind 'uhubctl' wants 'hub'"),
    ('kind = "uhubctl"', 'kind = "magic"', 17, "kind wants one of none, uhubctl, command"),
    ('["meter", "--mean", "10"]', '"meter --mean 10"', 20, "current wants a command as a list of words"),
    ("2cf7f12024900042", "2cf7", 25, "dev_eui wants 16 hex digits"),
    ("[board.witness]", "[board.wittness]", 22, "'wittness' is no setting here"),
    ("[[board.sensors]]", "[board.sensors]", None, ""),
    ('name = "bare"', 'name = "bare', 28, "this is no TOML"),
]


def test_a_whole_file():
    gauge, bare = rig_file.parse(WHOLE)
    assert (gauge.name, gauge.radios, gauge.is_virtual) == ("gauge", ("sx1262", "wio_e5"), False)
    assert gauge.sensor("sht4x") == {"driver": "sht4x", "address": 0x45}
    assert gauge.sensor("bme280") is None
    assert (gauge.power.hub, gauge.power.socket, gauge.power.current[0]) == ("1-1", 2, "meter")
    assert (gauge.witness.port, gauge.witness.host) == (1883, "broker.example")
    assert (bare.is_virtual, bare.power.kind, bare.sensors) == (True, "none", ())


@pytest.mark.parametrize(
    ("old", "new", "line", "said"), WRONG, ids=[said or new for *_, new, _, said in WRONG]
)
def test_what_is_wrong_is_told_with_its_line(old, new, line, said):
    with pytest.raises(RigError) as caught:
        rig_file.parse(WHOLE.replace(old, new))
    text = str(caught.value)
    assert text.startswith(f"LP-680 rig.toml:{line or ''}")
    assert said in text
    assert "Next: " in text


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(RigError, match=r"LP-680 .*none\.toml: cannot be read"):
        rig_file.load(tmp_path / "none.toml")


def test_damaged_files_are_read_or_refused():
    seed = random.randrange(1 << 32)
    print("seed", seed)
    rng = random.Random(seed)
    for _ in range(20_000):
        text = list(WHOLE)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(text))
            text[at : at + rng.randint(0, 6)] = rng.choice(
                ["", "\n", '"', "[", "]", "=", "7", "true", "[[board]]\n", "[power]\n", "{}", "\x00", "ä"]
            )
        with contextlib.suppress(RigError):
            assert rig_file.parse("".join(text))
