"""`luftpegel export`: what it writes, what it is asked for, and that the gateway goes on as if nobody had."""

import asyncio
import csv
import io
import json
import os
import pty
import resource
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.gateway.memory_log import observed

from luftpegel_gateway.sinks import format_parquet, store_reader
from luftpegel_gateway.sinks.store import Store
from luftpegel_tools.cli import main

COMMAND = [sys.executable, "-m", "luftpegel_tools.cli", "export"]
NOVEMBER = int(datetime(2026, 10, 31, 23, tzinfo=UTC).timestamp())  # midnight in Berlin
STATIONS = '[[station]]\nid = "LP-0001"\ndev_eui = "70b3d57ed0000001"\nname = "Mühlbach"\nkind = "level"\n'
GATEWAY = (
    '[gateway]\ndata = "data"\nstations = "stations.toml"\n[[source]]\nkind = "chirpstack-mqtt"\nhost = "h"\n'
)


def fill(file, *batches):
    async def run():
        store = Store(file)
        for batch in batches:
            assert await store.deliver(batch) == []
        await store.stop()

    file.parent.mkdir(exist_ok=True)
    asyncio.run(run())


ITEMS = [
    observed(0, 2153, 5000, time=NOVEMBER - 600),
    observed(1, 2154, 5000, time=NOVEMBER),
    observed(2, None, 5000, time=NOVEMBER + 600, wire=9),
    observed(3, 2156, 5000, time=None),
    observed(4, -5, 5000, time=NOVEMBER + 86400),
    observed(1, 1430, time=NOVEMBER, station="LP-0002", channels=(10,), flags=4, tenant="other"),
]


@pytest.fixture
def site(tmp_path):
    (tmp_path / "gateway.toml").write_text(GATEWAY + '[[sink]]\nkind = "store"\n')
    (tmp_path / "stations.toml").write_text(STATIONS)
    fill(tmp_path / "data" / "store.sqlite", ITEMS)
    return tmp_path


@pytest.fixture
def export(site, capfdbinary):
    """(exit code, stdout, stderr)"""

    def run(*words):
        given = ["--config", str(site / "gateway.toml"), "--timezone", "Europe/Berlin", "--lang", "en"]
        try:
            code = main(["export", *given, *words])
        except SystemExit as ended:
            code = ended.code
        printed = capfdbinary.readouterr()
        return code, printed.out, printed.err.decode()

    return run


@pytest.fixture
def table(export):
    def run(*words):
        code, printed, err = export(*words)
        assert (code, err) == (0, "")
        return list(csv.DictReader(io.StringIO(printed.decode())))

    return run


def test_all_of_it_in_order_with_names_and_exact_numbers(table):
    rows = table()
    assert [(row["station"], row["quantity"], row["seq"]) for row in rows] == [
        *(("LP-0001", "temperature", seq) for seq in "01243"),
        *(("LP-0001", "humidity", seq) for seq in "01243"),
        ("LP-0002", "level", "1"),
    ]
    assert [row["value"] for row in rows[:5]] == ["21.53", "21.54", "", "-0.05", "21.56"]
    assert rows[0] == {
        "time": "2026-10-31T23:50:00+01:00", "station": "LP-0001", "name": "Mühlbach",
        "quantity": "temperature", "unit": "Cel", "value": "21.53", "quality": "ok", "flags": "",
        "revision": "0", "life": "0", "seq": "0", "tenant": "",
    }  # fmt: skip
    assert (rows[2]["quality"], rows[4]["time"], rows[-1]["flags"]) == ("silent", "", "spike")


@pytest.mark.parametrize(
    ("words", "seqs"),
    [
        (["--since", "2026-11-01"], "124"),
        (["--since", "2026-11-01", "--until", "2026-11-01"], "12"),
        (["--until", "2026-10-31"], "0"),
        (["--since", "2026-11-01T00:10"], "24"),
        (["--since", "2026-10-31T23:00:00+00:00", "--until", "2026-10-31T23:10:00Z"], "1"),
        (["--since", "2027-01-01"], ""),
    ],
)
def test_days_are_local_and_whole(table, words, seqs):
    assert "".join(row["seq"] for row in table("--quantity", "temperature", *words)) == seqs


