"""Wrong files are refused with the line, the cause and the next step; right ones are read."""

import argparse

import pytest

from luftpegel_gateway.cli import command
from luftpegel_gateway.config.files import BadConfig, load, risks
from luftpegel_gateway.config.toml_lines import lines_of
from luftpegel_gateway.words.messages import CATALOGUE

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
LOGIN = 'host = "h"\nusername = "gateway"\npassword_file = "password"'
STATION = """\
[[station]]
id = "LP-0001"
dev_eui = "70B3D57ED0000001"
name = "Mühlbach Brücke"
kind = "level"
latitude = 49.5
longitude = 11
"""


@pytest.fixture
def judge(tmp_path):
    """Write both files and load them."""

    def load_files(gateway=GATEWAY, stations=STATION):
        (tmp_path / "gateway.toml").write_text(gateway, encoding="utf-8")
        (tmp_path / "stations.toml").write_text(stations, encoding="utf-8")
        return load(tmp_path / "gateway.toml")

    return load_files


@pytest.fixture
def mistakes(judge):
    """The mistakes as (file, line, code)."""

    def find(**files):
        with pytest.raises(BadConfig) as bad:
            judge(**files)
        return [(found.file.name, found.line, found.code) for found in bad.value.mistakes]

    return find


def test_right_files_are_read(judge):
    config = judge()
    assert [(part.kind, part.name) for part in config.sources + config.sinks] == [
        ("chirpstack-mqtt", "chirpstack-mqtt"),
        ("store", "store"),
    ]
    assert config.stations[0].dev_eui == "70b3d57ed0000001"
    assert config.page is None


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ('data = "data"', 'dta = "data"', 1, "LP-305"),
        ('host = "127.0.0.1"', 'host = "127.0.0.1"\nhots = 1', 8, "LP-303"),
        ('host = "127.0.0.1"', "host = 5", 7, "LP-304"),
        ('host = "127.0.0.1"', 'host = ""', 7, "LP-306"),
        ('host = "127.0.0.1"', 'host = "h"\nport = 70000', 8, "LP-306"),
        ('host = "127.0.0.1"', 'host = "h"\nport = true', 8, "LP-304"),
        ('host = "127.0.0.1"', 'host = "h"\npassword_file = "none"\nusername = "u"', 8, "LP-326"),
        ('host = "127.0.0.1"', "# no host", 5, "LP-305"),
        ('kind = "store"', 'kind = "stor"', 10, "LP-306"),
        ('kind = "store"', "", 9, "LP-305"),
        ('kind = "store"', "kind = 5", 10, "LP-304"),
        ('kind = "store"', 'kind = "store"\n[[sink]]\nkind = "store"', 11, "LP-312"),
        ('kind = "store"', 'kind = "store"\nname = "journal"', 11, "LP-312"),
        ('kind = "store"', 'kind = "store"\nzzz = 1', 11, "LP-313"),
        ('[[sink]]\nkind = "store"\n', "", 1, "LP-305"),
        ("[gateway]", "[gateway", 1, "LP-302"),
        ('stations = "stations.toml"', "stations = stations.toml", 3, "LP-302"),
        ('kind = "store"', 'kind = "store', 10, "LP-302"),
        ('kind = "store"', 'kind = "store"\nkind = "mqtt"', 11, "LP-302"),
        ('stations = "stations.toml"', 'stations = "station.toml"', 1, "LP-301"),
        ("[[sink]]", "[sink]", 9, "LP-304"),
        ('data = "data"', r'data = "da\u0000ta"', 2, "LP-306"),
        ('stations = "stations.toml"', r'stations = "\u0000"', 3, "LP-306"),
        ('host = "127.0.0.1"', 'host = "h"\ntopic_prefix = "town/#"', 8, "LP-311"),
        ('host = "127.0.0.1"', 'host = "h"\nx = ' + "[" * 5000, 1, "LP-302"),
        ('host = "127.0.0.1"', "host = " + "9" * 5000, 1, "LP-302"),
        ('kind = "store"', 'kind = "store"\nname = "stations"', 11, "LP-312"),
        ('kind = "store"', 'kind = "mqtt"\nhost = "h"\ntopic_prefix = "a+"', 12, "LP-311"),
        ('kind = "store"', 'kind = "mqtt"\nhost = "h"\ntopic_prefix = "/"', 12, "LP-311"),
        ('kind = "store"', 'kind = "mqtt"\nhost = "h"\nhome_assistant = "home/#"', 12, "LP-311"),
        ('kind = "store"', 'kind = "mqtt"\nhost = "h"\nhome_assistant = "/luftpegel/"', 12, "LP-306"),
    ],
)
def test_each_mistake_is_found_in_its_line(mistakes, old, new, line, code):
    assert old in GATEWAY
    assert (line, code) in [place[1:] for place in mistakes(gateway=GATEWAY.replace(old, new, 1))]


