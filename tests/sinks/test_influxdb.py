"""The sink influxdb and a real InfluxDB 1; the interface of version 2 by a double."""

import asyncio
import itertools
import random
import re
import signal
import threading
import time
from pathlib import Path

import pytest
from tests.servers.influxdb import InfluxDB, InfluxDB2
from tests.servers.victoria_metrics import VictoriaMetrics
from tests.sinks.conftest import (
    BATTERY,
    DISTANCE,
    HUMIDITY,
    LEVEL,
    PM10,
    START,
    TEMPERATURE,
    Driver,
    alarm,
    observed,
)  # fmt: skip
from tests.sinks.test_kill import Town

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.sinks import influxdb as module
from luftpegel_gateway.sinks.influxdb_lines import escaped, lines_of

DOCS = Path(__file__).parents[2] / "docs" / "influxdb.md"
KILLS = 25
A_LIFE_S = 0.15
_COUNT = itertools.count()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = InfluxDB(tmp_path_factory.mktemp("influxdb"))
    server.ask("CREATE USER writer WITH PASSWORD 'the writers'")
    server.ask("CREATE USER stranger WITH PASSWORD 'x'")
    yield server
    server.stop()


@pytest.fixture
def database(server):
    name = f"town{next(_COUNT)}"
    server.ask(f"CREATE DATABASE {name}")
    server.ask(f"GRANT WRITE ON {name} TO writer")
    yield name
    server.ask(f"DROP DATABASE {name}")


@pytest.fixture
def influx(server, database, tmp_path):
    login = {"username": "writer", "password_file": "the writers"}
    return Driver("influxdb", tmp_path, server.url, {"database": database, **login})


@pytest.fixture
def second(tmp_path):
    with InfluxDB2() as double:
        options = {"version": "2", "org": "town", "bucket": "luftpegel", "token_file": double.secret}
        yield double, Driver("influxdb", tmp_path, double.url, options)


def points(server, database):
    return server.rows('SELECT * FROM /luftpegel_.*/ GROUP BY "station", "sensor", "tenant"', database)


# Lines.


def parsed(line):
    """One line by the documented grammar: (measurement, tags, fields, time)."""
    assert "\n" not in line
    parts = re.split(r"(?<!\\) ", line)
    series, fields, time = parts
    measurement, *tags = re.split(r"(?<!\\),", series)
    pairs = [re.split(r"(?<!\\)=", tag) for tag in tags]
    assert all(len(pair) == 2 and all(pair) for pair in pairs), line
    plain = [[re.sub(r"\\([,= ])", r"\1", word) for word in pair] for pair in pairs]
    values = dict(field.split("=") for field in fields.split(","))
    return re.sub(r"\\([,= ])", r"\1", measurement), dict(plain), values, int(time)


def test_a_line_has_all_of_a_value():
    item = observed(1007, {LEVEL: 1430, LEVEL + 1: 1400, 90: None}, time=START, flags=4, revision=2, life=1,
                    tenant="west")  # fmt: skip
    assert [parsed(line) for _, line in lines_of([item])] == [
        (
            "luftpegel_level",
            {"station": "LP-0001", "sensor": sensor, "tenant": "west"},
            {"value": value, "quality": f"{item.reading.cells[0].quality}i", "flags": "4i", "life": "1i",
             "seq": "1007i", "revision": "2i"},
            START * 1000 + 7,
        )
        for sensor, value in (("1", "143.0"), ("2", "140.0"))
    ]  # fmt: skip


def test_what_has_no_number_or_no_time_has_no_line():
    assert lines_of([observed(1, {LEVEL: None}), observed(2, time=None), alarm(3)]) == []


def test_an_unknown_quantity_has_a_name_all_the_same():
    [(_, line)] = lines_of([observed(1, {91: 5})])
    assert parsed(line)[:2] == ("luftpegel_channel-91", {"station": "LP-0001", "sensor": "2"})
    assert parsed(line)[2]["value"] == "5"


def test_of_two_tellings_in_one_batch_the_newest_is_written():
    [(place, line)] = lines_of([observed(1), observed(1, flags=4, revision=1)])
    assert (place, parsed(line)[2]["revision"]) == (1, "1i")


