"""`luftpegel demo` as people and machines call it."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from luftpegel_tools import cli
from luftpegel_tools.programs import debian
from luftpegel_tools.town.demo import Day
from luftpegel_tools.town.gateway_process import Gateway
from luftpegel_tools.virtual_board.errors import BoardError

DEMO = [sys.executable, "-m", "luftpegel_tools.cli", "demo", "--lang", "en"]


@pytest.fixture
def own_temp(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "tmp").mkdir()
    return tmp_path / "tmp"


def descendants(pid):
    """Processes below `pid`, by what /proc says of parents."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found, fresh = set(), {pid}
    while fresh:
        fresh = {child for child, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return found


def test_the_demo_proves_itself_and_reports(own_temp, tmp_path):
    report = tmp_path / "report.json"
    done = subprocess.run(
        [*DEMO, "--once", "--days", "0.1", "--kills", "1", "--seed", "3", "--json", str(report)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    written = json.loads(report.read_text())
    assert written.keys() == {"seconds", "frame_loss", "kills", "stations"}
    assert (written["frame_loss"], written["kills"]) == (0.2, 1)
    assert [(station["id"], station["kind"]) for station in written["stations"]] == [
        ("LP-0001", "climate"),
        ("LP-0002", "air"),
        ("LP-0003", "level"),
    ]
    for station in written["stations"]:
        assert list(station) == [
            "id", "kind", "sampled", "stored", "lost", "duplicated",
            "bytes_per_reading", "airtime_ms_per_reading",
        ]  # fmt: skip
        assert station["sampled"] == station["stored"] >= 14
        assert station["lost"] == station["duplicated"] == 0
        assert 5 < station["bytes_per_reading"] < 400
        assert 10 < station["airtime_ms_per_reading"] < 2000
        assert f"{station['id']}" in done.stdout
    assert "100 %" in done.stdout
    assert "\r" not in done.stdout  # no terminal: plain lines
    assert list(own_temp.iterdir()) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize(("when", "code"), [("status page", 130), ("until Ctrl-C", 0)])
def test_however_it_ends_nothing_stays_behind(own_temp, how, when, code):
    """Ended in the middle of the run, or while the page is served after it."""
    words = [*DEMO, "--days", "0.01" if code == 0 else "5", "--kills", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as demo:
        said = next(line for line in demo.stdout if when in line)
        assert "http://127.0.0.1:" in said
        children = descendants(demo.pid)
        assert len(children) >= 2
        ends = [os.pidfd_open(pid) for pid in children]
        demo.send_signal(how)
        assert demo.wait(60) == (-how if how is signal.SIGKILL else code)
        for end in ends:  # a pidfd becomes readable when its process ends
            assert select.select([end], [], [], 60)[0]
            os.close(end)
    if how is not signal.SIGKILL:
        assert list(own_temp.iterdir()) == []


@pytest.mark.parametrize("flaw", ["dropped", "changed"])
def test_a_flawed_store_is_told_and_ends_with_1(own_temp, monkeypatch, capsys, flaw):
    stored = Gateway.stored

    def flawed(self, station):
        cells = stored(self, station)
        if flaw == "dropped":
            return [cell for cell in cells if cell.seq != 1]
        return [
            cell if cell.seq != 1 else type(cell)(cell.seq, cell.channel, cell.time_s, 0) for cell in cells
        ]

    monkeypatch.setattr(Gateway, "stored", flawed)
    monkeypatch.setitem(Day.__init__.__kwdefaults__, "grace_wakes", 0)
    code = cli.main(
        [
            "demo",
            "--once",
            "--days",
            "0.02",
            "--kills",
            "0",
            "--loss",
            "0",
            "--stations",
            "climate",
            "--lang",
            "en",
        ]
    )
    assert code == 1
    assert "NOT PROVED" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("programs.broker.find_program", debian.MissingProgramError("LP-384", "no mosquitto", "install it")),
        ("town.station.Board", BoardError("LP-391", "no engine", "install it")),
    ],
)
def test_without_broker_or_engine_the_message_says_what_to_do(own_temp, monkeypatch, capsys, place, error):
    def missing(*_words, **_more):
        raise error

    monkeypatch.setattr(f"luftpegel_tools.{place}", missing)
    assert cli.main(["demo", "--once"]) == 3
    assert capsys.readouterr().err == f"{error}\n"
    assert str(error).endswith("Next: install it.")
    assert list(own_temp.iterdir()) == []


def test_a_report_that_cannot_be_written_is_refused_before_the_run(own_temp, capsys):
    assert cli.main(["demo", "--once", "--lang", "en", "--json", str(own_temp / "no" / "report.json")]) == 2
    assert "LP-373" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["--loss", "1.5"], ["--days", "0"], ["--kills", "-1"], ["--stations", "sea"], ["--engine", "steam"]],
)
def test_wrong_use_is_refused(words):
    with pytest.raises(SystemExit) as refused:
        cli.main(["demo", *words])
    assert refused.value.code == 2
