"""What an operator does before and while a gateway runs: init, check, station; and what is refused."""

import argparse
import asyncio
import json
import stat
import subprocess
import sys

import pytest

from luftpegel_gateway.cli import command, machine
from luftpegel_gateway.config import editing, replacing
from luftpegel_gateway.config.files import BadConfig, load
from luftpegel_gateway.config.secrets import Secret, read_secret
from luftpegel_gateway.config.wrong import Wrong
from luftpegel_gateway.delivery.worker import Worker
from luftpegel_gateway.directory.directory import Directory
from luftpegel_gateway.directory.watch import watch
from luftpegel_gateway.journal.port import Batch
from luftpegel_gateway.model.faults import CannotStart, OtherEndDown
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import AlarmRaised
from luftpegel_gateway.sinks import mqtt as mqtt_sink
from luftpegel_gateway.sources import chirpstack_mqtt, tts_mqtt, tts_webhook
from luftpegel_gateway.transport import mqtt_visit

GATEWAY = """\
[gateway]
data = "data"
stations = "stations.toml"
[[source]]
kind = "chirpstack-mqtt"
host = "127.0.0.1"
[[sink]]
kind = "store"
"""
STATIONS = """\
# our stations
[[station]]
id = "LP-0001"  # the first
dev_eui = "70b3d57ed0000001"
name = "Mühlbach"
kind = "level"
[station.limits.distance]
low = 40

[[station]]
id = "LP-0002"
dev_eui = "70b3d57ed0000002"
name = "Markt"
kind = "climate"
neighbours = ["LP-0001"]
"""
PASSWORD = "swordfish-4711"


@pytest.fixture
def place(tmp_path):
    def write(gateway=GATEWAY, stations=STATIONS):
        (tmp_path / "gateway.toml").write_text(gateway)
        (tmp_path / "stations.toml").write_bytes(
            stations if isinstance(stations, bytes) else stations.encode()
        )
        return tmp_path / "gateway.toml"

    return write


@pytest.fixture
def run(tmp_path, capsys):
    def call(*words, lang="en"):
        parser = argparse.ArgumentParser()
        command.configure(parser)
        config = ["--config", str(tmp_path / "gateway.toml"), "--lang", lang]
        code = command.run(parser.parse_args([*words, *config]))
        told = capsys.readouterr()
        return code, told.out + told.err

    return call


def codes(file):
    with pytest.raises(BadConfig) as bad:
        load(file)
    return [found.code for found in bad.value.mistakes]


@pytest.mark.parametrize(
    ("host", "code"),
    [("mqtt://broker", "LP-327"), ("broker:1883", "LP-328"), ("a b", "LP-328"), ("u@h", "LP-328"),
     ("h/x", "LP-328")],
)  # fmt: skip
def test_a_host_stands_alone(place, host, code):
    assert codes(place(GATEWAY.replace("127.0.0.1", host))) == [code]


def test_brackets_of_an_address_go(place):
    config = load(place(GATEWAY.replace("127.0.0.1", "[::1]")))
    assert config.sources[0].options["host"] == "::1"


def test_a_data_folder_that_cannot_be(place, tmp_path):
    (tmp_path / "data").write_text("a file")
    assert codes(place()) == ["LP-329"]
    assert codes(place(GATEWAY.replace('"data"', '"data/below"'))) == ["LP-329"]


@pytest.mark.parametrize(
    ("stations", "code"),
    [
        (STATIONS + "latitude = 49.5\n", "LP-338"),
        (STATIONS + "longitude = 11\n", "LP-338"),
        ("# none\n", "LP-343"),
        (STATIONS.encode("latin-1"), "LP-344"),
        (STATIONS.encode("utf-16"), "LP-344"),
        (b"#" * (16 * 2**20 + 1), "LP-345"),
        ("a = " + "[" * 100_000, "LP-302"),
        ("a = " + "1" * 5000, "LP-302"),
        (STATIONS + 'name = "twice"\n', "LP-302"),
        (STATIONS + "retired = 5\n", "LP-311"),
        (STATIONS + 'tenant = "x"\n', "LP-368"),
    ],
)
def test_a_wrong_list_is_refused(place, stations, code):
    assert code in codes(place(stations=stations))


@pytest.mark.parametrize(
    "text", [b"\xef\xbb\xbf" + STATIONS.encode(), STATIONS.replace("\n", "\r\n").encode(),
             STATIONS.replace(" = ", "\t=\t").encode()])  # fmt: skip
def test_what_editors_do_is_read(place, text):
    assert len(load(place(stations=text)).stations) == 2