def test_stations_and_quantities_are_chosen(table):
    assert {row["station"] for row in table("--station", "LP-0002")} == {"LP-0002"}
    chosen = table("--quantity", "humidity", "--quantity", "level")
    assert {row["quantity"] for row in chosen} == {"humidity", "level"}


@pytest.mark.parametrize(
    "words",
    [["--station", "LP-9"], ["--quantity", "levl"], ["--since", "yesterday"], ["--until", "2026-13-01"],
     ["--since", "9999-12-31T23:59"], ["--format", "xml"], ["--timezone", "Europe/Nowhere"]],
)  # fmt: skip
def test_wrong_use_is_told(export, words):
    code, printed, err = export(*words)
    assert (code, printed) == (2, b"") or words[0] == "--since"
    assert words[1] in err or words[1].startswith("9999")


def test_json_lines(export):
    code, printed, _ = export("--format", "jsonl", "--station", "LP-0001")
    rows = [json.loads(line, parse_float=Decimal) for line in printed.splitlines()]
    assert code == 0
    assert [row["value"] for row in rows[:3]] == [Decimal("21.53"), Decimal("21.54"), None]
    assert (rows[4]["time"], rows[0]["flags"], rows[0]["seq"]) == (None, [], 0)
    assert b'"value":21.53,' in printed


def test_parquet_and_zrxp(export, site):
    assert export("--format", "parquet", "--to", str(site / "out.parquet"))[0] == 0
    _, parquet = format_parquet.need()
    assert parquet.read_table(site / "out.parquet").num_rows == 11
    code, printed, _ = export("--format", "zrxp", "--quantity", "temperature")
    assert code == 0
    assert printed.decode("latin-1").split("\r\n")[4:8] == [
        "#TZUTC+1|*|CUNIT°C|*|RINVAL-777|*|", "#LAYOUT(timestamp,value,status)|*|",
        "20261031235000 21.53 0", "20261101000000 21.54 0",
    ]  # fmt: skip


def test_a_file_is_there_whole_or_not_at_all(export, site, monkeypatch):
    out = site / "out.csv"
    out.write_text("before")

    def fail(self, *details):
        yield from list(real(self, *details))[:2]
        raise OSError(28, "No space left on device")

    real = store_reader.StoreReader.rows
    with monkeypatch.context() as full:
        full.setattr(store_reader.StoreReader, "rows", fail)
        code, _, err = export("--to", str(out))
    assert (code, out.read_text()) == (1, "before")
    assert "LP-429" in err
    assert export("--to", str(out))[0] == 0
    assert len(out.read_text().splitlines()) == 12
    assert not list(site.glob(".*part"))


def test_what_is_no_file_is_written_to_and_never_replaced(export, site):
    pipe = site / "pipe"
    os.mkfifo(pipe)
    heard = []
    listener = threading.Thread(target=lambda: heard.append(pipe.read_bytes()))
    listener.start()
    assert export("--to", str(pipe))[0] == 0
    listener.join(30)
    assert pipe.is_fifo()
    assert len(heard[0].splitlines()) == 12
    for folder in (str(site), ""):
        code, _, err = export("--to", folder)
        assert (code, "LP-429" in err) == (1, True)


def test_the_store_is_never_written_over(export, site):
    file = site / "data" / "store.sqlite"
    assert export("--to", str(file))[0] == 2
    assert file.read_bytes().startswith(b"SQLite")


@pytest.mark.parametrize("wrong", ["rubbish", "other", "older", "newer"])
def test_a_store_that_cannot_be_read_is_told(export, site, wrong):
    file = site / "data" / "store.sqlite"
    for part in ("", "-wal", "-shm"):
        file.with_name(file.name + part).unlink(missing_ok=True)
    if wrong == "rubbish":
        file.write_text("rubbish" * 1000)
    else:
        with closing(sqlite3.connect(file)) as database:
            database.execute(f"CREATE TABLE {'something' if wrong == 'other' else 'readings'} (a)")
            database.execute(f"PRAGMA user_version = { {'other': 1, 'older': 0, 'newer': 99}[wrong]}")
    code, printed, err = export()
    assert (code, printed) == (1, b"")
    assert "LP-428" in err


