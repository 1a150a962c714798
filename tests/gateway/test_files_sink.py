"""The sink "files": what stands in its files, what is made anew, what a crash leaves, and what a folder does
that cannot be written."""

import argparse
import asyncio
import contextlib
import csv
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.memory_log import observed

from luftpegel_gateway.cli import moments
from luftpegel_gateway.config.options import Wrong
from luftpegel_gateway.model import quality
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import AlarmRaised
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sinks import (
    Context,
    SinkDown,
    files,
    files_state,
    format_csv,
    format_parquet,
    format_zrxp,
    local_days,
    sqlite_file,
)
from luftpegel_gateway.sinks.value_rows import Row
from luftpegel_tools.cli import main
from luftpegel_wire.quality import SILENT

PROGRAM = Path(__file__).with_name("dying_files.py")
REPOSITORY = Path(__file__).resolve().parents[2]
NOON = int(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp())
BRIDGE = Station("LP-0001", "00" * 8, "Mühlbach; Brücke", "level")
DEFAULTS = {key: option.default for key, option in files.OPTIONS.items()}


@pytest.fixture
def deliver(tmp_path):
    """Deliver batches to one sink after the other, one a call; the rejections' codes."""

    def run(*batches, clock=lambda: NOON, station=BRIDGE, **options):
        given = {**DEFAULTS, "folder": tmp_path / "out", "write_every_s": 0.001, **options}

        async def main():
            context = Context("town", given, tmp_path, lambda _id, _tenant: station)
            sink = files.Files(context, clock)
            await sink.start()
            try:
                return [found.fault.code for batch in batches for found in await sink.deliver(batch)]
            finally:
                await sink.stop()

        return asyncio.run(main())

    return run


@pytest.fixture
def there(tmp_path):
    """The names of all files."""
    return lambda: sorted(
        str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*") if file.is_file()
    )


@pytest.fixture
def lines(tmp_path):
    """The lines of a file without the heading."""

    def read(name="2026-11/2026-11-26_LP-0001.csv"):
        raw = (tmp_path / "out" / name).read_bytes()
        assert raw.endswith(b"\r\n")
        return raw.decode("utf-8-sig").split("\r\n")[1:-1]

    return read


def test_a_row_says_all_that_is_known_of_a_value(deliver, lines):
    deliver([observed(7, 2153, None, time=NOON, life=2, revision=3, flags=quality.SPIKE, wire=0)])
    assert lines() == [
        "2026-11-26T12:00:00+00:00,LP-0001,Mühlbach; Brücke,temperature,Cel,21.53,rate,spike,3,2,7,",
        "2026-11-26T12:00:00+00:00,LP-0001,Mühlbach; Brücke,humidity,%,,rate,spike,3,2,7,",
    ]


def test_a_value_that_is_missing_has_a_reason_and_no_number(deliver, lines):
    deliver([observed(7, None, time=NOON, wire=SILENT)])
    assert lines()[0].split(",")[5:7] == ["", "silent"]


def test_a_spreadsheet_in_german(deliver, tmp_path):
    deliver([observed(7, -2153, time=NOON)], decimal=",", timezone=ZoneInfo("Europe/Berlin"))
    raw = (tmp_path / "out/2026-11/2026-11-26_LP-0001.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbftime;station;")
    row = list(csv.reader(raw.decode("utf-8-sig").splitlines(), delimiter=";"))[1]
    assert row[:6] == ["2026-11-26T13:00:00+01:00", "LP-0001", "Mühlbach; Brücke", "temperature", "Cel",
                       "-21,53"]  # fmt: skip


def test_days_are_those_of_the_place(deliver, there):
    late_in_the_evening = NOON + 11 * 3600 + 1800
    deliver([observed(1, time=late_in_the_evening)], timezone=ZoneInfo("Europe/Berlin"))
    assert there() == ["2026-11/2026-11-27_LP-0001.csv"]


def test_an_hour_that_the_clock_has_twice_is_there_twice(deliver, lines):
    turn = int(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp())
    deliver([observed(seq, time=turn + 3600 * seq) for seq in range(2)], timezone=ZoneInfo("Europe/Berlin"))
    found = [line.split(",")[0] for line in lines("2026-10/2026-10-25_LP-0001.csv")]
    assert found == ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]


