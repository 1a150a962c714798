"""The server that tests stand on does what they expect of it."""

import signal
import subprocess

import pytest
from postgresql import PostgreSQL


def test_it_asks_for_a_password(postgresql):
    wrong = postgresql.url("postgres", password="wrong")
    done = postgresql._run(["psql", "-X", "-d", wrong, "-c", "SELECT 1"])
    assert done.returncode == 2
    assert "password authentication failed" in done.stderr


def test_a_user_with_a_database_of_its_own(postgresql):
    password = postgresql.user_made("own user")
    postgresql.database_made("own database", "own user")
    url = postgresql.url("own%20database", "own%20user", password)
    done = postgresql._run(["psql", "-X", "-d", url, "-c", "CREATE TABLE t (a int)"])
    assert done.returncode == 0, done.stderr


def test_geometry(postgis):
    name = postgis.database_made("places", "postgres", "postgis")
    assert postgis.sql("SELECT ST_AsText(ST_MakePoint(10, 53.5))", name) == [("POINT(10 53.5)",)]
    metres = "SELECT round(ST_X(ST_Transform(ST_SetSRID(ST_MakePoint(9, 53.5), 4326), 25832)))"
    assert postgis.sql(metres, name) == [("500000",)]


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """One that may be broken."""
    with PostgreSQL(tmp_path_factory.mktemp("own")) as server:
        yield server


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_was_committed_is_there_after_its_end(own, end):
    own.sql(f"CREATE TABLE {end} (a int); INSERT INTO {end} VALUES (1)")
    port = own.port
    getattr(own, end)()
    with pytest.raises(AssertionError, match="refused"):
        own.sql("SELECT 1")
    own.start()
    assert (own.port, own.sql(f"SELECT a FROM {end}")) == (port, [("1",)])


def test_a_paused_one_says_nothing(own):
    own.pause()
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run(
                [own.installation.programs / "pg_isready", "-h", own.host, "-p", str(own.port), "-t", "60"],
                env=own.installation.environment,
                timeout=0.3,
                check=False,
            )
    finally:
        own.go_on()
    assert own.sql("SELECT 1") == [("1",)]


def test_nothing_is_left_of_it(tmp_path):
    with PostgreSQL(tmp_path) as server:
        own_processes = [server.pid, *server._helpers()]
    assert len(own_processes) > 3
    assert server._process.returncode == -signal.SIGQUIT or server._process.returncode >= 0
    assert not (tmp_path / "data").exists()
