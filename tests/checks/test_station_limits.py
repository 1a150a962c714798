"""Limits and neighbours in stations.toml: in the units people write, refused with line and next step."""

import pytest

from luftpegel_gateway.config.limits import OPTIONS
from luftpegel_gateway.config.stations import read_stations
from luftpegel_gateway.model.station import Limit

STATION = """\
[[station]]
id = "{id}"
dev_eui = "70B3D57ED00000{id}"
name = "Mühlbach Brücke"
kind = "level"
{more}
"""


@pytest.fixture
def read(tmp_path):
    """Read a stations.toml with station 01, whose lines from 6 on are the text, and station 02 behind it."""

    def read_text(more):
        file = tmp_path / "stations.toml"
        text = STATION.format(id="01", more=more) + STATION.format(id="02", more="")
        file.write_text(text, encoding="utf-8")
        return read_stations(file)

    return read_text


def test_units_are_those_of_the_quantity(read):
    stations, mistakes = read(
        """\
neighbours = ["02"]
[station.limits.distance]
low = 50.5
high = 420
rate = 20
jump = 100
spike = 5
flat_hours = 36
flat_within = 2
[station.limits.water_temperature-2]
low = -0.5
neighbour = 1.25
"""
    )
    assert mistakes == []
    assert stations[0].neighbours == ("02",)
    assert stations[0].limits == {
        "distance": Limit(
            low=505, high=4200, rate=200, jump=1000, spike=50, flat=36 * 3600, flat_within=20
        ),
        "water_temperature-2": Limit(low=-50, neighbour=125),
    }
    assert stations[1].limits == {}


def test_every_limit_that_can_be_written_arrives():
    assert {name.removesuffix("_hours") for name in OPTIONS} == set(Limit.__struct_fields__)


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("limits = 5", 6, "LP-304"),
        ("[station.limits]\ndistance = 5", 7, "LP-304"),
        ("[station.limits.distanz]\nlow = 5", 6, "LP-314"),
        ("[station.limits.distance-3]\nlow = 5", 6, "LP-314"),
        ("[station.limits.distance]\nlwo = 5", 7, "LP-303"),
        ("[station.limits.distance]\nlow = '5'", 7, "LP-304"),
        ("[station.limits.distance]\nlow = nan", 7, "LP-306"),
        ("[station.limits.distance]\nlow = 50\nhigh = 50", 6, "LP-315"),
        ("[station.limits.distance]\nlow = 50\nhigh = 40", 6, "LP-315"),
        ("[station.limits.distance]\nlow = 2", 7, "LP-316"),
        ("[station.limits.distance]\nhigh = 20000", 7, "LP-316"),
        ("[station.limits.distance]\nspike = 0", 7, "LP-306"),
        ("[station.limits.distance]\nspike = -3", 7, "LP-306"),
        ("[station.limits.distance]\nspike = inf", 7, "LP-306"),
        ("[station.limits.distance]\nspike = 0.01", 7, "LP-319"),
        ("neighbours = '02'", 6, "LP-304"),
        ("neighbours = [2]", 6, "LP-304"),
        ("neighbours = ['03']", 6, "LP-317"),
        ("neighbours = ['02', '01']", 6, "LP-318"),
    ],
)
def test_each_mistake_is_found_in_its_line(read, text, line, code):
    stations, mistakes = read(text)
    assert [(mistake.line, mistake.code) for mistake in mistakes] == [(line, code)]
    assert [station.id for station in stations] == ["02"]
    for language in ("en", "de"):
        assert "{" not in mistakes[0].text(language)


def test_the_name_that_was_meant_is_told(read):
    _, mistakes = read("[station.limits.distanz]\nlow = 5")
    assert "distance" in mistakes[0].text("en")


def test_all_mistakes_of_a_station_are_told_at_once(read):
    _, mistakes = read("neighbours = ['03']\n[station.limits.level]\nlow = 7\nhigh = 5\nspike = 0")
    assert [mistake.code for mistake in mistakes] == ["LP-317", "LP-315", "LP-306"]
