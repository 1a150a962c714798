"""What an operator is told who makes a mistake: in the right language, of the right thing, all at once."""

import argparse
import os
import shlex
import subprocess
import sys
import tomllib

import paho.mqtt.client as paho
import pytest

from luftpegel_gateway import sinks, sources
from luftpegel_gateway.cli import command, export
from luftpegel_gateway.cli.usage import Parser, spoken, translate
from luftpegel_gateway.config.files import BadConfig, load
from luftpegel_gateway.words.messages import say
from luftpegel_gateway.words.usage import in_german
from luftpegel_tools.cli import main

HEAD = '[gateway]\ndata = "data"\nstations = "stations.toml"\n'
SOURCE = '[[source]]\nkind = "chirpstack-mqtt"\nhost = "h"\n'
STATIONS = '[[station]]\nid = "A"\ndev_eui = "70b3d57ed0000001"\nname = "x"\nkind = "level"\n'
STORE = '[[sink]]\nkind = "store"\n'


@pytest.fixture
def mistakes(tmp_path):
    """(code, key) of what is wrong in gateway.toml."""

    def judge(text):
        (tmp_path / "gateway.toml").write_text(text)
        (tmp_path / "stations.toml").write_text(STATIONS)
        with pytest.raises(BadConfig) as bad:
            load(tmp_path / "gateway.toml")
        return [(one.code, one.words.get("key")) for one in bad.value.mistakes]

    return judge


def parsers(parser):
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from parsers(below)


@pytest.mark.parametrize("module", [command, export])
def test_every_help_has_its_german(module):
    parser = Parser()
    module.configure(parser)
    texts = set()
    for one in parsers(parser):
        texts |= {one.description, *(group.title for group in one._action_groups)}
        for action in one._actions:
            texts.add(action.help)
            texts |= {choice.help for choice in getattr(action, "_choices_actions", ())}
    texts -= {None}
    assert len(texts) > 15
    assert {text for text in texts if in_german(text) == text} == set()
    with spoken("de"):
        translate(parser, "de")
        assert all("show this" not in one.format_help() for one in parsers(parser))


@pytest.mark.parametrize(
    ("words", "german", "english"),
    [
        ([], "diese Argumente fehlen: VERB", "required: VERB"),
        (["fly"], "'fly' gibt es nicht (möglich ist: ", "invalid choice: 'fly'"),
        (["gateway", "fly"], "gibt es nicht", "invalid choice"),
        (["gateway", "send"], "diese Argumente fehlen: STATION, NAME=NUMBER", "arguments are required"),
        (["gateway", "send", "A", "x"], "'x' ist nicht NAME=ZAHL", "'x' is not NAME=NUMBER"),
        (["gateway", "send", "A", "adr=1", "--expires", "x"], "keine Zahl von Tagen", "no number of"),
        (["gateway", "cancel", "A", "x"], "'x' ist kein gültiger Wert (int)", "invalid int value"),
        (["gateway", "status", "--wings"], "unbekannte Argumente: --wings", "unrecognized arguments"),
        (["gateway", "replay", "--to"], "hier wird ein Wert erwartet", "expected one argument"),
        (["gateway", "replay", "--to", "x", "--since", "y"], "kein Tag wie", "is not a day like"),
        (["gateway", "quarantine", "list", "--limit", "0"], "keine ganze Zahl über 0", "no whole number"),
        (["gateway", "station", "retire", "A", "--on", "x"], "ist kein Tag wie", "is no day like"),
        (["gateway", "live", "--count", "0"], "keine Zahl von Zeilen", "is no number of lines"),
        (["gateway", "import", "--tag", "x"], "'x' ist nicht SCHLÜSSEL=WERT", "'x' is not KEY=VALUE"),
        (["export", "--timezone", "Mars"], "ist keine Zeitzone", "is no time zone"),
        (["export", "--since", "x", "--store", "y"], "kein Tag wie", "is not a day like"),
        (["export", "--format", "xml"], "'xml' gibt es nicht", "invalid choice: 'xml'"),
    ],
)
def test_wrong_use_is_told_in_the_language_asked_for(words, german, english, capsys, monkeypatch):
    for told, language, others in (
        (german, "de_DE.UTF-8", ("usage:", "error:", "argument ")),
        (english, "en_GB.UTF-8", ("Aufruf", "Fehler")),
    ):
        monkeypatch.setenv("LC_ALL", language)
        try:
            code = main(words)
        except SystemExit as ended:
            code = ended.code
        said = " ".join(capsys.readouterr().err.split())
        assert (code, told in said) == (2, True), said
        assert not [word for word in others if word in said]


