"""The command line as a whole: its page, its completion, what every verb has."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from luftpegel_tools.cli import COMMANDS, EXIT_CODES, main, whole_parser
from luftpegel_tools.command_line import page
from luftpegel_tools.command_line.completion_command import SHELLS
from luftpegel_tools.command_line.walk import is_leaf, parsers_below

LEAVES = [parser for parser in parsers_below(whole_parser()) if is_leaf(parser)]
# What answers nothing: it serves until it is ended, or prints a script.
NO_ANSWER = {"luftpegel gateway run", "luftpegel completion"}


def options(parser):
    return {word for action in parser._actions for word in action.option_strings}


def test_the_page_is_that_of_the_commands():
    assert page.PAGE.read_text(encoding="utf-8") == page.page(), (
        "run: python -m luftpegel_tools.command_line.page"
    )


def test_the_page_has_every_command_and_every_exit_code():
    text = page.PAGE.read_text(encoding="utf-8")
    assert [f"## luftpegel {verb}\n" for verb in COMMANDS if f"## luftpegel {verb}\n" not in text] == []
    assert [leaf.prog for leaf in LEAVES if f" {leaf.prog}\n" not in text] == []
    told = {
        int(code)
        for line in re.findall(r"^Exit code: (.*)$", text, re.MULTILINE)
        for code in re.findall(r"(?<![-\w])\d(?![\w-])", line)
    }
    assert told <= set(EXIT_CODES)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.prog)
def test_what_answers_answers_machines_too(leaf):
    assert "--json" in options(leaf) or leaf.prog in NO_ANSWER


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.prog)
def test_the_version_behind_every_verb(leaf, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*leaf.prog.split()[1:], "--version"])
    assert ended.value.code == 0
    assert re.fullmatch(r"luftpegel [\d.]+\n", capsys.readouterr().out)


@pytest.fixture(scope="module")
def scripts():
    found = {}
    for shell in SHELLS:
        done = subprocess.run(
            [sys.executable, "-m", "luftpegel_tools.cli", "completion", shell],
            capture_output=True,
            text=True,
            check=True,
        )
        found[shell] = done.stdout
    return found


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_knows_every_verb(scripts, shell):
    for verb in COMMANDS:
        assert re.search(rf"\b{verb}\b", scripts[shell])
    assert "station" in scripts[shell]
    assert "frame" in scripts[shell]


@pytest.mark.parametrize("shell", [shell for shell in SHELLS if shutil.which(shell)])
def test_a_shell_reads_the_script(scripts, shell):
    done = subprocess.run([shell, "-n"], input=scripts[shell], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("luftpegel doc", {"doctor"}),
        ("luftpegel station ", {"new", "check", "wiring", "build"}),
        ("luftpegel doctor --ro", {"--roster"}),
        ("luftpegel completion ", set(SHELLS)),
    ],
)
def test_bash_completes(scripts, tmp_path, typed, offered):
    words = typed.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    program = (
        f"{scripts['bash']}\nCOMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; COMP_LINE='{typed}'\n"
        f"COMP_POINT={len(typed)}\n"
        '_shtab_luftpegel luftpegel "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"\n'
        "printf '%s\\n' \"${COMPREPLY[@]}\"\n"
    )
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert offered <= set(done.stdout.split()), done.stderr


def test_nothing_is_coloured():
    """Whatever the environment asks for."""
    asked = {**os.environ, "FORCE_COLOR": "1", "PY_COLORS": "1", "CLICOLOR_FORCE": "1", "NO_COLOR": "1"}
    for words in (["--help"], ["explain", "LP-231"], ["decode", "zz"], ["doctor", "--offline"]):
        done = subprocess.run(
            [sys.executable, "-m", "luftpegel_tools.cli", *words], capture_output=True, check=False, env=asked
        )
        assert b"\x1b" not in done.stdout + done.stderr
