"""`luftpegel decode`: frames of each kind, in words, byte by byte and for machines."""

import base64
import json

import pytest

from luftpegel_tools.cli import main
from luftpegel_tools.decode.explain import explain
from luftpegel_wire import (
    PORT_READINGS,
    Row,
    encode_alarm,
    encode_backfill,
    encode_config,
    encode_readings,
    encode_status,
)

ROWS = [
    Row(812, 7, 0, (2148, None, 120), (0, 9, 1)),
    Row(811, 607, 600, (2161, 6080, 130), (0, 0, 0)),
]
READINGS, _ = encode_readings((2, 4, 9), iter(ROWS), 51)
FRAMES = {
    "readings": (READINGS, ["#812, 7 s before transmission: temperature 21.50 °C", "silent", "suspect"]),
    "status": (encode_status({"boots": 3, "firmware": "0.1.0"}), ["boots", "0.1.0"]),
    "alarm": (encode_alarm(7, 1, 8, "above", 1430, 1400), ["above", "1430"]),
    "config": (encode_config(5, {"interval_s": 300}), ["interval_s", "300"]),
    "backfill": (encode_backfill(70000, 32), ["70000", "32"]),
}


PORTS = {"readings": 1, "status": 2, "alarm": 3, "config": 10, "backfill": 11}


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("option", [[], ["--explain"]])
def test_frame_in_words(kind: str, option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    payload, words = FRAMES[kind]
    assert main(["decode", payload.hex(), *option]) == 0
    printed = capsys.readouterr().out
    assert all(word in printed for word in words), printed


@pytest.mark.parametrize("kind", FRAMES)
def test_explanation_accounts_for_every_byte(kind: str) -> None:
    payload, _ = FRAMES[kind]
    lines = explain(PORTS[kind], payload)
    told = "".join(line.hex.replace(" ", "") for line in lines)
    assert payload.hex().startswith(told)
    assert len(payload) - len(told) // 2 <= 3  # the range coder's tail belongs to all of its items
    assert [line.start for line in lines] == sorted(line.start for line in lines)


def test_base64_as_network_servers_show_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", base64.b64encode(READINGS).decode(), "--base64"]) == 0
    assert "#812" in capsys.readouterr().out


def test_json_has_base_units_and_units(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", READINGS.hex(), "--json", "--explain"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["port"] == PORT_READINGS
    cells = told["frame"]["rows"][0]["cells"]
    assert cells["temperature"] == {"base": 2150, "value": "21.50", "quality": "ok"}
    assert cells["humidity"] == {"base": None, "value": "", "quality": "silent"}
    assert cells["distance-2"]["value"] == "12.0"
    assert len(told["explained"]) > 6


@pytest.mark.parametrize(
    ("arguments", "code", "cause"),
    [
        (["zz"], 2, "LP-360"),
        (["00"], 1, "LP-214"),
        (["84"], 1, "LP-210"),
        ([READINGS.hex(), "--port", "99"], 1, "LP-213"),
        (["8402010040"], 1, "LP-212"),
    ],
)
def test_what_is_no_frame_is_refused(
    arguments: list[str], code: int, cause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["decode", *arguments]) == code
    assert cause in capsys.readouterr().err
