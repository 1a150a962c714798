"""Two tenants in one gateway, with the same ids and devices; and a station that is renamed and retired.

With everything real: nothing of one tenant is ever where the other looks.
"""

import asyncio
import csv
import io
import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from tests.gateway.memory_log import observed

from luftpegel_gateway.sinks import Context, files

TENANTS = ("alt", "neu")
TEMPERATURES = {"alt": 1110, "neu": 2220}  # hundredths of a degree, of the first reading
HEAD = """\
[gateway]
data = "data"
stations = "stations.toml"
"""
PART = """\
[[tenant]]
id = "{tenant}"
[[source]]
kind = "chirpstack-mqtt"
name = "from-{tenant}"
tenant = "{tenant}"
host = "127.0.0.1"
port = {port}
topic_prefix = "{tenant}"
client_id = "gateway-{tenant}"
[[sink]]
kind = "store"
name = "store-{tenant}"
tenant = "{tenant}"
path = "{tenant}.sqlite"
[[sink]]
kind = "files"
name = "files-{tenant}"
tenant = "{tenant}"
folder = "files-{tenant}"
write_every_s = 1
"""
STATION = """\
[[station]]
id = "LP-0001"
tenant = "{tenant}"
dev_eui = "70b3d57ed0000001"
name = "Pegel {tenant}"
kind = "climate"
"""


