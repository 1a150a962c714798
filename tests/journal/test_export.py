"""The way back to version 0.2.0, judged by its own code."""

import shutil

import pytest
from ingest_heart import NOON, ROOF, Message

from luftpegel_gateway.journal.sqlite.to_version_1 import export
from luftpegel_gateway.model.faults import Fault, JournalDown
from luftpegel_gateway.model.observations import Rejection

DAY = 86400


@pytest.fixture
def heart(open_heart):
    heart = open_heart()
    heart._deliver = lambda _now: None
    return heart


@pytest.fixture
def back(heart, old, tmp_path):
    """Writes the old journal, and lets the old code work with it."""

    def go(*steps, sinks=("sink",), again=()):
        heart.log.close()
        to = tmp_path / "back.sqlite"
        told = export(heart.path, to, sinks, again)
        return told, old.run(*steps, path=to)

    return go


def delivered(answer):
    return {seq: (time, *(value for _, value, _ in cells)) for _, seq, time, cells in answer}


@pytest.mark.parametrize("done", [0, 1, 7, 19, 20])
@pytest.mark.parametrize("together", [1, 6])
def test_the_old_gateway_goes_on(  # noqa: PLR0917 - fixtures
    heart, board, back, old, done, together
):
    frames = [board.uplink(seq, history=3, network=0) for seq in range(20)]
    for begin in range(0, 20, together):
        heart.take(*frames[begin : begin + together])
    if done:
        heart.log.advance("sink", heart.log.after("sink", done).position, (), NOON)
    told, answers = back(
        ["deliver", "sink", 1000, []], old.step(board.uplink(20, history=3)), ["deliver", "sink", 1000, []],
        ["look", ["sink"]],
    )  # fmt: skip
    assert delivered(answers[0]) == board.truth(range(done, 20))
    assert delivered(answers[2]) == board.truth([20])
    assert answers[3]["entries"] == []
    assert [row[:2] for row in answers[3]["readings"]] == [["LP-0001", seq] for seq in range(21)]
    assert answers[3]["frames"] >= 21
    assert told.readings == 20


def test_a_killed_gateway_leaves_nothing_beside_the_file_that_goes_back(heart, board, tmp_path, old):
    """A write-ahead log beside another file of its name would be played into that one."""
    heart.take(*(board.uplink(seq, network=0) for seq in range(12)))
    folder = tmp_path / "killed"
    folder.mkdir()
    for file in heart.path.parent.glob(f"{heart.path.name}*"):  # as SIGKILL leaves them
        shutil.copy(file, folder / file.name)
    journal = folder / heart.path.name
    assert journal.with_name(f"{journal.name}-wal").stat().st_size > 0
    to = tmp_path / "back.sqlite"
    export(journal, to, ["sink"])
    assert [file.name for file in folder.iterdir()] == [journal.name]
    to.replace(journal)
    [answer] = old.run(["deliver", "sink", 100, []], path=journal)
    assert sorted(delivered(answer)) == list(range(12))


def test_sinks_stand_where_they_stood(heart, board, back):
    heart.take(*(board.uplink(seq, network=0) for seq in range(12)))
    for sink, done in (("a", 3), ("b", 3), ("c", 12), ("d", 7)):
        heart.log.advance(sink, heart.log.after(sink, done).position, (), NOON)
    _, answers = back(*(["deliver", sink, 100, []] for sink in "abcde"), sinks="abcde")
    assert [sorted(delivered(answer)) for answer in answers] == [
        list(range(3, 12)), list(range(3, 12)), [], list(range(7, 12)), list(range(12)),
    ]  # fmt: skip


def test_the_quarantine_goes_back(heart, board, make_board, back, old):
    stranger = make_board(dev_eui="70b3d57ed00000aa")
    message = stranger.uplink(4)
    heart.take(board.uplink(0, network=0), message, message, Message("up", b"{", board.dev_eui, NOON))
    batch = heart.log.after("sink", 10)
    heart.log.advance("sink", batch.position, [Rejection(batch.items[0], Fault("LP-423", "no"))], NOON)
    told, answers = back(
        old.step(message),
        ["look", ["sink"]],
        ["replay", 3],
        ["deliver", "sink", 10, []],
        ["deliver", "b", 10, []],
    )
    entries = {(code, sink): times for _, code, sink, times, *_ in answers[1]["entries"]}
    assert entries["LP-320", ""] == 3
    assert entries["LP-423", "sink"] == 1
    assert len(entries) == told.quarantined == 3
    assert delivered(answers[3]) == board.truth([0])


def test_the_current_life_goes_back(heart, board, make_board, back, old):
    """The other one stays where it was, and is counted."""
    second = make_board(begin=NOON + 60 * DAY, seed=2, dev_addr="01020305")
    for seq in range(30):
        heart.take(board.uplink(seq, network=0, gateway=0))
    for seq in range(8):
        heart.take(second.uplink(seq, network=0, gateway=0, roof=ROOF))
    assert heart.state().life.number == 1
    told, answers = back(
        ["deliver", "sink", 100, []],
        old.step(second.uplink(8)),
        ["deliver", "sink", 100, []],
        ["look", ["sink"]],
    )
    assert delivered(answers[0]) == second.truth(range(8))
    assert delivered(answers[2]) == second.truth([8])
    assert answers[3]["entries"] == []
    assert told.left_out == 60  # readings, and what waited of them


def test_a_sink_whose_past_was_put_back_gets_all_again(heart, board, back):
    heart.take(*(board.uplink(seq, network=0) for seq in range(10)))
    for sink in ("store", "mqtt"):
        heart.log.advance(sink, heart.log.after(sink, 100).position, (), NOON)
    _, answers = back(
        ["deliver", "store", 100, []], ["deliver", "mqtt", 100, []], sinks=("store", "mqtt"), again=("store",)
    )
    assert delivered(answers[0]) == board.truth(range(10))
    assert answers[1] == []


def test_there_and_back_and_there(old, board, open_heart, tmp_path):
    """What an old gateway wrote comes through both ways unchanged."""
    old.take(*(board.uplink(seq, history=5, network=0) for seq in range(15)))
    old.run(["deliver", "sink", 4, []])
    before = old.look("sink")
    open_heart().log.close()
    back = tmp_path / "back.sqlite"
    export(old.path, back, ["sink"])
    after = old.look("sink", path=back)
    assert after["waiting"] == before["waiting"]
    assert after["readings"] == before["readings"]
    assert after["states"] == before["states"]


def test_a_full_disk_leaves_nothing(heart, board, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    heart.take(board.uplink(0))
    monkeypatch.setattr("luftpegel_gateway.journal.sqlite.backup.put_in_place", full)
    to = tmp_path / "back.sqlite"
    with pytest.raises(JournalDown, match="No space left"):
        export(heart.path, to, ["sink"])
    assert not to.exists()
