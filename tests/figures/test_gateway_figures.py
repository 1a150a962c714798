"""The gateway's benchmark counts what arrives, tells what does not, makes figures of it. Nothing is timed."""

import json
import sys
from functools import partial

import pytest

from luftpegel_tools.figures import Figure
from luftpegel_tools.figures.__main__ import BENCHES, main, row
from luftpegel_tools.figures.gateway import (
    LARGE,
    Plan,
    backlog,
    dead_sink,
    latency,
    line_up,
    load_of,
    peers,
    runs,
    throughput,
)
from luftpegel_tools.figures.gateway.line_up import LIMIT, OURS, Contender
from luftpegel_tools.figures.gateway.load import Shape
from luftpegel_tools.figures.gateway.luftpegel import Luftpegel
from luftpegel_tools.figures.gateway.mosquitto_sub import MosquittoSub
from luftpegel_tools.figures.gateway.peers import MissingPeerError, installed
from luftpegel_tools.figures.gateway.report import compared, percentile
from luftpegel_tools.figures.gateway.subject import LineOutput, SubjectError

ABSENT = Contender("Peer", lambda _stations: MosquittoSub, "npm is not installed")
PLAN = Plan(
    sizes=(10,),
    rounds=1,
    stations=5,
    frames=20,
    rates=((50.0, 0.2),),
    day=(5, 20),
    waiting=10 * LARGE,
    patience_s=60.0,
)


@pytest.fixture(scope="module")
def figures() -> list[Figure]:
    """A whole run, as small as can be, without peers that would have to be fetched."""
    contenders = [OURS, ABSENT, LIMIT]
    return [
        *throughput(PLAN, 10, contenders),
        *latency(PLAN, 50.0, 0.2, contenders[:-1]),
        *backlog(PLAN),
        *dead_sink(PLAN),
    ]


def test_each_figure_says_what_it_is_held_against(figures) -> None:
    for figure in figures:
        assert figure.name
        assert figure.unit
        assert (figure.ratio is None) or figure.against
        assert figure.value is not None or figure.against
    assert json.loads(json.dumps([figure.as_json() for figure in figures]))


@pytest.mark.parametrize(
    "name",
    [
        "10 readings a frame, 1 new, throughput",
        "10 readings a frame, 1 new, processor time",
        "10 readings a frame, 1 new, peak memory",
        "backlog of 20 frames, time to empty it",
    ],
)
def test_ours_is_held_against_the_limit_of_the_same_run(figures, name) -> None:
    found = {(figure.name, figure.against): figure for figure in figures}
    ours = found[f"{name}: {OURS.title}", LIMIT.title]
    limit = found[f"{name}: {LIMIT.title}", ""]
    assert ours.value > 0
    if limit.value:  # so few frames can cost it less than a tick of the clock
        assert ours.ratio == pytest.approx(ours.value / limit.value)
    assert ours.unit == limit.unit


def test_a_peer_that_is_absent_is_in_the_table(figures) -> None:
    rows = [figure for figure in figures if figure.name.endswith(": Peer")]
    assert {figure.value for figure in rows} == {None}
    assert {figure.against for figure in rows} == {"npm is not installed"}
    assert len(rows) == 5  # throughput, processor time, memory, two percentiles
    assert all("not measured: npm is not installed" in row(figure) for figure in rows)


def test_all_frames_arrived(figures) -> None:
    assert not [figure for figure in figures if "not there" in figure.name or "reached" in figure.name]


