"""Recordings: made by the gateway, played by it, marked, answered by nobody, and through any kill."""

import base64
import json
import random
import time

import pytest

from luftpegel_gateway.model.events import Delivery, Passed, Uplink
from luftpegel_gateway.model.faults import Refused
from luftpegel_gateway.sources.recording import BESIDE, LARGEST_LINE, line_of, moment_of, parse
from luftpegel_gateway.sources.replay import Pace
from luftpegel_gateway.sources.replay_position import Done, Position, PositionFile, head_of
from luftpegel_tools import cli

KILLS, PATIENCE_S = 10, 60
AT = 1_782_907_200  # 2026-07-01 12:00 UTC


def recorded(station, seq, **options):
    return line_of(
        Delivery("s", "chirpstack-mqtt", station.topic(), station.uplink(seq, **options)), AT + 600 * seq
    )


@pytest.fixture
def playing(site):
    """The site with this recording in place of the broker."""

    def make(lines, more="speed = 0\n"):
        (site.folder / "tape").write_bytes(b"".join(lines))
        site.config.write_text(
            f'[gateway]\ndata = "data"\nstations = "stations.toml"\n\n[[source]]\nkind = "replay"\n'
            f'file = "tape"\n{more}\n[[sink]]\nkind = "store"\n\n[page]\nport = {site.page}\n'
        )
        return site

    return make


def position(site):
    try:
        return json.loads((site.data / "replay-replay.json").read_text())["done"]
    except FileNotFoundError:
        return 0


def test_kills_lose_nothing_and_double_nothing(playing, station, until):
    """Each reading is in one line alone; each life of the gateway plays a stretch."""
    number, luck = 4000, random.Random(9)
    site = playing([recorded(station, seq, history=1) for seq in range(number)], "speed = 150000\n")
    whole = (site.folder / "tape").stat().st_size
    kills = 0
    for _ in range(KILLS):
        before = len(site.stored())
        site.start()
        until(lambda: len(site.stored()) > before or position(site) == whole, site.log.read_text)  # noqa: B023
        time.sleep(luck.uniform(0, 0.6))
        kills += position(site) < whole
        site.kill()
    site.start()
    until(lambda: position(site) == whole, site.log.read_text)
    site.wait_for(range(number))
    assert site.stored() == {seq: station.value(seq) for seq in range(number)}
    assert site.codes() == []
    assert kills >= 5
    assert number <= site.state().frames < 3 * number  # it went on, and did not begin again each time
    site.stop()


def test_readings_are_marked_and_nobody_is_answered(playing, station, until):
    """With gaps that a live station would be asked for, and a command that waits."""
    site = playing([recorded(station, seq) for seq in (0, 30, 60)])
    site.start()
    site.wait_for([0, 30, 60])
    (flags,) = {flags for (flags,) in site.rows("SELECT flags FROM readings")}
    assert "recorded" in flags
    state = site.state()
    assert state.life.asked is None
    assert state.link.taken_at == AT + 600 * 60  # not heard today
    assert state.life.gaps
    facts = json.loads(site.get("/api/stations.json")[1])
    assert "recorded" in json.dumps(facts)
    site.stop()


def test_what_a_gateway_records_another_plays(site, server, station, until, capsys):
    tmp_path = site.folder
    site.started()
    for seq in range(6):
        server.publish(station.topic(), station.uplink(seq))
    server.publish(station.topic("join"), json.dumps({"deviceInfo": {"devEui": station.dev_eui}}).encode())
    server.publish("application/x/device/y/event/up", b"rubbish")
    site.wait_for(range(6))
    until(lambda: site.codes() == ["LP-250"], site.log.read_text)
    tape, junk = tmp_path / "tape", tmp_path / "junk"
    gateway = ["gateway", "record", "--config", str(site.config)]
    assert cli.main([*gateway, "--to", str(tape)]) == 0  # beside the running gateway
    capsys.readouterr()
    assert cli.main([*gateway, "--quarantine", "--json", "--to", str(junk)]) == 0
    assert json.loads(capsys.readouterr().out)["messages"] == 1
    early = ["--since", "2020-01-01", "--until", "2020-02-01"]
    assert cli.main([*gateway, *early, "--to", str(tmp_path / "no")]) == 0
    assert (tmp_path / "no").read_bytes() == b""
    assert cli.main([*gateway, "--since", "yesterday"]) == 2
    assert base64.b64decode(json.loads(junk.read_text())["payload"]) == b"rubbish"
    lines = tape.read_bytes().splitlines()
    assert len(lines) >= 6
    before = site.stored()
    site.stop()
    for path in site.data.iterdir():
        if path.is_file():
            path.unlink()
    site.config.write_text(
        site.config.read_text().replace("chirpstack-mqtt", "replay")
        .replace('host = "127.0.0.1"', f'file = "{tape}"').replace(f"port = {site.port}", "speed = 0")
    )  # fmt: skip
    site.start()
    site.wait_for(range(6))
    assert site.stored() == before
    site.stop()


def test_the_pace(playing, station, until):
    """600 s apart, at 300 times the speed: two seconds each."""
    site = playing([recorded(station, seq, history=1) for seq in range(4)], "speed = 300\n")
    site.start()
    site.wait_for([0])
    began = time.monotonic()
    site.wait_for([1, 2, 3])
    assert 4 < time.monotonic() - began < PATIENCE_S
    site.stop()