def test_one_file_for_all_stations_and_a_month(deliver, there, lines):
    deliver(
        [observed(1, time=NOON, station="LP-0002"), observed(1, time=NOON - 86400), observed(2, time=NOON)],
        stations="all", period="month",
    )  # fmt: skip
    assert there() == ["2026/2026-11.csv"]
    assert [line.split(",")[1] for line in lines("2026/2026-11.csv")] == ["LP-0001", "LP-0001", "LP-0002"]


def test_tenants_with_a_station_of_one_name_have_files_of_their_own(deliver, there):
    deliver([observed(1, time=NOON), observed(1, time=NOON, tenant="other")])
    assert there() == ["2026-11/2026-11-26_LP-0001.csv", "2026-11/2026-11-26_other@LP-0001.csv"]


def test_a_late_reading_stands_in_its_place_and_a_gap_is_a_gap(deliver, lines):
    deliver([observed(1, time=NOON), observed(4, time=NOON + 1800)])
    deliver([observed(2, time=NOON + 600, late=True)])
    assert [line[11:16] for line in lines()] == ["12:00", "12:10", "12:30"]


def test_a_correction_takes_the_place_of_what_it_corrects_and_never_the_other_way(deliver, lines):
    deliver([observed(1, 2000, time=NOON)])
    deliver([observed(1, 2000, time=NOON, revision=1, flags=quality.SPIKE)])
    deliver([observed(1, 2000, time=NOON)])
    assert [line.split(",")[6:9] for line in lines()] == [["rate", "spike", "1"]]


def test_a_time_that_is_corrected_moves_the_reading_to_its_day(deliver, there):
    deliver([observed(1, time=NOON)])
    deliver([observed(1, time=NOON - 86400, revision=1)])
    assert there() == ["2026-11/2026-11-25_LP-0001.csv"]


@pytest.mark.parametrize("time", [None, -1, 2**62])
def test_a_reading_that_no_calendar_has_stands_apart_until_its_time_is_known(deliver, there, lines, time):
    deliver([observed(1, time=time)])
    assert there() == ["undated/undated_LP-0001.csv"]
    assert lines("undated/undated_LP-0001.csv")[0].startswith(",LP-0001,")
    deliver([observed(1, time=NOON)])
    assert there() == ["2026-11/2026-11-26_LP-0001.csv"]


def test_another_value_under_the_same_name_is_refused(deliver, lines):
    assert deliver([observed(1, 2000, time=NOON)], [observed(1, 2001, time=NOON)]) == ["LP-421"]
    assert [line.split(",")[5] for line in lines()] == ["20.00"]


def test_what_comes_again_changes_no_file(deliver, tmp_path):
    deliver([observed(1, time=NOON)])
    before = (tmp_path / "out/2026-11/2026-11-26_LP-0001.csv").stat().st_ino
    deliver([observed(1, time=NOON)])
    assert (tmp_path / "out/2026-11/2026-11-26_LP-0001.csv").stat().st_ino == before


def test_alarms_and_readings_without_cells_are_no_rows(deliver, there):
    absent = observed(1, time=NOON)
    empty = type(absent)(absent.ref, type(absent.reading)(1, NOON, ()), 0)
    deliver([AlarmRaised(Ref("", "LP-0001", 1), 7, None, 2, "above", 3100, 3000, 10**15), empty])
    assert there() == []


def test_a_station_that_left_keeps_its_name_in_old_files(deliver, lines):
    deliver([observed(1, time=NOON)])
    deliver([observed(2, time=NOON + 600)], station=None)
    assert [line.split(",")[2] for line in lines()] == ["Mühlbach; Brücke"] * 2


# Parquet, ZRXP.


def test_parquet_has_exact_numbers_and_instants(deliver, tmp_path, monkeypatch):
    monkeypatch.setattr(format_parquet, "GROUP", 3)
    deliver([observed(seq, 2000 + seq, None, time=NOON + seq) for seq in range(5)], format="parquet")
    _, parquet = format_parquet.need()
    file = parquet.ParquetFile(tmp_path / "out/2026-11/2026-11-26_LP-0001.parquet")
    assert file.num_row_groups == 4
    rows = file.read().to_pylist()
    file.close()
    assert [row["value"] for row in rows if row["quantity"] == "temperature"] == [
        Decimal(f"20.0{seq}") for seq in range(5)
    ]
    assert rows[0]["time"] == datetime(2026, 11, 26, 12, tzinfo=UTC)
    assert (rows[1]["value"], rows[0]["quality"], rows[0]["name"]) == (None, "ok", BRIDGE.name)