def test_a_gateway_without_a_store_says_so(export, site):
    (site / "gateway.toml").write_text(GATEWAY + '[[sink]]\nkind = "mqtt"\nhost = "h"\n')
    assert "LP-428" in export()[2]
    assert export("--store", str(site / "data" / "store.sqlite"))[0] == 0


def test_many_pages(tmp_path, monkeypatch, capfdbinary):
    """Also where several readings have one time, at the border of pages."""
    monkeypatch.setattr(store_reader, "_PAGE", store_reader._PAGE.replace("LIMIT 5000", "LIMIT 3"))
    monkeypatch.setattr(store_reader, "_UNDATED", store_reader._UNDATED.replace("LIMIT 5000", "LIMIT 3"))
    items = [observed(seq, seq, time=None if seq % 4 == 0 else 1000 + seq // 10) for seq in range(100)]
    fill(tmp_path / "store.sqlite", items)
    assert main(["export", "--store", str(tmp_path / "store.sqlite"), "--format", "jsonl"]) == 0
    printed = capfdbinary.readouterr().out
    assert sorted(json.loads(line)["seq"] for line in printed.splitlines()) == list(range(100))


def test_a_reader_who_has_enough_is_no_error(site):
    fill(site / "data" / "store.sqlite", [observed(seq, seq) for seq in range(100, 6000)])
    shown = subprocess.Popen([*COMMAND, "--config", str(site / "gateway.toml")], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)  # fmt: skip
    with shown:
        shown.stdout.readline()
        shown.stdout.close()
        assert shown.stderr.read() == b""
        assert shown.wait(60) == 0


def test_a_terminal_sees_a_bar_and_a_pipe_does_not(site):
    fill(site / "data" / "store.sqlite", [observed(seq, seq) for seq in range(100, 3000)])
    leader, follower = pty.openpty()
    done = subprocess.run([*COMMAND, "--config", str(site / "gateway.toml"), "--to", str(site / "x.csv")],
                          stderr=follower, check=False, timeout=60)  # fmt: skip
    os.close(follower)
    seen = os.read(leader, 65536).decode()
    os.close(leader)
    assert done.returncode == 0
    assert "%" in seen
    assert seen.endswith("\r\x1b[K")


def test_the_gateway_writes_on_while_it_is_read(site):
    """Both lose nothing, and the write-ahead log does not grow for as long as somebody reads."""
    file = site / "data" / "store.sqlite"
    fill(file, [observed(seq, seq) for seq in range(100, 2000)])
    stop = threading.Event()
    written = []

    async def write():
        store = Store(file)
        for seq in range(10_000, 1_000_000):
            assert await store.deliver([observed(seq, 5)]) == []
            written.append(seq)
            if stop.is_set():
                break
        await store.stop()

    writer = threading.Thread(target=asyncio.run, args=(write(),))
    writer.start()
    try:
        for number in range(3):
            before = len(written)
            done = subprocess.run(
                [*COMMAND, "--config", str(site / "gateway.toml"), "--format", "jsonl", "--quantity",
                 "temperature"], capture_output=True, check=False, timeout=60,
            )  # fmt: skip
            assert (done.returncode, done.stderr) == (0, b""), number
            told = [json.loads(line) for line in done.stdout.splitlines()]
            seqs = [row["seq"] for row in told if row["station"] == "LP-0001"]
            assert len(seqs) == len(set(seqs))
            assert set(seqs) >= {*range(100, 2000), *range(10_000, 10_000 + before)}
    finally:
        stop.set()
        writer.join()
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = database.execute("SELECT count(*) FROM readings WHERE seq >= 10000").fetchone()[0]
    assert found == len(written)


def test_memory_does_not_depend_on_how_much_there_is(site):
    fill(site / "data" / "store.sqlite", [observed(seq, seq) for seq in range(100, 60_000)])

    def peak(*words):
        script = (
            "import resource, sys\nfrom luftpegel_tools.cli import main\n"
            "assert main(['export', *sys.argv[1:]]) == 0\n"
            "sys.stderr.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))"
        )
        done = subprocess.run([sys.executable, "-c", script, "--config", str(site / "gateway.toml"), *words],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)  # fmt: skip
        return int(done.stderr)

    assert resource.RUSAGE_SELF == 0
    assert peak() < peak("--station", "LP-0002") + 12_000  # KiB; all of it at once takes 40 MB
