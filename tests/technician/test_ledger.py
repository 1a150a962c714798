"""The ledger: only ever added to, by several at once; a power cut costs at most the line being written."""

import json
import subprocess
import sys

import pytest

from luftpegel_tools.technician.ledger import Ledger
from luftpegel_tools.technician.words import TroubleError

ONE = {"station": "LP-0001", "dev_eui": "70b3d57ed0001234", "chip": "a1b2c3d4e5f6"}
TWO = {"station": "LP-0002", "dev_eui": "70b3d57ed0001235", "chip": "a1b2c3d4e5f7"}


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "town.ledger")


def test_what_was_done_is_found_again(ledger):
    ledger.write(**ONE, step="flashed", firmware="1.29.0")
    ledger.write(**ONE, step="keys")
    ledger.write(**TWO, step="flashed", outcome="LP-620")
    again = Ledger(ledger.file)
    assert [line["step"] for line in again] == ["flashed", "keys", "flashed"]
    assert again.newest("LP-0001", "flashed")["firmware"] == "1.29.0"
    assert again.done("LP-0001", "keys")
    assert not again.done("LP-0002", "flashed")
    assert not again.done("LP-0002", "keys")
    assert (again.chip_of("LP-0001"), again.chip_of("LP-0002")) == (ONE["chip"], None)
    assert again.station_of(ONE["chip"]) == "LP-0001"
    assert again.station_of(TWO["chip"]) is None


def test_a_board_replaced(ledger):
    ledger.write(**ONE, step="keys")
    ledger.write(**ONE | {"chip": TWO["chip"]}, step="keys")
    assert ledger.chip_of("LP-0001") == TWO["chip"]


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_a_line_cut_off_never_happened(ledger, cut):
    ledger.write(**ONE, step="flashed")
    ledger.write(**ONE, step="keys")
    ledger.file.write_bytes(ledger.file.read_bytes()[:-cut])
    again = Ledger(ledger.file)
    assert not again.done("LP-0001", "keys")
    again.write(**TWO, step="keys")
    assert [(line["station"], line["step"]) for line in Ledger(ledger.file)] == [
        ("LP-0001", "flashed"),
        ("LP-0002", "keys"),
    ]


@pytest.mark.parametrize("line", [b"{", b"[]", b"{}", b"\xff", b"7"])
def test_damage_in_the_middle_is_told(ledger, line):
    ledger.write(**ONE, step="flashed")
    ledger.file.write_bytes(line + b"\n" + ledger.file.read_bytes())
    with pytest.raises(TroubleError, match=r"LP-608.*line 1"):
        Ledger(ledger.file)


def test_two_write_at_once(ledger):
    program = (
        "import sys; from pathlib import Path\nfrom luftpegel_tools.technician.ledger import Ledger\n"
        "ledger = Ledger(Path(sys.argv[1]))\n"
        "for n in range(50): ledger.write(station=sys.argv[2], dev_eui='', chip='', step=str(n))\n"
    )
    words = [sys.executable, "-c", program, str(ledger.file)]
    with subprocess.Popen([*words, "a"]) as one, subprocess.Popen([*words, "b"]) as two:
        assert (one.wait(120), two.wait(120)) == (0, 0)
    ledger.reload()
    for station in "ab":
        assert [line["step"] for line in ledger if line["station"] == station] == [str(n) for n in range(50)]


def test_lines_are_for_anybody(ledger):
    ledger.write(**ONE, step="keys")
    told = json.loads(ledger.file.read_text())
    assert told["time"].endswith("+00:00")
    assert told | {"time": ""} == {**ONE, "step": "keys", "outcome": "ok", "time": ""}
