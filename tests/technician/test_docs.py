"""The pages for technicians, typed as they stand."""

import re
import shlex
from pathlib import Path

import pytest

from luftpegel_tools.cli import main

DOCS = Path(__file__).parents[2] / "docs"
COMMAND = re.compile(r"^\$ luftpegel (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def blocks(page, kind):
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def here(tmp_path, monkeypatch):
    (table,) = blocks("roster.md", "csv")
    (tmp_path / "town.csv").write_text(table, encoding="utf-8")
    (tmp_path / "phrase").write_text("Pegel am Mühlbach\n", encoding="utf-8")
    (tmp_path / "phrase").chmod(0o600)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("pages", [["roster.md"], ["roster.md", "label.md"]])
def test_transcripts(here, capsys, pages):
    for page in pages:
        for block in blocks(page, "console"):
            commands = COMMAND.findall(block)
            assert commands
            for words, printed in commands:
                assert main(shlex.split(words)) == 0
                assert capsys.readouterr().out == printed
