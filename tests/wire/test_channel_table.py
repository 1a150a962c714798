"""The table of quantities keeps the wire's promises, and a table that does not is refused."""

import pytest

from luftpegel_tools.generate import table as reader
from luftpegel_wire import channels, quantities, readings
from luftpegel_wire.column import MAX_MAGNITUDE

TABLE = reader.read_table()


@pytest.mark.parametrize("quantity", TABLE, ids=lambda quantity: quantity.name)
def test_whole_range_fits_the_wire(quantity):
    """In the finest step, too: a station may be set to base units."""
    assert max(abs(quantity.low), abs(quantity.high)) <= MAX_MAGNITUDE


def test_steps_are_those_of_the_wire():
    assert reader.STEPS == readings.STEPS


def test_channels_fit_the_wire():
    assert max(2 * quantity.number + 1 for quantity in TABLE) <= readings.MAX_CHANNEL


@pytest.mark.parametrize("quantity", TABLE, ids=lambda quantity: quantity.name)
def test_small_and_full_python_table_agree(quantity):
    for index in (0, 1):
        channel = quantities.channel_of(quantity.name, index)
        assert channel == 2 * quantity.number + index
        assert quantities.default_step(channel) == quantity.step == channels.quantity_of(channel).step
        assert channels.channel_named(channels.name_of(channel)) == channel


ROW = """
[[quantity]]
number = 1
name = "temperature"
en = ""
de = ""
unit = "Cel"
symbol = ""
exponent = -2
step = 10
low = 0
high = 1
senml = ""
ngsi = ""
ngsi_ld = { type = "WeatherObserved", unit = "CEL", exponent = -2 }
sensorthings = ""
"""


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("number = 1", "number = 101"), "number 101"),
        (("number = 1", "number = 0"), "number 0"),
        (("step = 10", "step = 3"), "step 3"),
        (("high = 1", "high = 0"), "low 0"),
        (("high = 1", "high = 1\nrate = 5"), "rate and jump"),
        (("high = 1", "high = 1\nweak_after = 5"), "weak and weak_after"),
        (("high = 1", "high = 1\nflat = 5\nflat_within = 9"), "flat_within 9"),
        (("", ""), "numbers must rise"),
    ],
)
def test_wrong_table_is_refused(change, complaint, tmp_path):
    path = tmp_path / "channels.toml"
    path.write_text(ROW.replace(*change) if change[0] else ROW + ROW, encoding="utf-8")
    with pytest.raises(ValueError, match=complaint):
        reader.read_table(path)


def test_name_given_twice_is_refused(tmp_path):
    path = tmp_path / "channels.toml"
    path.write_text(ROW + ROW.replace("number = 1", "number = 2"), encoding="utf-8")
    with pytest.raises(ValueError, match="a name stands twice"):
        reader.read_table(path)


def test_a_part_of_nothing_is_refused(tmp_path):
    checks = "[checks]\nreach = 1\ndew_point = 1\ndew_point_above = 1\n"
    part = '[[part]]\nless = "temperature"\nmore = "warmth"\nshare = 1\nslack = 1\n'
    path = tmp_path / "channels.toml"
    path.write_text(checks + part + ROW, encoding="utf-8")
    with pytest.raises(ValueError, match="warmth"):
        reader.read_checks(path)


def test_boards_do_not_get_the_limits_of_the_gateway():
    limits = {"rate", "jump", "spike", "flat", "calm", "weak", "freezing", "humid", "neighbour"}
    assert limits.isdisjoint(channels.Quantity._fields)