def test_doubt_about_the_time_is_a_flag():
    [(_, line)] = lines_of([observed(1, unsure=True)])
    assert parsed(line)[2]["flags"] == f"{1 << 11}i"


def strange_names(seed, count):
    luck = random.Random(seed)
    signs = [*"\\,= \"'#aü水\t\n\r\0\u2028🌊n", "\\\\"]
    return ["".join(luck.choices(signs, k=luck.randrange(1, 9))) for _ in range(count)]


def plain(name):
    """What must come back of a name."""
    name = "".join(" " if sign < " " or sign in "\x7f\x85\u2028\u2029" else sign for sign in name)
    return "".join(
        "/" if sign == "\\" and name[place + 1 : place + 2] in ("", "\\", ",", "=", " ") else sign
        for place, sign in enumerate(name)
    )


def test_any_name_is_read_back_by_the_grammar():
    for name in strange_names(1, 20_000):
        measurement, tags, _, _ = parsed(f"m{escaped(name)},station={escaped(name)} value=1 1")
        assert (measurement, tags["station"]) == ("m" + plain(name), plain(name))


def test_any_name_is_read_back_by_the_server(influx, server, database):
    names = list(dict.fromkeys(strange_names(2, 300)))
    items = [observed(place, station=name, tenant=name[::-1]) for place, name in enumerate(names)]
    assert influx.deliver(items) == [[]]
    found = {row["seq"]: (row["station"], row["tenant"]) for row in points(server, database)}
    assert found == {place: (plain(name), plain(name[::-1])) for place, name in enumerate(names)}


# What stands in the database.


def test_each_value_is_one_point_however_often_it_comes(influx, server, database):
    channels = (LEVEL, DISTANCE, TEMPERATURE, TEMPERATURE + 1, HUMIDITY, PM10, BATTERY)
    items = [observed(seq, dict.fromkeys(channels, 100 + seq)) for seq in range(400)]
    assert influx.deliver(items, items[100:], items) == [[], [], []]
    found = points(server, database)
    assert len(found) == 400 * len(channels)
    levels = {row["seq"]: row for row in server.rows("SELECT * FROM luftpegel_level", database)}
    assert [levels[seq]["value"] for seq in range(400)] == [(100 + seq) / 10 for seq in range(400)]
    assert all(levels[seq]["time"] == (START + 600 * seq) * 1000 + seq for seq in range(400))


def test_more_lines_than_a_request_may_have(influx, server, database, monkeypatch):
    monkeypatch.setattr(module, "LINES", 7)
    assert influx.deliver([observed(seq) for seq in range(50)]) == [[]]
    assert len(points(server, database)) == 50


def test_two_readings_of_one_second_stay_apart(influx, server, database):
    influx.deliver([observed(seq, time=START) for seq in range(990, 1010)])
    assert len(points(server, database)) == 20


def test_new_flags_overwrite_and_a_new_time_leaves_the_old_point(influx, server, database):
    influx.deliver([observed(1), observed(2)])
    influx.deliver([observed(1, flags=4, revision=1), observed(2, time=START, revision=1)])
    found = sorted((row["seq"], row["revision"], row["flags"]) for row in points(server, database))
    assert found == [(1, 1, 4), (2, 0, 0), (2, 1, 0)]


