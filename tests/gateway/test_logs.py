"""The log of the running gateway: language, codes, priorities, floods, and that no secret is in it."""

import ast
import json
import logging
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import luftpegel_gateway
from luftpegel_gateway.cli.logs import MOST_KINDS, STATES, Limited, Lines, secrets_in, to_journal
from luftpegel_gateway.conditions.conditions import Conditions
from luftpegel_gateway.config.secrets import Secret
from luftpegel_gateway.words.log import LINES

ROOM = Path(luftpegel_gateway.__file__).parent
LEVELS = {"log", "info", "warning", "error", "exception", "critical"}
PASSWORD = "swordfish-4711"


class Shown(logging.Handler):
    """What a handler would have written."""

    def __init__(self, **options):
        super().__init__()
        given = {"language": "en", "as_json": False, "journal": True, "secrets": ()} | options
        language = given.pop("language")
        self.setFormatter(Lines(language, **given))
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def log():
    """A logger of its own, and what a limited handler of it wrote."""
    logger = logging.getLogger("test.logs")
    logger.propagate, logger.handlers = False, []
    logger.setLevel(logging.INFO)
    return logger


def logged():
    """Every text that the gateway logs, with its place."""
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                on = node.func.value
                if isinstance(on, ast.Name) and on.id == "log" and node.func.attr in LEVELS:
                    told = next((one for one in node.args if isinstance(one, ast.Constant)), None)
                    if told is not None and isinstance(told.value, str):
                        yield told.value, path.name


def test_every_line_has_its_german():
    found = dict(logged())
    assert len(found) > 15
    assert {text: where for text, where in found.items() if text not in LINES} == {}
    assert set(LINES) == set(found), "nobody logs these"
    for english, german in LINES.items():
        assert [english.count(mark) for mark in ("%s", "%d", "%r")] == [
            german.count(mark) for mark in ("%s", "%d", "%r")
        ]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", ("Das Ziel antwortet nicht", "Nächster Schritt", "in Ordnung")),
        ("en", ("The sink does not answer", "Next step", "works")),
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_a_condition_has_part_code_cause_and_next_step(language, words, as_json, monkeypatch):
    shown = Shown(language=language, as_json=as_json, journal=False)
    logger = logging.getLogger("luftpegel.gateway")
    monkeypatch.setattr(logger, "handlers", [shown])
    logger.setLevel(logging.INFO)
    conditions = Conditions()
    conditions.report("town", "LP-420", "refused")
    conditions.clear("town")
    begun, over = shown.lines
    assert words[0] in begun
    assert words[2] in over
    if as_json:
        facts = json.loads(begun)
        assert (facts["part"], facts["code"], "refused" in facts["cause"]) == ("town", "LP-420", True)
        assert facts["next_step"]
        assert json.loads(over)["part"] == "town"
    else:
        assert all(word in begun for word in ("town: LP-420", "refused", words[1]))


def test_a_fault_that_comes_ten_thousand_times_is_told_once_and_counted(log):
    shown, clock = Shown(), Clock()
    log.addHandler(limited := Limited(shown, clock))
    for number in range(10_000):
        clock.now = number * 0.3
        log.error("failed on a message with topic %r", f"t/{number}")
    assert len(shown.lines) == 1
    clock.now = 3601
    limited.look()
    assert len(shown.lines) == 2
    assert "9,999 more in the last 60 min" in shown.lines[1]
    assert "t/9999" in shown.lines[1]
    clock.now = 9000
    log.error("failed on a message with topic %r", "again")
    assert "again" in shown.lines[2]


def test_the_last_word_on_a_part_is_always_told(log):
    shown, clock = Shown(), Clock()
    log.addHandler(limited := Limited(shown, clock))
    for number in range(1001):
        clock.now = float(number)
        told = {"part": "town", "code": "LP-420", "detail": ""}
        log.warning("%s: %s %s", "town", "LP-420", number, extra=told)
        log.info("%s: works", "town", extra={"part": "town"})
    told = {"part": "town", "code": "LP-401", "detail": "the end"}
    log.warning("%s: %s %s", "town", "LP-401", "x", extra=told)
    assert len(shown.lines) == STATES
    clock.now += 61
    limited.look()
    assert len(shown.lines) == STATES + 1
    assert "the end" in shown.lines[-1]
    assert "1,993 more" in shown.lines[-1]