def test_without_pyarrow_it_cannot_start_and_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    options = {**DEFAULTS, "folder": tmp_path, "format": "parquet"}
    with pytest.raises(CannotStart) as refusal:
        files.create(Context("town", options, tmp_path))
    assert refusal.value.code == "LP-337"
    files.create(Context("town", options | {"format": "csv"}, tmp_path))
    with pytest.raises(CannotStart):
        asyncio.run(files.probe(options, "town"))


def test_zrxp_has_a_segment_a_series(deliver, tmp_path):
    summer = NOON - 150 * 86400
    deliver(
        [observed(1, 1430, None, time=summer, channels=(10, 2)), observed(2, 1435, time=summer + 600,
         channels=(10,)), observed(3, time=None)],
        format="zrxp", timezone=ZoneInfo("Europe/Berlin"),
        station=Station("LP-0001", "", "Mühl|bach\n1", "level"),
    )  # fmt: skip
    raw = (tmp_path / "out/2026-06/2026-06-29_LP-0001.zrxp").read_bytes()
    assert raw.decode("latin-1").split("\r\n") == [
        "#ZRXPVERSION3014.03|*|ZRXPCREATORLuftpegel|*|",
        "#SANRLP-0001|*|SNAMEMühl/bach 1|*|",
        "#CNRtemperature|*|CNAMELufttemperatur|*|",
        "#REXCHANGELP-0001.temperature|*|",
        "#TZUTC+1|*|CUNIT°C|*|RINVAL-777|*|",
        "#LAYOUT(timestamp,value,status)|*|",
        "20260629130000 -777 0",
        "#ZRXPVERSION3014.03|*|ZRXPCREATORLuftpegel|*|",
        "#SANRLP-0001|*|SNAMEMühl/bach 1|*|",
        "#CNRlevel|*|CNAMEWasserstand|*|",
        "#REXCHANGELP-0001.level|*|",
        "#TZUTC+1|*|CUNITcm|*|RINVAL-777|*|",
        "#LAYOUT(timestamp,value,status)|*|",
        "20260629130000 143.0 0",
        "20260629131000 143.5 0",
        "",
    ]


def test_zrxp_says_half_hours_too(deliver, tmp_path):
    deliver([observed(1, time=NOON)], format="zrxp", timezone=ZoneInfo("Asia/Kolkata"))
    assert b"#TZUTC+5:30|*|" in (tmp_path / "out/2026-11/2026-11-26_LP-0001.zrxp").read_bytes()
    deliver([observed(1, time=NOON)], format="zrxp")
    assert b"#TZUTC|*|" in (tmp_path / "out/2026-11/2026-11-26_LP-0001.zrxp").read_bytes()


# Files that were there, files that are old, folders that cannot be written.


def test_a_file_of_somebody_else_is_kept_beside(deliver, there, tmp_path):
    mine = tmp_path / "out/2026-11/2026-11-26_LP-0001.csv"
    mine.parent.mkdir(parents=True)
    for content in ("first", "second"):
        mine.write_text(content)
        (tmp_path / "files-town.sqlite").unlink(missing_ok=True)
        deliver([observed(1, time=NOON)])
    assert there() == [f"2026-11/2026-11-26_LP-0001{old}.csv" for old in ("", ".old-1", ".old-2")]
    assert mine.with_name("2026-11-26_LP-0001.old-1.csv").read_text() == "first"


def test_files_that_are_made_otherwise_are_made_anew(deliver, there):
    deliver([observed(1, time=NOON), observed(1, time=NOON, station="LP-0002")])
    deliver([], format="zrxp", stations="all")
    assert "2026-11/2026-11-26.zrxp" in there()


def test_a_file_that_somebody_removed_comes_with_the_next_reading_whole(deliver, lines, tmp_path):
    deliver([observed(1, time=NOON)])
    (tmp_path / "out/2026-11/2026-11-26_LP-0001.csv").unlink()
    deliver([observed(2, time=NOON + 600)])
    assert len(lines()) == 2


def test_files_that_were_lost_come_back_when_their_readings_are_sent_again(deliver, there, tmp_path):
    readings = [observed(seq, time=NOON - 86400 * seq) for seq in range(3)]
    deliver(readings)
    before = there()
    shutil.rmtree(tmp_path / "out")
    deliver(readings)
    assert there() == before
    assert len(before) == 3


def test_old_files_leave_and_their_readings_with_them(deliver, there):
    old = [observed(seq, time=NOON - 86400 * seq) for seq in range(5)]
    deliver(old, keep_days=2)
    kept = [f"2026-11/2026-11-{day}_LP-0001.csv" for day in (24, 25, 26)]
    assert there() == kept
    deliver(old, keep_days=2)
    assert there() == kept