def test_the_queries_of_the_page(influx, server, database):
    newest, hourly = re.findall(r"```sql\n(.*?)\n```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    readings = [observed(seq, {TEMPERATURE: 1000 + seq, LEVEL: 1430 + seq}) for seq in range(12)]
    doubtful, other = observed(12, {LEVEL: 9}, flags=4), observed(3, {LEVEL: 50}, station="LP-0002")
    influx.deliver([*readings, doubtful, other])
    assert {row["station"]: row["last"] for row in server.rows(newest, database)} == {
        "LP-0001": 144.1, "LP-0002": 5.0,
    }  # fmt: skip
    means = server.rows(hourly, database)
    assert [row["mean"] for row in means] == pytest.approx([10.02, 10.075, 10.11])  # 14:13 to 16:03


# What is refused.


def test_a_conflict_of_types_refuses_only_what_it_is_about(influx, server, database):
    server.write(f"luftpegel_level,station=X value=1i {START * 1000}", database)
    both = {TEMPERATURE: 2000, LEVEL: 1}
    items = [observed(seq, both if seq in (3, 17) else {TEMPERATURE: 2000}) for seq in range(40)]
    [rejections] = influx.deliver(items)
    assert [(one.item.reading.seq, one.fault.code) for one in rejections] == [(3, "LP-497"), (17, "LP-497")]
    assert "conflict" in rejections[0].fault.detail
    assert len(server.rows("SELECT value FROM luftpegel_temperature", database)) == 40


def test_what_the_database_does_not_keep_is_refused_alone(influx, server, database):
    server.ask(f'CREATE RETENTION POLICY short ON {database} DURATION 1h REPLICATION 1')
    influx.options["retention_policy"] = "short"
    now = int(time.time())
    [rejections] = influx.deliver([*(observed(seq) for seq in range(30)), observed(99, time=now)])
    assert [one.item.reading.seq for one in rejections] == list(range(30))
    assert [row["seq"] for row in server.rows("SELECT * FROM short.luftpegel_level", database)] == [99]


@pytest.mark.parametrize("reading", [
    observed(5, time=253_370_764_800), observed(5, life=2**63), observed(2**70, time=START)
])  # fmt: skip
def test_what_no_point_can_hold_is_refused_alone(influx, server, database, reading):
    [[rejection]] = influx.deliver([*(observed(seq) for seq in range(5)), reading])
    assert (rejection.item, rejection.fault.code) == (reading, "LP-497")
    assert len(points(server, database)) == 5


# What is waited for.


def test_what_is_set_wrong_loses_nothing(influx, server, database):
    for options, code in (
        ({"database": "nowhere"}, "LP-475"), ({"password_file": "wrong"}, "LP-470"),
        ({"username": "stranger", "password_file": "x"}, "LP-471"), ({"retention_policy": "none"}, "LP-473"),
    ):  # fmt: skip
        before = dict(influx.options)
        influx.options |= options
        assert influx.down([observed(1)]) == code
        if code != "LP-473":  # the server looks for the policy only when it has something to write
            with pytest.raises(OtherEndDown) as down:
                influx.probe()
            assert down.value.code == code
        influx.options = before
    influx.probe()
    assert points(server, database) == []
    assert influx.deliver([observed(1)]) == [[]]


def test_a_server_that_is_killed_in_the_middle(influx, server, database):
    items = [observed(seq) for seq in range(4000)]

    async def main():
        sink = influx.make()
        downs = place = 0
        killer = threading.Timer(0.05, lambda: (server.kill(), server.start()))
        killer.start()
        while place < len(items) or killer.is_alive():
            try:
                assert await sink.deliver(items[place : place + 20]) == []
                place = min(place + 20, len(items)) if downs else (place + 20) % len(items)
            except OtherEndDown:
                downs += 1
                await asyncio.sleep(0.02)
        await sink.stop()
        return downs

    downs = asyncio.run(asyncio.wait_for(main(), 60))
    assert downs
    print("attempts that failed", downs)
    assert sorted(row["seq"] for row in points(server, database)) == list(range(4000))


def test_a_sink_that_is_killed(influx, server, database, tmp_path):
    """Nothing is lost, nothing is there twice."""
    seed = random.randrange(2**32)
    print("seed", seed)
    luck = random.Random(seed)
    town = Town(tmp_path, luck)
    try:
        kills = 0
        for life in range(KILLS):
            town.grow()
            if life == 3:
                server.kill()
            if life == 6:
                server.start()
            kills += town.live(influx, luck.uniform(0, A_LIFE_S)) == -signal.SIGKILL
        assert town.live(influx) == 0
    finally:
        town.close()
    newest = {}
    for item in town.items:
        if hasattr(item, "reading"):
            newest[item.reading.seq] = max(newest.get(item.reading.seq, 0), item.reading.revision)
    found = sorted((row["seq"], row["revision"]) for row in points(server, database))
    older = set(found) - set(newest.items())
    print("kills", kills, "readings", len(newest), "points", len(found), "with older flags", len(older))
    assert [seq for seq, _ in found] == sorted(newest)
    assert kills == KILLS
    # What a dead process asked may be done after what the next one asked: see the page.
    assert all(revision < newest[seq] for seq, revision in older)
    influx.deliver(town.items)
    assert {row["seq"]: row["revision"] for row in points(server, database)} == newest


# Version 2, and answers that a server of version 1 gives seldom.


def test_version_2_has_a_path_and_a_token_of_its_own(second):
    double, influx = second
    assert influx.deliver([observed(7)]) == [[]]
    assert double.queries == [{"org": "town", "bucket": "luftpegel", "precision": "ms"}]
    [line] = double.lines
    assert parsed(line)[3] == (START + 4200) * 1000 + 7
    influx.probe()
    assert len(double.lines) == 1
    influx.options["token_file"] = "another"
    assert influx.down([observed(1)]) == "LP-470"
    influx.options |= {"token_file": double.secret, "bucket": "nowhere"}
    assert influx.down([observed(1)]) == "LP-475"


@pytest.mark.parametrize(("status", "words"), [
    (400, "partial write: field type conflict: input field value dropped=1"), (422, "points rejected"),
    (500, "unexpected error writing points to database: partial write: field type conflict dropped=1"),
    (400, "unable to parse"), (413, "too large"),
])  # fmt: skip
def test_a_line_that_is_refused_is_found(second, status, words):
    double, influx = second
    double.chokes = lambda lines: (
        (status, {"message": words}) if any("seq=5i" in line for line in lines) else None
    )
    [[rejection]] = influx.deliver([observed(seq) for seq in range(16)])
    assert (rejection.item.reading.seq, rejection.fault.code) == (5, "LP-497")
    assert len(double.lines) == 15


def test_a_small_mouth_is_fed_in_small_bites(second):
    double, influx = second
    double.chokes = lambda lines: (413, {}) if len(lines) > 3 else None
    assert influx.deliver([observed(seq) for seq in range(20)]) == [[]]
    assert len(double.lines) == 20


def test_a_server_that_takes_nothing_has_readings_wait(second):
    double, influx = second
    double.chokes = lambda _lines: (400, {"message": "no"})
    assert influx.down([observed(seq) for seq in range(5)]) == "LP-476"
    double.chokes = lambda _lines: None
    assert influx.deliver([observed(seq) for seq in range(5)]) == [[]]


@pytest.mark.parametrize(
    ("fault", "code"),
    [("401", "LP-470"), ("403", "LP-471"), ("404", "LP-475"), ("405", "LP-476"), ("429", "LP-472"),
     ("500", "LP-473"), ("503", "LP-472"), ("302", "LP-474"), ("cut", "LP-467"), ("lost", "LP-467"),
     ("200", "LP-476")],
)  # fmt: skip
def test_what_says_nothing_of_the_readings_is_waited_for(second, fault, code):
    """Also a page that says 200: only an empty answer means that it is written."""
    double, influx = second
    double.plan = [fault]
    assert influx.down([observed(1)]) == code
    assert influx.deliver([observed(1)]) == [[]]


def test_victoria_metrics_has_each_value_once(tmp_path):
    start = int(time.time()) - 7200
    items = [observed(seq, {LEVEL: 1430 + seq}, time=start + seq, tenant="a b,c=d") for seq in range(100)]
    with VictoriaMetrics(tmp_path, "-dedup.minScrapeInterval=1ms") as server:
        driver = Driver("influxdb", tmp_path, server.url, {"database": "town"})
        driver.probe()
        assert driver.deliver(items, items) == [[], []]
        [(labels, values)] = server.series("luftpegel_level_value")
    del labels["__name__"]
    assert labels == {"db": "town", "station": "LP-0001", "sensor": "1", "tenant": "a b,c=d"}
    assert values == [((start + seq) * 1000 + seq, (1430 + seq) / 10) for seq in range(100)]


@pytest.mark.parametrize("words", ["writing requires points", "empty write"])
def test_a_server_that_wants_points_even_of_a_probe_is_well(second, words):
    double, influx = second
    double.chokes = lambda lines: None if lines else (400, {"message": words})
    influx.probe()


def test_each_version_wants_its_own_keys():
    options = {key: option.default for key, option in module.OPTIONS.items()} | {"url": "https://a.example"}
    assert [key for key, _ in module.wrong(options)] == ["database"]
    assert [key for key, _ in module.wrong({**options, "version": "2"})] == ["org", "bucket"]
    given = {**options, "version": "2", "org": "town", "bucket": "b", "database": "town"}
    assert [(key, one.code) for key, one in module.wrong(given)] == [("database", "LP-313")]