def test_a_password_without_a_user(place, tmp_path):
    (tmp_path / "p").touch(mode=0o600)
    (tmp_path / "p").write_text(PASSWORD)
    assert codes(place(GATEWAY.replace('"127.0.0.1"', '"h"\npassword_file = "p"'))) == ["LP-305"]


def test_rubbish_for_tls(place, tmp_path, authority):
    pair, other = authority.issue("one"), authority.issue("two")
    rubbish = tmp_path / "rubbish"
    rubbish.write_text("no certificate")
    for files in (f'ca_file = "{rubbish}"', f'cert_file = "{pair[0]}"\nkey_file = "{other[1]}"',
                  f'cert_file = "{rubbish}"\nkey_file = "{pair[1]}"',
                  f'cert_file = "{pair[0]}"\nkey_file = "{rubbish}"'):  # fmt: skip
        assert codes(place(GATEWAY.replace('"127.0.0.1"', f'"h"\ntls = true\n{files}'))) == ["LP-339"]
    old = authority.issue("old", days=(-30, -1))
    config = load(place(GATEWAY.replace(
        '"127.0.0.1"', f'"h"\ntls = true\ncert_file = "{old[0]}"\nkey_file = "{old[1]}"')))  # fmt: skip
    told = list(machine.certificates_of(config.sources[0], machine.time.time(), "en"))
    assert [(one.state, one.code) for one in told] == [("fail", "LP-358")]