WRONG_TOML = (
    "a", "a b", "a = ", "a = [", "a = {", 'a = "x', "[a", "[[a", "a = 1\na = 2", "a.b = 1\n[a]\n[a]",
    "a = 1 2", 'a = "\\q"', 'a = "\\ud800"', 'a = "\\uzzzz"', "a = 2026-13-01", "a = 99:99:99", "a = \x01",
    "\x02", "= 1", "a = {b=1, b=2}", "[a]\nb=1\n[[a]]", "a = 1\n[a.b]", "a=[]\n[[a]]", 'a = """x',
)  # fmt: skip


def test_what_is_no_toml_is_told_in_german():
    english = ("Invalid", "Expected", "Unclosed", "Cannot", "Found", "Unterminated", "Illegal", "Unescaped",
               "Escaped", "Duplicate")  # fmt: skip
    for text in WRONG_TOML:
        with pytest.raises(tomllib.TOMLDecodeError) as wrong:
            tomllib.loads(text)
        reason = str(wrong.value).split(" (at ")[0]
        told = say("LP-302", "de", reason=reason)
        assert not [word for word in english if word in told], (reason, told)
        assert reason in say("LP-302", "en", reason=reason)


def test_a_missing_kind_is_missing_and_not_none(mistakes):
    assert mistakes(f'{HEAD}{SOURCE}[[sink]]\nname = "x"\n') == [("LP-305", "kind")]
    assert mistakes(f"{HEAD}{SOURCE}[[sink]]\nkind = 5\n") == [("LP-304", "kind")]


def test_a_path_that_is_none_is_no_double(mistakes):
    assert mistakes(f'{HEAD}{SOURCE}{STORE}{STORE}name = "two"\npath = 5\n') == [("LP-304", "path")]
    assert mistakes(f'{HEAD}{SOURCE}{STORE}{STORE}name = "two"\n') == [("LP-336", "path")]


KINDS = [("source", kind) for kind in sources.SOURCES] + [("sink", kind) for kind in sinks.SINKS]
FILLED = {
    "host": '"h"', "port": "1", "url": '"http://h"', "folder": '"f"', "token_file": '"s"',
    "password_file": '"s"', "username": '"a@b"', "database": '"d"', "org": '"o"', "bucket": '"b"',
    "stations": "{}", "file": '"f"', "keys_file": '"k"',
}  # fmt: skip


@pytest.mark.parametrize(
    ("table", "kind", "more"), [*((*one, "") for one in KINDS), ("sink", "influxdb", 'version = "2"\n')]
)
def test_all_that_is_missing_is_told_at_once(tmp_path, table, kind, more):
    """Fill in what was told to be missing: nothing else may be missing then."""

    def missing(text):
        (tmp_path / "gateway.toml").write_text(text)
        try:
            load(tmp_path / "gateway.toml")
        except BadConfig as bad:
            return [one.words["key"] for one in bad.mistakes if one.code == "LP-305"]
        return []

    (tmp_path / "stations.toml").write_text(STATIONS)
    (tmp_path / "s").touch(mode=0o600)
    (tmp_path / "s").write_text("secret")
    (tmp_path / "k").touch(mode=0o600)
    other = f'{STORE}name = "there"\n' if table == "source" else SOURCE
    text = f'{HEAD}{other}[[{table}]]\nkind = "{kind}"\nname = "mine"\n{more}'
    told = missing(text)
    assert told or kind == "store"
    assert missing(text + "".join(f"{key} = {FILLED[key]}\n" for key in told)) == []


