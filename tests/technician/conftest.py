"""Rosters of a town, as spreadsheets write them."""

import pytest

ROWS = """station,name,kind,station_file,dev_eui,latitude,longitude
LP-0001,Mühlbach Brücke,level,level.toml,70b3d57ed0001234,50.0513,6.3022
LP-0002,Schulhof,climate,climate.toml,,,
LP-0003,Marktplatz,air,air.toml,70-B3-D5-7E-D0-00-12-36,50.05,6.31
"""


@pytest.fixture
def town(tmp_path):
    """A sound roster of three, of which the second has no DevEUI yet."""
    file = tmp_path / "town.csv"
    file.write_text(ROWS, encoding="utf-8")
    return file