@pytest.mark.parametrize(
    ("stations", "line", "code"),
    [
        (STATION + STATION.replace("LP-0001", "LP-2"), 10, "LP-307"),
        (STATION + STATION.replace("0000001", "0000002"), 9, "LP-307"),
        (STATION.replace("70B3D57ED0000001", "70B3"), 3, "LP-311"),
        (STATION.replace("LP-0001", "a/b+#"), 2, "LP-311"),
        (STATION.replace('"level"', '"levl"'), 5, "LP-306"),
        (STATION.replace("49.5", "91"), 6, "LP-306"),
        (STATION.replace("name", "nmae"), 4, "LP-303"),
        (STATION.replace("name", "# name"), 1, "LP-305"),
    ],
)
def test_mistakes_in_the_stations_file(mistakes, stations, line, code):
    assert ("stations.toml", line, code) in mistakes(stations=stations)


def test_all_mistakes_are_told_at_once(mistakes):
    gateway = GATEWAY.replace('data = "data"', "data = 5").replace('kind = "store"', 'kind = "x"')
    found = mistakes(gateway=gateway, stations=STATION.replace("level", "x"))
    assert [place[:2] for place in found] == [("gateway.toml", 2), ("gateway.toml", 10), ("stations.toml", 5)]


def test_a_byte_order_mark_is_no_mistake(judge, tmp_path):
    """Some editors begin each file with one."""
    secret = tmp_path / "secret"
    secret.write_bytes("\ufefftoken\r\n".encode())
    secret.chmod(0o600)
    gateway = GATEWAY.replace('host = "127.0.0.1"', 'host = "h"\nusername = "u"\npassword_file = "secret"')
    config = judge("\ufeff" + gateway, "\ufeff" + STATION)
    assert config.sources[0].options["password_file"] == "token"


@pytest.mark.parametrize(("path", "fine"), [("/tts", True), ("/", True), ("tts", False), ("/t?x", False)])
def test_the_path_of_a_source_is_one_that_a_request_can_have(judge, tmp_path, path, fine):
    (tmp_path / "token").write_text("token")
    (tmp_path / "token").chmod(0o600)
    options = f'port = 8090\npath = "{path}"\ntoken_file = "token"'
    gateway = GATEWAY.replace("chirpstack-mqtt", "http-push").replace('host = "127.0.0.1"', options)
    if fine:
        assert judge(gateway).sources[0].options["path"] == path
        return
    with pytest.raises(BadConfig) as bad:
        judge(gateway)
    assert [(mistake.line, mistake.code) for mistake in bad.value.mistakes] == [(8, "LP-311")]


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ('[[source]]\nkind = "http-push"\nname = "b"\nport = 8090\ntoken_file = "token"\n', 16),
        ("[page]\nport = 8090\n", 7),
        ('[[source]]\nkind = "http-push"\nname = "b"\nport = 8091\ntoken_file = "token"\n[page]\n', None),
        ('[page]\nhost = "127.0.0.2"\nport = 8090\n', None),
    ],
)
def test_two_that_listen_at_one_port_are_a_mistake(judge, tmp_path, more, line):
    (tmp_path / "token").write_text("token")
    (tmp_path / "token").chmod(0o600)
    gateway = GATEWAY.replace("chirpstack-mqtt", "http-push").replace(
        'host = "127.0.0.1"', 'port = 8090\ntoken_file = "token"'
    )
    gateway += "\n" + more
    if line is None:
        assert judge(gateway).sources[0].options["port"] == 8090
        return
    with pytest.raises(BadConfig) as bad:
        judge(gateway)
    assert [(mistake.line, mistake.code) for mistake in bad.value.mistakes] == [(line, "LP-307")]


def test_did_you_mean(judge):
    with pytest.raises(BadConfig) as bad:
        judge(gateway=GATEWAY.replace('kind = "store"', 'kind = "store"\npaht = "x"'))
    mistake = bad.value.mistakes[0]
    assert "gateway.toml:11: LP-303 Nobody reads the key 'paht'." in mistake.text("en")
    assert "Did you mean 'path'?" in mistake.text("en")
    assert "War 'path' gemeint?" in mistake.text("de")


@pytest.mark.parametrize(("mode", "fine"), [(0o600, True), (0o400, True), (0o640, False), (0o604, False)])
def test_a_secret_must_be_its_owners_alone(judge, tmp_path, mode, fine):
    secret = tmp_path / "password"
    secret.write_text("swordfish\n")
    secret.chmod(mode)
    gateway = GATEWAY.replace('host = "127.0.0.1"', LOGIN)
    if fine:
        assert judge(gateway=gateway).sources[0].options["password_file"] == "swordfish"
        return
    with pytest.raises(BadConfig) as bad:
        judge(gateway=gateway)
    text = bad.value.mistakes[0].text("en")
    assert ("LP-309" in text, "swordfish" in text) == (True, False)


