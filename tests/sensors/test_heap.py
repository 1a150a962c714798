"""The heap that the drivers take on 32-bit MicroPython: little enough, and as their README says."""

import re
from pathlib import Path

import pytest

import sensors
from luftpegel_tools.figures.sensor_heap import DRIVERS, resident_bytes

README = Path(sensors.__path__[0]) / "README.md"


def test_heap_is_little_and_as_documented():
    taken = resident_bytes()
    assert taken["all five"] < 20 * 1024
    names, numbers = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in README.read_text().splitlines()
        if re.match(r"\| (sht4x \| bme280 .* all five|\d+) \|", line)
    )
    documented = {name: int(number) for name, number in zip(names, numbers, strict=True)}
    assert documented == {name: pytest.approx(taken[name], rel=0.02) for name in (*DRIVERS, "all five")}
