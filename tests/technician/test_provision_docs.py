"""The page about provisioning, typed as it stands, before the double of ChirpStack."""

import re
import shlex

import pytest
from tests.technician.provision_world import ADMIN, KINDS, STATION_TOML, Town
from tests.technician.test_docs import COMMAND, blocks

from luftpegel_tools.cli import main

PAGE = "provision.md"
GATEWAY_TOML = """[gateway]
data = "data"
stations = "stations.toml"

[[source]]
kind = "chirpstack-mqtt"
host = "127.0.0.1"
api_host = "127.0.0.1"
api_port = {port}
api_key_file = "api-key"

[[sink]]
kind = "store"
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    town = Town(tmp_path, 1)
    (table,) = blocks(PAGE, "csv")
    for file in tmp_path.glob("town.*"):
        file.unlink()
    (tmp_path / "town.csv").write_text(table, encoding="utf-8")
    for kind in KINDS:
        (tmp_path / f"{kind}.toml").write_text(STATION_TOML.format(interval_s=600, region="EU868"))
    (tmp_path / "gateway.toml").write_text(GATEWAY_TOML.format(port=town.grpc.port))
    (tmp_path / "stations.toml").write_text("")
    town.give_key(ADMIN)
    monkeypatch.chdir(tmp_path)
    assert main(["roster", "fill", "town.csv"]) == 0
    yield town
    town.close()


def test_transcripts(here, capsys):
    capsys.readouterr()
    count = 0
    for block in blocks(PAGE, "console"):
        for words, printed in COMMAND.findall(block):
            assert main(shlex.split(words)) == 0
            told = re.sub(r"127\.0\.0\.1:\d+", "chirpstack.town.example:8080", capsys.readouterr().out)
            assert told == printed
            count += 1
    assert count == 4
