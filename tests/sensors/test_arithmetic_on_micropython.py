"""The drivers' conversions give the same integers in both MicroPythons as in CPython, for random bytes."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from luftpegel_tools.programs import debian
from luftpegel_tools.virtual_board.chips.bme280 import EXAMPLE_TRIM_88, EXAMPLE_TRIM_E1

FIRMWARE_LIB = Path(__file__).parents[2] / "firmware" / "lib"
CASES = 200
SCRIPT = """
import json, sys
class onewire:
    OneWire = None
sys.modules["onewire"] = onewire
sys.path.insert(0, {lib!r})
from binascii import unhexlify
from sensors import a02yyuw, bme280, ds18b20, sht4x, sps30
trim = bme280.calibration(unhexlify({trim_88!r}), unhexlify({trim_e1!r}))
print(json.dumps([{conversion} for raw in map(unhexlify, {cases!r})]))
"""
CONVERSIONS = {
    "sht4x": (2, "[sht4x.temperature(raw[0] << 8 | raw[1]), sht4x.humidity(raw[0] << 8 | raw[1])]"),
    "sht4x crc": (2, "sht4x.crc8(raw)"),
    "bme280": (8, "list(bme280.compensate(raw, trim))"),
    "sps30 float": (4, "sps30.tenths(raw)"),
    "sps30 frame": (6, "list(sps30.frame(raw[0], raw[1:]))"),
    "a02yyuw": (9, "a02yyuw.split(b'\\xff\\x07\\xa1\\xa7' + raw)[0]"),
    "ds18b20": (9, "ds18b20.temperature(ds18b20.raw_temperature(raw))"),
    "ds18b20 crc": (9, "ds18b20.crc8(raw)"),
}


def run(engine, script):
    program = debian.mpy32()
    command, env = {
        "cpython": ([sys.executable], {}),
        "pip": ([sys.executable, "-m", "micropython_unix"], {}),
        "mpy32": ([*program.argv_prefix], program.env),
    }[engine]
    done = subprocess.run(
        [*command, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **env},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", CONVERSIONS)
def test_same_integers_everywhere(name):
    length, conversion = CONVERSIONS[name]
    dice = random.Random(name)
    cases = [bytes(length), b"\xff" * length, *(dice.randbytes(length) for _ in range(CASES))]
    script = SCRIPT.format(
        lib=str(FIRMWARE_LIB),
        trim_88=EXAMPLE_TRIM_88.hex(),
        trim_e1=EXAMPLE_TRIM_E1.hex(),
        conversion=conversion,
        cases=[raw.hex() for raw in cases],
    )
    wanted = run("cpython", script)
    assert len(wanted) == CASES + 2
    assert run("pip", script) == wanted
    assert run("mpy32", script) == wanted
