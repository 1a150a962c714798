"""The transcript of docs/operate.md about ChirpStack's devices is what the command really prints."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from chirpstack_world import ADMIN, api_world  # noqa: F401

from luftpegel_tools.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "operate.md"
(BLOCK,) = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
TRANSCRIPT = [part.partition("\n")[::2] for part in re.split(r"^\$ ", BLOCK, flags=re.MULTILINE)[1:]]
BEFORE = '[[station]]\nid = "LP-0003"\ndev_eui = "70b3d57ed0000003"\nname = "Am Wehr"\nkind = "level"\n'


@pytest.fixture
def town(api_world, monkeypatch):  # noqa: F811
    api_world.give_key(ADMIN)
    api_world.write(api_tenant="Musterstadt")
    api_world.stations.write_text(BEFORE)
    api_world.add("70b3d57ed0000001", "Mühlbach Brücke")
    api_world.add("70b3d57ed0000002", "Marktplatz", tags={"luftpegel-kind": "air", "luftpegel-id": "LP-0007"})
    api_world.add("70b3d57ed0000003", "Wehr Nord")
    api_world.add("70b3d57ed0000004", "Parkplatz 12", tags={"luftpegel": "no"})
    api_world.add("70b3d57ed0000005", "Ersatz", is_disabled=True)
    monkeypatch.chdir(api_world.folder)
    monkeypatch.setenv("LANG", "C.UTF-8")
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    return api_world


def test_the_transcript(town, capsys):
    assert len(TRANSCRIPT) == 2
    for command, output in TRANSCRIPT:
        program, *words = command.split()
        assert (program, main(words)) == ("luftpegel", 0)
        assert capsys.readouterr().out == output