def test_disk_and_memory_are_told_of_ours(figures) -> None:
    found = {figure.name: figure.value for figure in figures}
    assert found["10 readings a frame, 1 new, on disk: journal"] > 0
    assert found["10 readings a frame, 1 new, on disk: store"] >= 0
    assert found["peak memory with them waiting"] > 0
    assert found["readings waiting for a dead sink"] == (PLAN.waiting // LARGE + PLAN.stations) * LARGE


def test_what_is_lost_is_told(monkeypatch) -> None:
    class Forgetful(MosquittoSub):
        """Its output lacks all but the first frames and ten."""

        def count(self) -> int:
            return min(super().count(), PLAN.stations + 10)

    monkeypatch.setattr(runs, "_STALLED_S", 0.3)
    forgetful = Contender("Forgetful", lambda _stations: Forgetful)
    found = {figure.name: figure for figure in throughput(PLAN, 10, [forgetful])}
    lost = found["10 readings a frame, 1 new, not there after 60 s: Forgetful"]
    assert (lost.value, lost.against, lost.ratio) == (10, "20 sent", 0.5)


def test_a_process_that_ends_is_told_and_does_not_end_the_others(capsys, monkeypatch) -> None:
    class Broken(Luftpegel):
        def command(self) -> list[str]:
            return [sys.executable, "-c", "raise SystemExit(3)"]

    broken = Contender("Broken", lambda stations: partial(Broken, stations=stations))
    found = {figure.name: figure for figure in throughput(PLAN, 10, [broken, LIMIT])}
    assert "ended by itself (3)" in capsys.readouterr().err
    assert found["10 readings a frame, 1 new, throughput: Broken"].value is None
    assert found["10 readings a frame, 1 new, throughput: Broken"].against == "no run came to its end"
    assert found[f"10 readings a frame, 1 new, throughput: {LIMIT.title}"].value > 0


def test_a_latency_that_does_not_come_is_no_latency(monkeypatch) -> None:
    class Silent(Luftpegel):
        def arrived(self, _names):
            return set()

        def has_reached(self, _last) -> bool:
            return True

    monkeypatch.setattr(runs, "_LATE_S", 0.5)
    load = load_of(Shape(LARGE, 5, 5))
    with (
        runs.started(partial(Silent, stations=5), load) as (subject, publisher),
        pytest.raises(SubjectError, match="5 of 5 readings did not come"),
    ):
        runs.latencies(subject, publisher, load, 50.0)


def test_ratios_are_of_medians() -> None:
    measured = {OURS.title: [10.0, 30.0, 20.0], LIMIT.title: [40.0, 1.0, 50.0]}
    ours, limit = compared("speed", "frames/s", measured, [OURS, LIMIT])
    assert ours == Figure(f"speed: {OURS.title}", 20.0, "frames/s", LIMIT.title, 0.5)
    assert limit == Figure(f"speed: {LIMIT.title}", 40.0, "frames/s", "", None)


def test_ours_alone_is_told_without_a_ratio() -> None:
    assert list(compared("speed", "frames/s", {OURS.title: [3.0]}, [OURS])) == [
        Figure(f"speed: {OURS.title}", 3.0, "frames/s", "", None)
    ]


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_percentile(share, value) -> None:
    assert percentile(range(100, 0, -1), share) == value


def test_a_peer_is_installed_once_and_its_failure_is_a_row(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("LUFTPEGEL_CACHE", str(tmp_path))
    calls = []

    def fail(folder):
        (folder / "half").touch()
        calls.append(folder)
        raise MissingPeerError("no network")

    peer = ("Peer", MosquittoSub, lambda: installed("peer", fail))
    monkeypatch.setattr(line_up, "_PEERS", (peer,))
    assert [contender.missing for contender in peers()] == ["no network"]
    assert not installed("peer", calls.append).joinpath("half").exists()
    assert installed("peer", fail) == calls[-1]
    assert len(calls) == 2
    assert [contender.missing for contender in peers()] == [""]


def test_a_line_counts_when_it_is_whole(tmp_path) -> None:
    file = tmp_path / "readings.csv"
    output = LineOutput(file)
    assert output.seen() == set()
    file.write_text("7,12,22.1\n7,1")
    assert output.seen() == {(7, 12)}
    file.write_text("7,12,22.1\n7,13,22.0\n")
    assert output.seen() == {(7, 12), (7, 13)}


def test_parts_are_run_by_name(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setitem(BENCHES, "gateway", ("Gateway", lambda _args: [Figure("x", 2.0, "ms", "y", 0.5)]))
    monkeypatch.setattr(sys, "argv", ["bench", "gateway", "--output", str(tmp_path / "bench.json")])
    assert main() == 0
    assert json.loads((tmp_path / "bench.json").read_text()) == [
        {"name": "x", "value": 2.0, "unit": "ms", "against": "y", "ratio": 0.5}
    ]
    assert "0.50 x y" in capsys.readouterr().out


def test_a_part_that_there_is_not_is_refused(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "gatewy"])
    with pytest.raises(SystemExit):
        main()
    assert "there is no part gatewy" in capsys.readouterr().err