def test_lines_of_every_key():
    text = (
        'a = 1\n# b = 2\n[t]\n"x y".z = """\nnot = 1\n"""\nlist = [\n  {k = "]"},\n]\n'
        "[[e]]\nn = 1\n[[e]]\nn = 2\n[e.sub]\nm = 3\n"
    )
    assert lines_of(text) == {
        ("a",): 1,
        ("t",): 3,
        ("t", "x y"): 4,
        ("t", "x y", "z"): 4,
        ("t", "list"): 7,
        ("e",): 10,
        ("e", 0): 10,
        ("e", 0, "n"): 11,
        ("e", 1): 12,
        ("e", 1, "n"): 13,
        ("e", 1, "sub"): 14,
        ("e", 1, "sub", "m"): 15,
    }


def test_every_message_is_there_in_both_languages():
    for code, text in CATALOGUE.items():
        assert all(text.en + text.de), code
        assert text.en != text.de, code


def test_files_for_tls_without_tls_are_mistakes_at_their_lines(mistakes, tmp_path):
    (tmp_path / "ca.pem").write_text("")
    gateway = GATEWAY.replace('host = "127.0.0.1"', 'host = "h"\nca_file = "ca.pem"')
    assert mistakes(gateway=gateway) == [("gateway.toml", 8, "LP-406")]
    sink = GATEWAY.replace('kind = "store"', 'kind = "mqtt"\nhost = "h"\nca_file = "ca.pem"\ntls = false')
    assert mistakes(gateway=sink) == [("gateway.toml", 12, "LP-406")]


def test_a_password_over_a_network_in_clear_is_a_risk(judge, tmp_path):
    secret = tmp_path / "password"
    secret.write_text("swordfish")
    secret.chmod(0o600)
    gateway = GATEWAY.replace('host = "127.0.0.1"', LOGIN)
    assert list(risks(judge(gateway=gateway))) == [("chirpstack-mqtt", "LP-407")]
    assert list(risks(judge(gateway=gateway.replace('host = "h"', 'host = "h"\ntls = true')))) == []


def test_the_check_tells_of_it(judge, tmp_path, capsys):
    secret = tmp_path / "password"
    secret.write_text("swordfish")
    secret.chmod(0o600)
    judge(gateway=GATEWAY.replace('host = "127.0.0.1"', LOGIN))
    parser = argparse.ArgumentParser()
    command.configure(parser)
    args = parser.parse_args(
        ["check", "--no-dial", "--config", str(tmp_path / "gateway.toml"), "--lang", "de"]
    )
    assert command.run(args) == 0
    assert "LP-407 chirpstack-mqtt: das Passwort geht unverschlüsselt" in capsys.readouterr().out


FOLDER = '[[sink]]\nkind = "files"\nname = "{}"\nfolder = "{}"\n'
TWO_STORES = '[[sink]]\nkind = "store"\nname = "other"\n'


@pytest.mark.parametrize(
    ("sinks", "line", "key"),
    [
        (TWO_STORES, 11, "path"),
        (TWO_STORES + 'path = "data/../data/store.sqlite"\n', 14, "path"),
        ('[[sink]]\nkind = "store"\nname = "other"\npath = "data/journal.sqlite"\n', 14, "path"),
        (FOLDER.format("one", "out") + FOLDER.format("two", "out/."), 18, "folder"),
    ],
)  # fmt: skip
def test_two_that_write_one_file_are_a_mistake(judge, sinks, line, key):
    with pytest.raises(BadConfig) as bad:
        judge(gateway=GATEWAY + sinks)
    found = bad.value.mistakes
    assert [(one.code, one.words["key"]) for one in found] == [("LP-336", key)]
    assert found[0].line == line


def test_sinks_with_files_of_their_own_stand_beside_each_other(judge):
    more = '[[sink]]\nkind = "files"\nfolder = "a"\n[[sink]]\nkind = "files"\nname = "b"\nfolder = "b"\n'
    assert len(judge(gateway=GATEWAY + TWO_STORES + 'path = "b.sqlite"\n' + more).sinks) == 4


def test_citizen_networks_are_read_from_tables(judge, tmp_path):
    (tmp_path / "token").write_text("t0ken")
    (tmp_path / "token").chmod(0o600)
    box = '[sink.stations.LP-0001]\nbox = "57000b8745fd40c8196ad04c"\ntoken_file = "token"\n'
    sensors = '[sink.stations.LP-0001.sensors]\nlevel = "57000b8745fd40c8196ad04d"\n'
    node = '[sink.stations.LP-0001]\nid = "esp8266-1"\nsensors = ["PM"]\n'
    more = f'[[sink]]\nkind = "opensensemap"\n{box}{sensors}[[sink]]\nkind = "sensor-community"\n{node}'
    config = judge(gateway=GATEWAY + more)
    assert [list(part.options["stations"]) for part in config.sinks[1:]] == [["LP-0001"], ["LP-0001"]]


@pytest.mark.parametrize("folder", ["", 'folder = ""\n', "folder = 3\n"])
def test_a_folder_that_cannot_be_read_is_a_mistake_among_the_others(judge, folder):
    more = f'[[sink]]\nkind = "files"\n{folder}'
    with pytest.raises(BadConfig) as bad:
        judge(gateway=GATEWAY + more, stations=STATION.replace("49.5", "490"))
    assert [mistake.words["key"] for mistake in bad.value.mistakes] == ["folder", "latitude"]
