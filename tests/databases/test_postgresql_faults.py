"""PostgreSQL away, ill, slow or forbidden, and the gateway killed: a code each, and nothing is lost."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cut import Way
from databases_world import free_port, observed, run
from postgresql import PostgreSQL
from postgresql_town import READ, Town

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.sinks import postgresql as module

DELIVERER = Path(__file__).with_name("deliverer.py")
KILLS, BATCH = 50, 10


def code_of(work):
    with pytest.raises(OtherEndDown) as down:
        work()
    return down.value.code


@pytest.fixture
def way(postgresql):
    way = Way(postgresql.port)
    yield way
    way.close()


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A server that may be broken."""
    with PostgreSQL(tmp_path_factory.mktemp("own")) as server:
        yield server


@pytest.fixture
def own_town(own, number, make_sink):
    return Town(own, number, make_sink)


WRONG = {
    "LP-460": {"host": "nobody.invalid"},
    "LP-461": {"port": None},
    "LP-470": {"password_file": "wrong"},
    "LP-491": {"database": "no-such-town"},
    "LP-466": {"tls": True},
}


@pytest.mark.parametrize("code", WRONG)
def test_what_keeps_us_from_the_server(town, code):
    options = WRONG[code] if code != "LP-461" else {"port": free_port()}
    assert code_of(lambda: town.deliver([observed(1)], **options)) == code
    assert code_of(lambda: run(module.probe(town.sink(**options)._options, "town"))) == code


def test_a_user_that_the_server_does_not_know(town):
    """Not told apart by the server from a wrong password, so that nobody learns who is known there."""
    assert code_of(lambda: town.deliver([observed(1)], username="stranger")) == "LP-470"


def test_a_rule_that_lets_nobody_in(own_town):
    rules = own_town.server.data / "pg_hba.conf"
    before = rules.read_text()
    try:
        rules.write_text(f"host all {own_town.user} 127.0.0.1/32 reject\n{before}")
        own_town.server.restart()
        assert code_of(lambda: own_town.deliver([observed(1)])) == "LP-490"
    finally:
        rules.write_text(before)
        own_town.server.restart()
    assert own_town.deliver([observed(1)]) == [[]]


def test_a_password_does_not_show(town):
    with pytest.raises(OtherEndDown) as down:
        town.deliver([observed(1)], password_file="s3cr3t-of-the-town")
    assert "s3cr3t" not in str(down.value)


def test_a_user_who_may_not_make_tables_is_told_the_sql(postgresql, number, make_sink, tmp_path):
    town = Town(postgresql, number, make_sink)
    town.sql(f'ALTER DATABASE "{town.database}" OWNER TO postgres')
    with pytest.raises(OtherEndDown) as down:
        town.deliver([observed(1)])
    file = tmp_path / "postgresql-town.sql"
    assert down.value.code == "LP-493"
    assert str(file) in down.value.detail
    assert code_of(lambda: run(module.probe(town.sink()._options, "town"))) == "LP-493"
    town.sql(file.read_text())
    run(module.probe(town.sink()._options, "town"))
    assert town.deliver([observed(1)]) == [[]]
    town.sql(f'REVOKE INSERT ON luftpegel.readings FROM "{town.user}"')
    assert code_of(lambda: town.deliver([observed(2)])) == "LP-492"
    assert code_of(lambda: run(module.probe(town.sink()._options, "town"))) == "LP-492"
    town.sql(file.read_text())
    assert town.deliver([observed(2)]) == [[]]


def test_a_standby(own_town):
    own_town.deliver([observed(1)])
    server = own_town.server
    server.stop()
    sign = server.data / "standby.signal"
    sign.touch()
    server.start()
    try:
        assert code_of(lambda: own_town.deliver([observed(2)])) == "LP-494"
        assert code_of(lambda: run(module.probe(own_town.sink()._options, "town"))) == "LP-494"
    finally:
        server.stop()
        sign.unlink()
        server.start()
    assert own_town.deliver([observed(2)]) == [[]]