def test_lines_of_each_kind_and_of_none(playing, station, until):
    event = station.uplink(1)
    lines = [
        recorded(station, 0), station.topic().encode() + b" " + event + b"\n", station.uplink(2) + b"\r\n",
        b"\n", b"rubbish\n", b"{}\n", b"\xff\xfe\n", b"{" + b"x" * (LARGEST_LINE + 10) + b"\n",
        recorded(station, 3).replace(b"chirpstack-mqtt", b"no-such-kind"), recorded(station, 4).rstrip(b"\n"),
    ]  # fmt: skip
    site = playing(lines)
    site.start()
    until(lambda: position(site) == (site.folder / "tape").stat().st_size, site.log.read_text)
    site.wait_for([0, 1, 2, 4])
    assert 3 not in {entry.dev_eui for entry in site.entries()}
    assert set(site.codes()) == {"LP-534"}
    site.stop()


def test_another_recording_begins_at_its_beginning(playing, make_station, until):
    one, two = make_station(), make_station(dev_eui="70b3d57ed0000002")
    site = playing([recorded(one, seq) for seq in range(20)])
    site.start()
    site.wait_for(range(20))
    until(lambda: position(site) > 0, "no position")
    site.stop()
    site.start()  # played already
    until(lambda: site.log.read_text().count("is played") == 2, site.log.read_text)
    assert site.state().frames == 20
    site.stop()
    playing([recorded(two, seq) for seq in range(3)])
    site.start()
    site.wait_for(range(3), "LP-0002")
    site.stop()


def test_a_recording_that_goes_away_is_told(playing, station, until):
    site = playing([recorded(station, 0)])
    assert cli.main(["gateway", "check", "--config", str(site.config)]) in {0, 1}
    (site.folder / "tape").unlink()
    assert cli.main(["gateway", "check", "--config", str(site.config)]) == 2


# The pure parts.


def test_only_uplinks_count_and_none_has_a_way_back(station):
    event = parse("", recorded(station, 3))
    assert isinstance(event, Uplink)
    assert (event.reply_topic, event.recorded_at) == ("", AT + 1800)
    join = json.dumps({"deviceInfo": {"devEui": station.dev_eui}}).encode()
    for kind in ("join", "log", "status", "txack"):
        line = line_of(Delivery("s", "chirpstack-mqtt", station.topic(kind), join), AT)
        assert parse("", line) == Passed(BESIDE, station.dev_eui)
    tape = line_of(Delivery("s", "replay", "", recorded(station, 3)), AT)
    with pytest.raises(Refused, match="LP-534"):
        parse("", tape)  # a recording of a recording could hide anything
    assert moment_of(recorded(station, 3)) == (AT + 1800) * 1_000_000
    assert moment_of(b"rubbish") is None


def test_one_wrong_time_neither_stops_nor_hurries_the_rest():
    """A clock that began at 0, one that ran ahead, lines out of order: the others keep their pace."""
    second = 1_000_000
    pace = Pace(1.0)
    assert pace.wait_s(0, 10.0) == 0  # a clock that was not set yet
    assert pace.wait_s(AT * second, 10.0) == 0
    assert pace.wait_s((AT + 60) * second, 10.0) == 60
    assert pace.wait_s((AT + 50) * second, 70.0) == 0  # out of order
    assert pace.wait_s((AT + 10**9) * second, 70.0) == 0
    assert pace.wait_s((AT + 70) * second, 70.0) == 0
    assert pace.wait_s((AT + 80) * second, 70.0) == 10
    assert Pace(0.001).wait_s(AT * second, 0.0) == 0


def test_the_position_moves_over_what_is_whole():
    done = Done(0)
    for end in (10, 20, 30, 40):
        done.sent(end)
    done.taken(20)
    assert done.at == 0
    done.taken(10)
    assert done.at == 20
    done.taken(40)
    done.taken(30)
    assert (done.at, len(done)) == (40, 0)


def test_the_position_outlives_rubbish(tmp_path):
    file = PositionFile(tmp_path, "x")
    assert file.read() == Position()
    file.write(Position("a", 7))
    assert file.read() == Position("a", 7)
    for text in (b"", b"{", b'{"done": "x"}', b"\xff"):
        (tmp_path / "replay-x.json").write_bytes(text)
        assert file.read() == Position()
    (tmp_path / "tape").write_bytes(b"one\ntwo\n")
    head = head_of(tmp_path / "tape")
    (tmp_path / "tape").write_bytes(b"one\ntwo\nthree\n")  # it has grown
    assert head_of(tmp_path / "tape") == head


def test_any_damage_gives_an_event_or_a_refusal(station):
    luck = random.Random(seed := random.randrange(2**32))
    print("seed", seed)
    strange = [None, "", "x" * 300, -1, 2**70, 1.5, True, [], {}, "AAAA", 1e400]
    wholes = [recorded(station, 3), station.topic().encode() + b" " + station.uplink(3), station.uplink(4)]
    seen = set()
    for _ in range(20_000):
        line = bytearray(luck.choice(wholes))
        if luck.random() < 0.3 and line.startswith(b"{"):
            body = {
                k: luck.choice(strange) if luck.random() < 0.2 else v for k, v in json.loads(line).items()
            }
            line = bytearray(json.dumps(body).encode())
        for _ in range(luck.randrange(3)):
            line[luck.randrange(len(line))] = luck.randrange(256)
        if luck.random() < 0.1:
            line = line[: luck.randrange(len(line))]
        moment_of(bytes(line))
        try:
            event = parse("", bytes(line))
        except Refused as refused:
            seen.add(refused.code)
        else:
            seen.add(type(event).__name__)
            assert getattr(event, "reply_topic", "") == ""
    assert (
        {"LP-534", "LP-250", "Uplink"} <= seen <= {"LP-534", "LP-250", "LP-256", "Uplink", "Passed", "LP-399"}
    )