@pytest.mark.parametrize("told", [NOON, None])
def test_a_reading_that_turns_out_to_be_older_than_what_is_kept_leaves(deliver, there, tmp_path, told):
    deliver([observed(1, time=told), observed(2, time=NOON)], keep_days=2)
    late = observed(1, time=NOON - 86400 * 30, revision=1)
    deliver([late], [late], keep_days=2)
    assert there() == ["2026-11/2026-11-26_LP-0001.csv"]
    written = (tmp_path / "out" / there()[0]).read_bytes().decode()
    assert written.count("\r\n") == 1 + len(observed(2).reading.cells)


def test_a_clock_that_runs_ahead_removes_nothing(deliver, there):
    deliver([observed(1, time=NOON)], keep_days=2, clock=lambda: NOON + 10**9)
    deliver([observed(2, time=NOON + 10**9)], keep_days=2, clock=lambda: NOON)
    assert "2026-11/2026-11-26_LP-0001.csv" in there()


def test_a_folder_that_cannot_be_written_keeps_readings_waiting(tmp_path, monkeypatch):
    """Told with the next delivery, and written as soon as it is possible, without a restart."""
    out = tmp_path / "out"
    out.write_text("a file where the folder should be")
    options = {**DEFAULTS, "folder": out, "write_every_s": 0.001}

    async def main():
        sink = files.create(Context("town", options, tmp_path))
        await sink.start()
        try:
            assert await sink.deliver([observed(1, time=NOON)]) == []
            while sink._trouble is None:
                await asyncio.sleep(0.001)
            for _ in range(2):
                with pytest.raises(SinkDown) as down:
                    await sink.deliver([observed(2, time=NOON)])
                assert down.value.code == "LP-424"
            with pytest.raises(SinkDown):
                await files.probe(options, "town")
            out.unlink()
            assert await sink.deliver([observed(2, time=NOON)]) == []
        finally:
            await sink.stop()
        await files.probe(options, "town")

    asyncio.run(main())
    assert [file.name for file in out.rglob("*") if file.is_file()] == ["2026-11-26_LP-0001.csv"]


def test_a_full_disk_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path, monkeypatch):
    options = {**DEFAULTS, "folder": tmp_path / "out", "write_every_s": 0.001}
    file = tmp_path / "out/2026-11/2026-11-26_LP-0001.csv"

    def full(_handle):
        raise OSError(28, "No space left on device")

    async def main():
        sink = files.create(Context("town", options, tmp_path))
        await sink.start()
        try:
            await sink.deliver([observed(1, time=NOON)])
            await sink._write()
            before = file.read_bytes()
            with monkeypatch.context() as disk:
                disk.setattr(os, "fsync", full)
                await sink.deliver([observed(2, time=NOON + 600)])
                with pytest.raises(SinkDown) as down:
                    await sink._write()
                assert down.value.code == "LP-424"
                assert file.read_bytes() == before
                assert not list(file.parent.glob(".*"))
            assert await sink.deliver([observed(3, time=NOON + 1200)]) == []
        finally:
            await sink.stop()

    asyncio.run(main())
    assert len(file.read_bytes().splitlines()) == 4


def test_writing_takes_no_more_than_its_share(tmp_path, monkeypatch):
    """A day of a large town is made anew once for many batches."""
    written = []
    real = files.Files._make_now
    monkeypatch.setattr(files.Files, "_make_now", lambda self, key: (written.append(key), real(self, key)))
    options = {**DEFAULTS, "folder": tmp_path / "out", "write_every_s": 3600}

    async def main():
        sink = files.create(Context("town", options, tmp_path))
        await sink.start()
        for batch in range(20):
            await sink.deliver([observed(batch * 10 + seq, time=NOON + seq) for seq in range(10)])
        await sink.stop()

    asyncio.run(main())
    assert len(written) <= 3  # the first, what the start found, and the one at the end


@pytest.mark.parametrize("given", ["Europe", "Nowhere/Town", "../etc", "Europe/Berlin\0", "/etc/passwd"])
def test_a_time_zone_that_is_none_is_a_mistake(given):
    with pytest.raises(Wrong) as wrong:
        local_days.zone(given, Path())
    assert wrong.value.code == "LP-311"


def test_a_decimal_comma_is_for_csv():
    assert [key for key, _ in files.wrong({**DEFAULTS, "decimal": ",", "format": "zrxp"})] == ["decimal"]
    assert list(files.wrong({**DEFAULTS, "decimal": ","})) == []