@pytest.mark.parametrize(
    ("state", "code"),
    {"53100": "LP-495", "53200": "LP-472", "40P01": "LP-472", "40001": "LP-472", "57014": "LP-468",
     "XX000": "LP-473", "42703": "LP-496", "23502": "LP-496", "57P01": "LP-467"}.items(),
)  # fmt: skip
def test_a_state_that_the_server_tells(town, state, code):
    """The real server says so by a trigger: its disk is not really full."""
    town.deliver([observed(0)])
    town.sql(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE EXCEPTION 'told so' USING ERRCODE = '{state}'; END $$;"
        "CREATE TRIGGER fail BEFORE INSERT ON luftpegel.readings FOR EACH ROW EXECUTE FUNCTION fail()"
    )
    assert code_of(lambda: town.deliver([observed(1), observed(2)])) == code
    town.sql("DROP TRIGGER fail ON luftpegel.readings")
    assert town.deliver([observed(1), observed(2)]) == [[]]
    assert len(town.sql(READ)) == 3


def test_a_batch_that_takes_longer_than_the_server_allows_goes_in_parts(town):
    town.deliver([observed(0)])
    town.sql(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " PERFORM pg_sleep(0.02); RETURN NEW; END $$;"
        "CREATE TRIGGER slow BEFORE INSERT ON luftpegel.readings FOR EACH ROW EXECUTE FUNCTION slow();"
        f'ALTER ROLE "{town.user}" SET statement_timeout = 250'
    )
    assert town.deliver([observed(seq) for seq in range(1, 31)]) == [[]]
    assert len(town.sql(READ)) == 31


def test_a_server_that_says_nothing_more(town, way):
    town.deliver([observed(0)])

    async def main():
        sink = town.sink(port=way.port, timeout_s=1)
        assert await sink.deliver([observed(1)]) == []
        way.silent = True
        with pytest.raises(OtherEndDown) as down:
            await sink.deliver([observed(2)])
        assert down.value.code == "LP-468"
        way.silent = False
        assert await sink.deliver([observed(2)]) == []
        await sink.stop()

    run(main())
    assert len(town.sql(READ)) == 3


async def insist(sink, batch, codes):
    """Deliver as the worker does: again until it is taken."""
    while True:
        try:
            assert await sink.deliver(batch) == []
        except OtherEndDown as down:
            codes.append(down.code)
        else:
            return


def fifty(at):
    return [observed(seq, 2000 + seq, 5000) for seq in range(at, at + 50)]


def test_a_way_that_is_cut_anywhere(town, way):
    """Also between a commit and its answer: what came is not there twice."""
    town.deliver(fifty(0))
    luck, codes = random.Random(1), []

    class Sink:
        def __init__(self):
            self.real = town.sink(port=way.port)

        async def deliver(self, batch):
            way.cut_after = luck.randrange(9000) if len(codes) < 20 else None
            return await self.real.deliver(batch)

    async def main():
        sink = Sink()
        for at in range(50, 500, 50):
            await insist(sink, fifty(at), codes)
        await sink.real.stop()

    run(main())
    assert codes == ["LP-467"] * 20
    assert_whole(town, 500)


def test_a_server_that_is_killed_and_comes_back(own_town):
    codes = []

    async def main():
        sink = own_town.sink()
        for death in range(6):
            await insist(sink, fifty(100 * death), codes)
            at_work = asyncio.create_task(insist(sink, fifty(100 * death + 50), codes))
            await asyncio.sleep(0.002 * death)
            own_town.server.kill()
            own_town.server.start()
            await at_work
        await sink.stop()

    run(main())
    assert set(codes) == {"LP-467"}
    assert_whole(own_town, 600)


def test_a_gateway_that_is_killed_at_any_moment(town, tmp_path):
    """The server is there all the time; what the cursor says is known is known."""
    luck = random.Random(2)
    options = json.dumps(town.options)
    command = [sys.executable, str(DELIVERER), "postgresql", options, str(tmp_path), str(KILLS), str(BATCH)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(KILLS):
            word, pid = process.stdout.readline().split()
            assert word == "pid"
            for _ in range(luck.randrange(1, 6)):
                assert process.stdout.readline()
            time.sleep(luck.random() * 0.01)
            os.kill(int(pid), signal.SIGKILL)
            while (line := process.stdout.readline()) != "ended\n":
                assert line
        process.stdout.read()
    assert process.returncode == 0
    assert_whole(town, int((tmp_path / "cursor").read_text()))


def assert_whole(town, count):
    """0 lost, 0 doubled, each with its value."""
    read = "SELECT seq, channel, value FROM luftpegel.readings ORDER BY seq, channel"
    wanted = [(str(seq), str(channel), f"{value / 100:.2f}") for seq in range(count)
              for channel, value in ((2, 2000 + seq), (4, 5000))]  # fmt: skip
    found = town.sql(read)
    assert len(found) == len(wanted)
    assert found == wanted
