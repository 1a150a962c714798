"""The example of the documentation, as it stands, on a board: nothing in it is only for show."""

from pathlib import Path

import pytest

from luftpegel_tools.station_files import station_file

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "station.toml"


@pytest.mark.parametrize("engine", ["pip", "mpy32"])
def test_the_example_measures_and_sends(site, engine):
    settings = station_file.load(EXAMPLE)
    drivers = [sensor["driver"] for sensor in settings["sensors"]]
    station = site(engine, drivers, **settings)
    assert station.settings == settings  # not one that the tests would rather have
    station.run_slots(3)
    frames = [frame for _, frame in station.network.frames()]
    # The join has used up the duty cycle of the first frame: its reading goes with the second.
    assert {row.seq for frame in frames for row in frame.rows} == {0, 1, 2}
    assert [row.quality for frame in frames for row in frame.rows if any(row.quality)] == []
    assert frames[-1].channels == (8, 12, 14)
    told = [row.values[0] for row in frames[-1].rows]
    assert len(set(told)) == 3
    assert set(told) <= {values["distance"] for _, values in station.chips["a02yyuw"].delivered}