# With everything real.


def test_a_gateway_that_is_killed_has_every_reading_in_its_files(site, server, station, until):
    site.write_config('[[sink]]\nkind = "files"\nfolder = "out"\nwrite_every_s = 1\n')
    out = site.folder / "out" / "2026-07" / "2026-07-01_LP-0001.csv"

    def rows():
        told = out.read_bytes().decode() if out.exists() else ""
        return list(csv.DictReader(io.StringIO(told, newline="")))

    def there():
        return {int(row["seq"]) for row in rows()}

    site.started()
    for newest in range(3, 40, 4):
        server.publish(station.topic(), station.uplink(newest))
    until(there, "no file")
    site.kill()
    server.publish(station.topic(), station.uplink(43))
    site.started()
    until(lambda: there() == set(range(44)), lambda: f"{sorted(there())}; log:\n{site.log.read_text()}")
    assert len(rows()) == 2 * 44
    assert {row["name"] for row in rows()} == {"Mühlbach"}
    site.stop()


# What people write.


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_name_comes_back_from_csv_and_breaks_no_zrxp(name, flags):
    row = Row(NOON, "", "LP-0001", name, 2, 2153, 0, flags, 0, 1, 0)
    stream = io.BytesIO()
    format_csv.write(stream, [row], UTC)
    found = list(csv.reader(io.StringIO(stream.getvalue().decode(), newline="")))
    assert (found[1][2], found[1][7], len(found)) == (name, flags, 2)
    stream = io.BytesIO()
    format_zrxp.write(stream, [row], timezone(timedelta(hours=1)))
    lines = stream.getvalue().decode("latin-1").split("\r\n")
    assert len(lines) == 8
    assert all(line.startswith("#") and line.endswith("|*|") for line in lines[:6])


NEARLY = st.from_regex(r"[0-9]{1,5}-[0-9]{1,3}(-[0-9]{1,3}(T[0-9:.+Z-]{0,12})?)?", fullmatch=True)


@given(st.text(max_size=40) | NEARLY)
def test_what_is_no_day_is_wrong_use_and_nothing_else(text):
    for read in (moments.since, moments.until):
        with contextlib.suppress(argparse.ArgumentTypeError):
            assert isinstance(read(text, UTC), int)


# Killed.