def luftpegel(site, *words):
    done = subprocess.run(
        [sys.executable, "-m", "luftpegel_tools.cli", *words, "--config", str(site.config), "--lang", "en"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def town(site, server, make_station, until):
    """Both have sent three readings, a notice, and a frame that nobody can read."""
    parts = "".join(PART.format(tenant=one, port=site.port) for one in TENANTS)
    site.config.write_text(f"{HEAD}{parts}[page]\nport = {site.page}\n")
    (site.folder / "stations.toml").write_text("".join(STATION.format(tenant=one) for one in TENANTS))
    site.started()
    for tenant in TENANTS:
        first = TEMPERATURES[tenant]
        station = make_station(value=lambda seq, first=first: (first + 10 * seq, 5000))
        for seq in range(3):
            server.publish(f"{tenant}/{station.topic()}", station.uplink(seq))
        event = json.loads(station.event(b""))
        notice = {
            "deviceInfo": event["deviceInfo"], "time": event["time"], "level": "ERROR",
            "code": "UPLINK_CODEC", "description": f"notice of {tenant}",
        }  # fmt: skip
        server.publish(f"{tenant}/{station.topic('log')}", json.dumps(notice).encode())
        odd = station.event(b"\xff\xff\xff", 9, deduplicationId="0" * 32)
        server.publish(f"{tenant}/{station.topic()}", odd)
    server.settle()
    until(lambda: len(stored(site, "alt")) == len(stored(site, "neu")) == 3, "no readings")
    until(lambda: len(site.codes()) == 2, lambda: str(site.codes()))
    return site


def stored(site, tenant):
    """The temperatures in a tenant's store."""
    rows = site.rows("SELECT value FROM readings WHERE channel = 2 ORDER BY seq", file=f"../{tenant}.sqlite")
    return [value for (value,) in rows]


def expected(tenant):
    return [TEMPERATURES[tenant] + 10 * seq for seq in range(3)]


def test_each_has_its_own_and_nothing_of_the_other(town, until):
    for tenant, other in (TENANTS, TENANTS[::-1]):
        assert stored(town, tenant) == expected(tenant)
        assert town.rows("SELECT DISTINCT tenant FROM readings", file=f"../{tenant}.sqlite") == [(tenant,)]
        folder = town.folder / f"files-{tenant}"
        until(lambda folder=folder: list(folder.rglob("*.csv")), "no file")
        assert other not in "".join(str(path.relative_to(folder)) for path in folder.rglob("*"))
        assert f",{other}\n" not in everything(folder)
        status, page = town.get(f"/station/{tenant}/LP-0001?lang=en")
        assert (status, f"notice of {tenant}" in page, f"notice of {other}" in page) == (200, True, False)
        assert f"{TEMPERATURES[tenant] / 100:.2f}" in page
        assert f"{TEMPERATURES[other] / 100:.2f}" not in page
        code, out, err = luftpegel(town, "export", "--tenant", tenant)
        rows = list(csv.DictReader(io.StringIO(out)))
        assert (code, {row["tenant"] for row in rows}, len(rows)) == (0, {tenant}, 6), err
    assert town.get("/station/LP-0001")[0] == 404, "whose?"


def everything(folder):
    return "".join(path.read_text() for path in folder.rglob("*.csv"))


def test_metrics_findings_and_commands_say_whose(town, server, make_station):
    told = town.get("/metrics")[1]
    for line in told.splitlines():
        assert 'station="LP-0001"' not in line or 'tenant="' in line, line
    findings = json.loads(town.get("/readyz")[1])["findings"]
    assert not [one for one in findings if one["subject"] == "LP-0001"]
    code, _, err = luftpegel(town, "gateway", "send", "LP-0001", "interval_s=1200")
    assert (code, "LP-551" in err, "alt/LP-0001, neu/LP-0001" in err) == (1, True, True)
    assert luftpegel(town, "gateway", "send", "neu/LP-0001", "interval_s=1200")[0] == 0
    rows = json.loads(luftpegel(town, "gateway", "commands", "--json")[1])
    assert [(row["tenant"], row["settings"]) for row in rows] == [("neu", {"interval_s": 1200})]
    for tenant in TENANTS:
        words = ("quarantine", "list", "--station", f"{tenant}/LP-0001", "--all", "--json")
        [entry] = json.loads(luftpegel(town, "gateway", *words)[1])
        assert (entry["tenant"], entry["source"]) == (tenant, f"from-{tenant}")
    out = luftpegel(town, "gateway", "quarantine", "list")[1]
    assert ("alt/LP-0001" in out, "neu/LP-0001" in out) == (True, True)


def test_a_replay_goes_to_the_tenants_own(town, until):
    for tenant in TENANTS:
        with closing(sqlite3.connect(town.folder / f"{tenant}.sqlite")) as database:
            database.execute("DELETE FROM readings")
            database.commit()
    code, _, err = luftpegel(town, "gateway", "replay", "--to", "store-alt")
    assert code == 0, err
    until(lambda: stored(town, "alt") == expected("alt"), "not there")
    code, _, err = luftpegel(town, "gateway", "replay", "--to", "store-neu", "--station", "neu/LP-0001")
    assert code == 0, err
    until(lambda: stored(town, "neu") == expected("neu"), "not there")
    assert stored(town, "alt") == expected("alt")


def test_one_tenants_file_is_never_anothers(tmp_path):
    """`b` of the tenant `a`, beside `a_b` of nobody: one name for both would mix them."""
    options = {key: option.default for key, option in files.OPTIONS.items()} | {"folder": tmp_path / "out"}

    async def run():
        sink = files.Files(Context("f", options, tmp_path))
        await sink.start()
        assert await sink.deliver([observed(0, 1, 2, station="b", tenant="a", time=1_790_000_000),
                                   observed(0, 8, 9, station="a_b", time=1_790_000_000)]) == []  # fmt: skip
        await sink.stop()

    asyncio.run(run())
    found = [path.read_text() for path in sorted((tmp_path / "out").rglob("*.csv"))]
    assert len(found) == 2
    assert [len(text.splitlines()) for text in found] == [3, 3]


def test_a_renamed_and_a_retired_station_keep_their_history(site, server, station, until):
    """In the store, on the page, in the export and in files; and nobody waits for the retired one."""
    site.write_config(
        '[[sink]]\nkind = "store"\n[[sink]]\nkind = "files"\nfolder = "out"\nwrite_every_s = 1\n'
        f'[[sink]]\nkind = "mqtt"\nhost = "127.0.0.1"\nport = {site.port}\n'
    )
    site.started()
    for seq in range(3):
        server.publish(station.topic(), station.uplink(seq))
    site.wait_for(range(3))
    assert luftpegel(site, "gateway", "station", "rename", "LP-0001", "LP-0101")[0] == 0
    for seq in range(3, 5):
        server.publish(station.topic(), station.uplink(seq))
    site.wait_for(range(5))
    assert site.stored("LP-0101") == {}
    for name in ("LP-0101", "LP-0001"):
        status, page = site.get(f"/station/{name}?lang=en")
        assert (status, "LP-0101" in page, page.count("<tr") > 5) == (200, True, True)
        assert luftpegel(site, "export", "--station", name)[1].count("LP-0001") == 10
    until(lambda: everything(site.folder / "out").count("LP-0001") == 10, "not in the files")
    assert luftpegel(site, "gateway", "station", "retire", "LP-0101", "--on", "2026-11-01")[0] == 0
    server.publish(station.topic(), station.uplink(5))
    site.wait_for(range(6))
    until(lambda: "LP-0101" not in str(json.loads(site.get("/readyz")[1])["findings"]), "it is waited for")
    out = luftpegel(site, "gateway", "status")[1]
    assert "retired 2026-11-01" in out
    assert "LP-0101: silent" not in out
    assert site.get("/station/LP-0101")[0] == 200
    assert luftpegel(site, "export", "--station", "LP-0101")[1].count("LP-0001") == 12