def test_no_number_of_kinds_fills_the_memory(log):
    shown, clock = Shown(), Clock()
    log.addHandler(limited := Limited(shown, clock))
    for number in range(20 * MOST_KINDS):
        log.warning(f"kind {number}")
        log.warning(f"kind {number}")
        assert limited.kinds <= MOST_KINDS
    limited.close()
    assert sum("1 more" in line for line in shown.lines) == 20 * MOST_KINDS, "none is lost uncounted"


def test_faults_of_two_places_are_two(log):
    shown = Shown()
    log.addHandler(Limited(shown, Clock()))
    faults = (lambda: 1 / 0,
              lambda: {}["x"],
              lambda: 2 / 0)  # fmt: skip
    for wrong in (*faults, *faults):
        try:
            wrong()
        except Exception:
            log.exception("%s failed", "town")
    assert sum("Traceback" in line for line in shown.lines) == len(shown.lines) == 3


def test_every_line_has_its_priority_and_none_passes_for_another(log):
    shown = Shown()
    log.addHandler(shown)
    log.info("one\n<0>forged")
    log.warning("two")
    try:
        raise ValueError("three\nlines")
    except ValueError:
        log.exception("bad")
    log.critical("four")
    assert shown.lines[0] == "<6>one\\n<0>forged"
    assert shown.lines[1] == "<4>two"
    assert all(line.startswith("<3>") for line in shown.lines[2].splitlines())
    assert shown.lines[3] == "<2>four"


def test_no_secret_is_ever_in_a_line(log):
    options = {"password_file": Secret(PASSWORD), "stations": {"A": ({"token_file": Secret("tok-12345")},)}}
    assert sorted(secrets_in(options)) == [PASSWORD, "tok-12345"]
    for as_json in (True, False):
        shown = Shown(as_json=as_json, secrets=secrets_in(options))
        log.handlers = [shown]
        log.warning("to mqtt://u:%s@h", PASSWORD)
        try:
            raise ValueError(f"Bearer tok-12345 and {PASSWORD}")
        except ValueError:
            log.exception("failed")
        assert not [line for line in shown.lines if PASSWORD in line or "tok-12345" in line]
        assert all("***" in line for line in shown.lines)


def test_whether_the_journal_reads_is_told_by_device_and_inode(tmp_path):
    with (tmp_path / "a").open("w") as stream, (tmp_path / "b").open("w") as other:
        found = os.fstat(stream.fileno())
        environment = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        assert to_journal(stream, environment)
        assert not to_journal(other, environment)
        assert not to_journal(stream, {})


@pytest.mark.parametrize("as_json", [True, False])
def test_under_systemd_what_is_broken_is_an_error(site, until, as_json):
    """The real gateway on a socket that $JOURNAL_STREAM names, as systemd gives it: nobody listens at 1."""
    site.config.write_text(site.config.read_text().replace(f"port = {site.port}", "port = 1")
                           .replace("[[source]]", 'language = "de"\n[[source]]'))  # fmt: skip
    ours, theirs = socket.socketpair()
    found = os.fstat(theirs.fileno())
    command = [sys.executable, "-m", "luftpegel_tools.cli", "gateway", "run", "--config", str(site.config)]
    site.process = subprocess.Popen(
        [*command, *(["--json"] if as_json else [])], stderr=theirs.fileno(),
        env=os.environ | {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"},
    )  # fmt: skip
    theirs.close()
    ours.settimeout(60)
    text = ""
    while "läuft: " not in text or "<3>" not in text or not text.endswith("\n"):
        text += ours.recv(65536).decode()
    site.kill()
    ours.close()
    lines = text.splitlines()
    assert all(line.startswith("<") and line[2] == ">" for line in lines), text
    assert [line for line in lines if line.startswith("<6>") and "läuft: Stationen: 2" in line]
    broken = [line for line in lines if line.startswith("<3>")]
    assert broken
    assert all("Nächster Schritt" in line or "next_step" in line for line in broken)


def test_a_gateway_that_cannot_start_is_an_error_too(site):
    site.config.write_text("[gateway]\n")
    ours, theirs = socket.socketpair()
    found = os.fstat(theirs.fileno())
    done = subprocess.run(
        [sys.executable, "-m", "luftpegel_tools.cli", "gateway", "run", "--config", str(site.config)],
        stderr=theirs.fileno(), env=os.environ | {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"},
        timeout=60, check=False,
    )  # fmt: skip
    theirs.close()
    told = ours.recv(65536).decode().splitlines()
    ours.close()
    assert done.returncode == 2
    assert told
    assert all(line.startswith("<3>") for line in told)