def die(folder, *words):
    found = os.pathsep.join([str(REPOSITORY), *filter(None, sys.path)])
    done = subprocess.run([sys.executable, str(PROGRAM), str(folder), *words], capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": found}, check=False, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(("kind", "kills"), [("csv", 50), ("parquet", 10)])
def test_killed_at_random_instants_nothing_is_lost_or_doubled_or_half(tmp_path, kind, kills):
    done = die(tmp_path, kind, "random", str(kills))
    assert done.pop("kills") >= kills
    assert done == {"halves": 0, "lost": 0, "doubled": 0, "wrong": 0}


def test_killed_wherever_it_touches_the_disk(tmp_path):
    done = die(tmp_path, "csv", "steps")
    assert done.pop("kills") > 30
    assert done == {"halves": 0, "lost": 0, "doubled": 0, "wrong": 0}


@pytest.mark.parametrize("what", ["removed", "moved", "replaced", "log removed"])
def test_a_state_that_somebody_takes_away_is_written_anew(tmp_path, caplog, what):
    """Nothing is missing in the files then, nothing is there twice, also after a restart."""
    options = {key: option.default for key, option in files.OPTIONS.items()} | {"folder": tmp_path / "out"}
    state = tmp_path / "files-town.sqlite"

    async def run():
        sink = files.Files(Context("town", options, tmp_path))
        await sink.start()
        await sink.deliver([observed(seq, seq, seq, time=NOON + seq) for seq in range(3)])
        if what == "removed":
            for file in tmp_path.glob("files-town.sqlite*"):
                file.unlink()
        elif what == "moved":
            state.rename(tmp_path / "elsewhere")
        elif what == "replaced":
            (tmp_path / "other").write_bytes(b"SQLite format 3\0 of somebody else")
            (tmp_path / "other").replace(state)
        else:
            state.with_name("files-town.sqlite-wal").unlink()
        await sink.deliver([observed(3, 3, 3, time=NOON + 3)])
        await sink.deliver([observed(4, 4, 4, time=NOON + 4), observed(0, 0, 0, time=NOON)])
        await sink.stop()
        again = files.Files(Context("town", options, tmp_path))
        await again.start()
        await again.deliver([observed(5, 5, 5, time=NOON + 5)])
        await again.stop()

    asyncio.run(run())
    [file] = list((tmp_path / "out").rglob("*.csv"))
    assert len(file.read_text().splitlines()) == 1 + 2 * 6
    assert [record.code for record in caplog.records if hasattr(record, "code")] == ["LP-556"]
    assert (tmp_path / "files-town.sqlite.strange-1").exists() == (what in {"replaced", "log removed"})


def test_a_state_that_cannot_be_written_anew_stays_open_until_it_can(tmp_path, monkeypatch):
    options = {key: option.default for key, option in files.OPTIONS.items()} | {"folder": tmp_path / "out"}

    def full(*_):
        raise OSError(28, "No space left on device")

    async def run():
        sink = files.Files(Context("town", options, tmp_path))
        await sink.start()
        await sink.deliver([observed(seq, seq, seq, time=NOON + seq) for seq in range(3)])
        for file in tmp_path.glob("files-town.sqlite*"):
            file.unlink()
        with monkeypatch.context() as disk:
            disk.setattr(files_state, "write_anew", full)
            for _ in range(2):
                with pytest.raises(SinkDown) as down:
                    await sink.deliver([observed(3, 3, 3, time=NOON + 3)])
                assert down.value.code == "LP-555"
        await sink.deliver([observed(3, 3, 3, time=NOON + 3)])
        await sink.stop()

    asyncio.run(run())
    [file] = list((tmp_path / "out").rglob("*.csv"))
    assert len(file.read_text().splitlines()) == 1 + 2 * 4


DEADLY = """
import os, signal, sqlite3, sys
from pathlib import Path
from luftpegel_gateway.sinks import sqlite_file
left = int(sys.argv[2])
def deadly(call):
    def wrapped(*given, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*given, **named)
    return wrapped
file = Path(sys.argv[1])
database = sqlite_file.open_file(file)
database.execute("CREATE TABLE readings (n)")
with sqlite_file.transaction(database):
    database.executemany("INSERT INTO readings VALUES (?)", [(n,) for n in range(5000)])
file.write_bytes(b"strange") if sys.argv[3] == "replaced" else file.unlink()
file.with_name(file.name + "-wal").unlink()
os.fsync = deadly(os.fsync)
for name in ("replace", "rename"):
    setattr(Path, name, deadly(getattr(Path, name)))
sqlite_file.write_anew(database, file)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("what", ["removed", "replaced"])
def test_killed_while_it_is_written_anew(tmp_path, what):
    """SIGKILL at each step that reaches the disk: from the first one on, the next start has all of it."""
    for step in range(8):
        folder = tmp_path / str(step)
        folder.mkdir()
        file = folder / "state.sqlite"
        subprocess.run([sys.executable, "-c", DEADLY, str(file), str(step), what], check=False, timeout=60)
        if what == "replaced" and file.exists() and file.read_bytes() == b"strange":
            file.unlink()  # not moved yet; whoever put it there takes it away
        sqlite_file.finish_anew(file)
        with contextlib.closing(sqlite3.connect(file)) as database:
            assert database.execute("SELECT count(*) FROM readings").fetchone() == (5000,), step


def test_what_was_half_written_anew_counts_for_nothing(tmp_path):
    (tmp_path / "state.sqlite.anew").touch()
    sqlite_file.finish_anew(tmp_path / "state.sqlite")
    assert not (tmp_path / "state.sqlite").exists()


def test_check_says_without_dialling_that_pyarrow_is_missing(tmp_path, monkeypatch, capsys):
    (tmp_path / "stations.toml").write_text(
        '[[station]]\nid = "A"\ndev_eui = "70b3d57ed0000001"\nname = "x"\nkind = "level"\n'
    )
    (tmp_path / "gateway.toml").write_text(
        '[gateway]\ndata = "data"\nstations = "stations.toml"\n[[source]]\nkind = "chirpstack-mqtt"\n'
        'host = "h"\n[[sink]]\nkind = "files"\nfolder = "out"\nformat = "parquet"\n'
    )
    words = ["gateway", "check", "--no-dial", "--config", str(tmp_path / "gateway.toml"), "--lang", "de"]
    assert main(words) == 0
    assert "LP-337" not in capsys.readouterr().out
    monkeypatch.setattr(format_parquet, "is_there", lambda: False)
    main(words)
    told = capsys.readouterr().out
    assert ("LP-337" in told, "pip install" in told, "files" in told) == (True, True, True)