def test_a_new_stations_mistake_names_what_was_typed(tmp_path, capsys):
    (tmp_path / "gateway.toml").write_text(f"{HEAD}{SOURCE}{STORE}")
    (tmp_path / "stations.toml").write_text(STATIONS)
    add = ["gateway", "station", "add", "B", "--name", "x", "--kind", "air", "--config",
           str(tmp_path / "gateway.toml"), "--lang", "de"]  # fmt: skip
    assert main([*add, "--dev-eui", "70b3"]) == 2
    told = capsys.readouterr().err
    assert ("LP-311" in told, "--dev-eui" in told, "stations.toml" in told) == (True, True, False)
    assert main([*add, "--dev-eui", "70b3d57ed0000001"]) == 2
    told = capsys.readouterr().err
    assert ("LP-307" in told, "stations.toml: " in told, "Zeile 3" in told) == (True, True, True)
    assert (tmp_path / "stations.toml").read_text() == STATIONS


def test_the_step_for_an_empty_list_works_as_it_stands(tmp_path, capsys):
    (tmp_path / "gateway.toml").write_text(f"{HEAD}{SOURCE}{STORE}")
    (tmp_path / "stations.toml").write_text("")
    for language in ("de", "en"):
        config = ["--config", str(tmp_path / "gateway.toml"), "--lang", language]
        assert main(["gateway", "check", "--no-dial", *config]) == 2
        told = capsys.readouterr().err
        words = shlex.split(told[told.index("`luftpegel ") + 1 :].split("`")[0])[1:]
        assert main([*words, "--dry-run", *config]) == 0
        capsys.readouterr()


@pytest.mark.parametrize(
    "words",
    [["gateway", "status", "--json"], ["gateway", "station", "list"], ["gateway", "--help"],
     ["gateway", "station", "list", "--json"], ["gateway", "commands"]],
)  # fmt: skip
@pytest.mark.parametrize("buffered", ["", "1"])
def test_a_reader_who_has_enough_is_no_error(site, words, buffered):
    """`| head`: whoever reads has gone when we write, also where what we write fits the pipe."""
    text = "".join(STATIONS.replace('"A"', f'"A{n}"').replace("0001", f"{n:04d}") for n in range(1, 800))
    (site.folder / "stations.toml").write_text(text)
    site.started().stop()
    config = [] if "--help" in words else ["--config", str(site.config)]
    with subprocess.Popen([sys.executable, "-m", "luftpegel_tools.cli", *words, *config],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=os.environ | {"PYTHONUNBUFFERED": buffered}) as shown:  # fmt: skip
        shown.stdout.close()
        assert shown.stderr.read() == b""
        assert shown.wait(60) == 0


def test_a_new_sink_of_a_new_gateway_tells_each_reading_once(site, server, station, until):
    """What comes after the sink is no history, although it lies in the journal by then."""
    heard = []
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="listener")
    client.on_connect = lambda *_: client.subscribe("luftpegel/#", 1)
    client.on_message = lambda *given: heard.append(given[2].topic)
    client.connect("127.0.0.1", site.port)
    client.loop_start()
    site.write_config(f'[[sink]]\nkind = "mqtt"\nhost = "127.0.0.1"\nport = {site.port}\n')
    site.started()
    for seq in range(5):
        server.publish(station.topic(), station.uplink(seq))
    server.settle()
    until(lambda: len(heard) >= 10, "nothing")
    until(lambda: site.account("mqtt").waiting == {"mqtt": 0} and not site.account("mqtt").offered, "busy")
    site.stop()
    client.disconnect()
    client.loop_stop()
    assert len(heard) == 10
