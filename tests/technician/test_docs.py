"""The pages for technicians, typed as they stand."""

import re
import shlex
from pathlib import Path

import pytest

from luftpegel_tools.cli import main
from luftpegel_tools.technician.doctor import usb

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


def test_the_doctor_s_page(here, tmp_path, capsys, monkeypatch):
    """As it is told on a computer with two boards; versions, times and sizes are this one's."""
    empty = usb.Computer(tmp_path, tmp_path, linux=True)
    monkeypatch.setattr(usb, "boards", lambda: ["/dev/ttyUSB0", "/dev/ttyUSB1"])
    real = usb.look
    monkeypatch.setattr(usb, "look", lambda language, ports: real(language, ports, empty, lambda _: True))
    (station,) = blocks("station.md", "toml")
    for name in ("level", "climate", "air"):
        (tmp_path / f"{name}.toml").write_text(station, encoding="utf-8")
    (tmp_path / "level.toml").write_text(station.replace("wio_e5", "sx1276"), encoding="utf-8")
    main(["roster", "fill", "town.csv"])
    capsys.readouterr()
    for block in blocks("doctor.md", "console"):
        for words, printed in COMMAND.findall(block):
            main(shlex.split(words))
            told = capsys.readouterr().out
            assert _numberless(told) == _numberless(printed)


def _numberless(text):
    """Versions come and go, also those of tools that may be there or not, as machines do."""
    text = re.sub(r"(?m)^ ok    (Tools: mpremote|Luftpegel).*$", r" ok    \1", text)
    return re.sub(r"\d+", "N", text)
