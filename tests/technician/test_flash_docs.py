"""docs/flash.md as a technician types it: three boards' worth of roster, one board on a hub."""

import hashlib
import re
import shlex
from pathlib import Path

import pytest
from tests.technician.flash_town import BOARDS, STATION, hub

from luftpegel_tools.cli import main
from luftpegel_tools.technician.keys import Keys, keys_file
from luftpegel_tools.technician.roster import fill_euis, read_roster
from luftpegel_tools.virtual_board.rom.silicon import SILICON
from luftpegel_tools.virtual_board.rom.stand_in import stand_in

DOCS = Path(__file__).parents[2] / "docs"
PAGE = "flash.md"
COMMAND = re.compile(r"^\$ luftpegel (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def blocks(page, kind):
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The roster of roster.md with its keys, MicroPython's stand-in named as flash.md names it."""
    (table,) = blocks("roster.md", "csv")
    (tmp_path / "town.csv").write_text(table, encoding="utf-8")
    for kind in ("level", "climate", "air"):
        (tmp_path / f"{kind}.toml").write_text(
            STATION.format(board="heltec_v3", radio=BOARDS["heltec_v3"][1])
        )
    fill_euis(tmp_path / "town.csv")
    Keys(keys_file(tmp_path / "town.csv")).ensure(
        *(entry.dev_eui for entry in read_roster(tmp_path / "town.csv"))
    )
    data = stand_in(SILICON["esp32s3"], 4 << 20, kib=72)
    (tmp_path / "esp32s3.bin").write_bytes(data)
    (manifest,) = blocks(PAGE, "toml")
    (tmp_path / "micropython.toml").write_text(manifest.replace("...", hashlib.sha256(data).hexdigest()))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_transcripts(here, capsys):
    with hub(1) as desk:
        (here / "hub").symlink_to(desk.links[1].parent)
        for block in blocks(PAGE, "console"):
            for words, printed in COMMAND.findall(block):
                assert main(shlex.split(words)) == 0
                assert capsys.readouterr().out == printed