def test_secrets_from_environment_and_systemd(tmp_path):
    (tmp_path / "broker").write_text(f"{PASSWORD}\n")  # whatever its mode
    environment = {"WORD": PASSWORD, "EMPTY": "", "CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert read_secret("env:WORD", tmp_path, environment) == PASSWORD
    assert read_secret("credential:broker", tmp_path, environment) == PASSWORD
    for value, code in (("env:NONE", "LP-324"), ("env:EMPTY", "LP-324"), ("env:a b", "LP-324"),
                        ("credential:none", "LP-325"), ("credential:../x", "LP-325"),
                        (PASSWORD, "LP-326")):  # fmt: skip
        with pytest.raises(Wrong) as wrong:
            read_secret(value, tmp_path, environment)
        assert wrong.value.code == code
        assert PASSWORD not in repr(wrong.value.words)
    assert PASSWORD not in repr({"x": Secret(PASSWORD)})


def test_no_output_shows_a_secret(place, run, monkeypatch):
    monkeypatch.setenv("WORD", PASSWORD)
    login = '"127.0.0.1"\nport = 1\nusername = "u"\npassword_file = "env:WORD"'
    file = place(GATEWAY.replace('"127.0.0.1"', login))
    assert PASSWORD not in repr(load(file))
    for words in (["check"], ["check", "--json"], ["status"], ["station", "list", "--json"]):
        assert PASSWORD not in run(*words)[1]
    for wrong in (PASSWORD, f"{PASSWORD}\\u0000"):
        place(GATEWAY.replace('"127.0.0.1"', f'"h"\nusername = "u"\npassword_file = "{wrong}"'))
        code, told = run("check")
        assert (code, PASSWORD in told) == (2, False)


def test_renamed_keeps_its_history(place, run):
    file = place()
    assert run("station", "rename", "LP-0001", "LP-0101")[0] == 0
    first, second = load(file).stations
    assert (first.id, first.label, second.neighbours) == ("LP-0001", "LP-0101", ("LP-0001",))
    text = (file.parent / "stations.toml").read_text()
    assert "# our stations" in text
    assert '"LP-0101"  # the first' in text
    assert (file.parent / "stations.toml.old").read_text() == STATIONS
    directory = Directory(load(file).stations)
    assert directory.by_id("LP-0001") is directory.by_id("LP-0101") is directory.resolve("s", first.dev_eui)
    code, told = run("station", "rename", "LP-0002", "LP-0001")  # its readings lie there
    assert (code, "LP-363" in told) == (1, True)
    assert run("station", "rename", "LP-0101", "LP-0001")[0] == 0
    assert (file.parent / "stations.toml").read_text() == STATIONS


def test_retired_gives_its_board_away(place, run):
    file = place()
    assert run("station", "retire", "LP-0001", "--on", "2026-11-26")[0] == 0
    eui = "70b3d57ed0000001"
    assert run("station", "add", "LP-3", "--dev-eui", eui, "--name", 'A "B" \\', "--kind", "air")[0] == 0
    stations = load(file).stations
    assert (stations[0].retired, stations[2].name) == ("2026-11-26", 'A "B" \\')
    assert Directory(stations).resolve("s", eui).id == "LP-3"
    before = (file.parent / "stations.toml").read_bytes()
    code, told = run("station", "add", "LP-4", "--dev-eui", eui, "--name", "x", "--kind", "air")
    assert (code, "LP-307" in told) == (2, True)
    assert (file.parent / "stations.toml").read_bytes() == before


def test_the_first_station(place, run):
    file = place(stations="# none")
    assert run("station", "add", "A", "--dev-eui", "70b3d57ed0000001", "--name", "x", "--kind", "air")[0] == 0
    assert [station.id for station in load(file).stations] == ["A"]


def test_line_ends_stay():
    text = STATIONS.replace("\n", "\r\n")
    assert editing.rename(text, "", "LP-0001", "X").count("\r\n") == text.count("\r\n") + 1


def test_killed_at_each_step_leaves_a_whole_file(tmp_path):
    """SIGKILL at every call that reaches the disk: the old text or the new, never less."""
    program = (
        "import os, sys, signal\nfrom pathlib import Path\nfrom luftpegel_gateway.config import replacing\n"
        "left = [int(sys.argv[2])]\n"
        "def deadly(call):\n def wrapped(*a, **k):\n  left[0] -= 1\n"
        "  if left[0] < 0: os.kill(os.getpid(), signal.SIGKILL)\n  return call(*a, **k)\n return wrapped\n"
        "for name in ('fsync', 'fchmod', 'open'): setattr(os, name, deadly(getattr(os, name)))\n"
        "for name in ('replace', 'unlink'): setattr(Path, name, deadly(getattr(Path, name)))\n"
        "file = Path(sys.argv[1])\nreplacing.replace(file, b'old' * 999, b'new' * 999, lambda _: None)\n"
    )
    file, kills = tmp_path / "stations.toml", 0
    for step in range(60):
        file.write_bytes(b"old" * 999)
        done = subprocess.run([sys.executable, "-c", program, str(file), str(step)], check=False, timeout=60)
        assert file.read_bytes() in (b"old" * 999, b"new" * 999)
        if done.returncode == 0:
            break
        kills += 1
    assert kills >= 8
    assert file.read_bytes() == b"new" * 999


def test_what_an_editor_saved_meanwhile_stays(tmp_path):
    file = tmp_path / "f"
    file.write_bytes(b"1")
    with pytest.raises(CannotStart):
        replacing.replace(file, b"1", b"2", lambda _: file.write_bytes(b"3"))
    assert file.read_bytes() == b"3"


def test_a_changed_file_is_noticed_when_it_rests(tmp_path):
    async def see():
        file, seen = tmp_path / "f", asyncio.Event()
        file.write_text("1")
        watching = asyncio.create_task(watch(file, seen.set, 0.01))
        for text in ("1", "12"):
            file.write_text(text)
            await asyncio.wait_for(seen.wait(), 30)
            seen.clear()
        watching.cancel()

    asyncio.run(see())


def test_init_writes_what_check_takes(tmp_path, run, capsys):
    answers = tmp_path / "answers.toml"
    answers.write_text(
        f'broker_user = "u"\nbroker_password = "{PASSWORD}"\nbroker_port = 1\nstation_id = "A"\n'
        'station_dev_eui = "70b3d57ed0000001"\nstation_name = "x"\n'
    )
    answers.chmod(0o644)
    assert "LP-309" in run("init", "--no-dial", "--answers", str(answers))[1]
    answers.chmod(0o600)
    code, told = run("init", "--no-dial", "--answers", str(answers))
    assert (code, PASSWORD in told) == (0, False)
    secret = tmp_path / "secrets" / "broker-password"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert load(tmp_path / "gateway.toml").sources[0].options["password_file"] == PASSWORD
    code, told = run("init", "--no-dial", "--answers", str(answers))
    assert (code, "LP-361" in told) == (1, True)
    assert run("init", "--no-dial", "--answers", str(answers), "--overwrite")[0] == 0
    assert (tmp_path / "gateway.toml.old").exists()
    answers.write_text('nonsense = 1\n')
    assert "LP-359" in run("init", "--answers", str(answers))[1]


def test_check_dials(place, run, inn):
    def tried():
        code, told = run("check", "--json")
        return code, {one["part"]: (one["state"], one["code"]) for one in json.loads(told)["tried"]}

    place(GATEWAY.replace('"127.0.0.1"', f'"127.0.0.1"\nport = {inn.port}'))
    inn.open()
    all_parts = ("data_ok", "disk_ok", "clock_ok", "source_ok", "sink_ok")
    assert tried() == (0, dict.fromkeys(all_parts, ("ok", "")))
    inn.open_with_login("u", "p")
    code, told = tried()
    assert (code, told["source_ok"]) == (1, ("fail", "LP-402"))
    inn.open_without_subscribing()
    assert tried()[1]["source_ok"] == ("fail", "LP-403")
    inn.close()
    assert tried()[1]["source_ok"] == ("fail", "LP-441")


def test_a_visit_leaves_the_running_session_alone(inn, gateway):
    inn.open()
    running = gateway(inn.port)
    options = {"host": "127.0.0.1", "port": inn.port, "topic_prefix": "luftpegel"}
    source = {k: o.default for k, o in chirpstack_mqtt.OPTIONS.items()} | options
    sink = {k: o.default for k, o in mqtt_sink.OPTIONS.items()} | options
    for _ in range(3):
        assert "mosquitto" in asyncio.run(chirpstack_mqtt.probe(source, running.name)).seen
        assert "mosquitto" in asyncio.run(mqtt_sink.probe(sink, running.name)).seen
    assert "LP-449" not in str(running.conditions.current())


def test_check_visits_the_things_stack(inn, tmp_path):
    """A broker with QoS 0 only is no news there, and it is asked nothing about itself."""
    options = {k: o.default for k, o in tts_mqtt.OPTIONS.items()} | {
        "host": "127.0.0.1", "port": inn.port, "tls": False, "username": "my-town@ttn",
        "password_file": "key",
    }  # fmt: skip
    inn.open()
    found = asyncio.run(tts_mqtt.probe(options, "tts"))
    assert (found.seen, found.warnings) == (f"127.0.0.1:{inn.port}", ())
    inn.open_with_login("my-town@ttn", "another key")
    with pytest.raises(OtherEndDown, match="LP-402"):
        asyncio.run(tts_mqtt.probe(options, "tts"))
    inn.close()
    with pytest.raises(OtherEndDown, match="LP-441"):
        asyncio.run(tts_mqtt.probe(options, "tts"))


def test_a_key_that_would_go_in_clear_is_told():
    options = {k: o.default for k, o in tts_webhook.OPTIONS.items()} | {"downlink_key_file": "key"}
    for url, told in (
        ("http://eu1.example", [("downlink_key_file", "LP-480")]), ("https://eu1.example", []),
        ("http://127.0.0.1:8080", []), (None, []),
    ):  # fmt: skip
        assert list(tts_webhook.warnings(options | {"url": url})) == told


def test_a_broker_that_dropped_something_is_told():
    told = mqtt_visit.probed({mqtt_visit.DROPPED_TOPIC: "17"}, "h:1")
    assert [fault.code for fault in told.warnings] == ["LP-346"]
    assert mqtt_visit.probed({mqtt_visit.DROPPED_TOPIC: "0"}, "h:1").warnings == ()


def test_port_clock_and_disk(tmp_path, inn, place):
    inn.open()
    assert machine.page_port("127.0.0.1", inn.port, tmp_path, "en").code == "LP-430"
    assert machine.clock(0, [], "en").code == "LP-347"
    config = load(place(GATEWAY.replace("[[source]]", "keep_mib = 10_000_000\n[[source]]")))
    assert machine.disk(config, "en").code == "LP-348"


def test_tenants_do_not_cross(place):
    tenants = '[[tenant]]\nid = "a"\n[[tenant]]\nid = "b"\n'
    gateway = GATEWAY.replace("[[source]]", f'{tenants}[[source]]\ntenant = "a"')
    gateway += '[[source]]\nkind = "chirpstack-mqtt"\nname = "two"\nhost = "h"\ntenant = "b"\n'
    one = '[[station]]\nid = "X"\ndev_eui = "70b3d57ed0000001"\nname = "x"\nkind = "air"\ntenant = "{}"\n'
    config = load(place(gateway, one.format("a") + one.format("b")))
    directory = Directory(config.stations, {part.name: part.tenant for part in config.sources})
    names = [directory.resolve(source, "70b3d57ed0000001").tenant for source in ("chirpstack-mqtt", "two")]
    assert names == ["a", "b"]
    items = [AlarmRaised(Ref(who, "X"), 1, None, 1, "k", 1, 1, 1) for who in ("", "a", "b")]
    for tenant, expected in (("a", ["a"]), ("b", ["b"]), ("", [""]), (None, ["", "a", "b"])):
        worker = Worker("s", None, None, None, None, tenant=tenant)
        wanted = worker._wanted(Batch(items, 3))
        assert [item.ref.tenant for item in wanted] == expected
    assert codes(place(gateway.replace('tenant = "b"', 'tenant = "c"'), one.format("a"))) == ["LP-368"]
