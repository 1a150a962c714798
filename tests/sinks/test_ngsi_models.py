"""What the sink ngsi-ld says, held to the Smart Data Models as they are published (tests/data/README.md)."""

import json
from pathlib import Path

import pytest
from tests.sinks.conftest import STATIONS, alarm, observed

from luftpegel_gateway.model.quantities import of_channel
from luftpegel_gateway.sinks.ngsi_entities import alert_of, attributes_of, controlled, fixed, scaled
from luftpegel_gateway.sinks.ngsi_models import MODELS, context_of
from luftpegel_gateway.sinks.ngsi_table import HOMES

FACTS = json.loads((Path(__file__).parents[1] / "data" / "smart-data-models.json").read_text())
OURS = {"quality", "qualityFlags", "reading", "revision"}
# UN/CEFACT Recommendation 20 for the UCUM units of spec/channels.toml, and the power of ten between them.
UNITS = {
    "Cel": ("CEL", 0), "%": ("C62", -2), "hPa": ("A97", 0), "cm": ("MTR", -2), "V": ("VLT", 0),
    "dB[mW]": ("DBM", 0),
    "ug/m3": ("GQ", 0), "[ppm]": ("59", 0), "{tick}": ("C62", 0), "mV": ("2Z", 0), "uS/cm": ("D10", -4),
    "{tip}": ("C62", 0), "m/s": ("MTS", 0), "deg": ("DD", 0), "W/m2": ("D54", 0),
}  # fmt: skip
# How the models write their units in words.
WORDS = {"metre": "MTR", "Hecto pascals": "A97", "w/m2": "D54", "Celsius degrees": "CEL"}


@pytest.mark.parametrize("number", HOMES)
def test_each_quantity_has_its_published_attribute_and_unit(number):
    home, quantity = HOMES[number], of_channel(2 * number)
    unit, power = UNITS[quantity.unit]
    assert (home.unit, home.exponent) == (unit, quantity.exponent + power)
    published = FACTS[home.type]["attributes"].get(home.attribute)
    assert (published is None) == home.own
    if published:
        assert published["kind"] == "Property"
        assert "unit" not in published or WORDS[published["unit"]] == home.unit
        low, high = published.get("range", (home.low, home.high))
        assert (home.low, home.high) == (low, high)
    if home.air:
        assert home.air in FACTS["AirQualityObserved"]["attributes"]


@pytest.mark.parametrize("type_", MODELS)
def test_each_term_of_the_context_is_the_published_one(type_):
    terms, _ = context_of(type_)
    attributes = FACTS[type_]["attributes"]
    assert {name: address for name, address in terms.items() if name != type_} == {
        name: attributes[name]["iri"] for name in terms if name != type_
    }
    assert terms[type_].endswith("/" + type_)


@pytest.mark.parametrize("station", STATIONS.values(), ids=STATIONS)
def test_all_channels_make_entities_that_the_models_allow(station):
    values = {2 * number: of_channel(2 * number).high for number in HOMES}
    entities = entities_of(station, values)
    for entity in entities.values():
        model = FACTS[entity["type"]]
        assert set(model["required"]) <= entity.keys()
        strangers = {name for name in entity.keys() - {"id", "type"} if name not in model["attributes"]}
        own = {home.attribute for home in HOMES.values() if home.own}
        assert strangers <= own
        for name, told in entity.items():
            published = model["attributes"].get(name, {})
            if published.get("range") and "value" in told:
                low, high = published["range"]
                assert low <= told["value"] <= (high or told["value"])
            if "enum" in published:
                assert set(told["value"]) <= set(published["enum"])
    assert len({entity["id"] for entity in entities.values()}) == len(entities)


def entities_of(station, values):
    item = observed(1, values, station=station.id)
    entities = {}
    for one in attributes_of(item, station.kind):
        body = entities.setdefault(one.entity, fixed(one.entity, one.type, item.ref, station))
        body[one.name] = json.loads(one.body)
    for body in entities.values():
        if body["type"] == "Device":
            body["controlledProperty"] = controlled(station.kind, ())
    return entities


def test_an_alarm_is_an_alert_as_published():
    body = alert_of(alarm(3), STATIONS["LP-0001"])
    model = FACTS["Alert"]
    assert set(model["required"]) <= body.keys()
    assert body["category"]["value"] in model["attributes"]["category"]["enum"]
    assert body.keys() - model["attributes"].keys() == {"alertKind", "quantity", "measuredValue", "threshold"}


@pytest.mark.parametrize(
    ("channel", "value", "type_", "name", "told", "unit"),
    [
        (4, 5512, "WeatherObserved", "relativeHumidity", 0.5512, "C62"),
        (4, 10000, "WeatherObserved", "relativeHumidity", 1, "C62"),
        (4, 10250, "WeatherObserved", "relativeHumidityOutOfRange", 1.025, "C62"),
        (10, 1430, "WaterObserved", "waterLevel", 1.43, "MTR"),
        (10, 0, "WaterObserved", "waterLevel", 0, "MTR"),
        (10, -120, "WaterObserved", "waterLevelOutOfRange", -0.12, "MTR"),
        (8, 2570, "FloodMonitoring", "measuredDistance", 2.57, "MTR"),
        (12, 415, "WaterQualityObserved", "temperature", 4.15, "CEL"),
        (36, 450, "WaterQualityObserved", "conductivity", 0.045, "D10"),
        (6, 101325, "WeatherObserved", "atmosphericPressure", 1013.25, "A97"),
        (14, 3712, "Device", "batteryVoltage", 3.712, "VLT"),
        (20, -97, "Device", "rssi", -97, "DBM"),
        (180, 5, "Device", "channel180", 5, None),
    ],
)
def test_values_and_units(channel, value, type_, name, told, unit):  # noqa: PLR0917
    [one] = [one for one in attributes_of(observed(1, {channel: value}), "level") if one.measured]
    body = json.loads(one.body)
    assert (one.type, one.name, body["value"], body.get("unitCode")) == (type_, name, told, unit)
    assert body.keys() > OURS


@pytest.mark.parametrize(("kind", "name"), [("air", "pressure"), ("climate", "atmosphericPressure")])
def test_an_air_station_tells_the_air_where_its_dust_is(kind, name):
    found = [one for one in attributes_of(observed(1, {6: 101325, 28: 125}), kind) if one.measured]
    assert {one.name for one in found} == {name, "pm10"}
    assert len({one.entity for one in found}) == (1 if kind == "air" else 2)


def test_a_second_sensor_keeps_the_published_name():
    found = {
        one.entity: one.name for one in attributes_of(observed(1, {8: 100, 9: 200}), "level") if one.measured
    }
    assert found == dict.fromkeys(
        ["urn:ngsi-ld:FloodMonitoring:LP-0001", "urn:ngsi-ld:FloodMonitoring:LP-0001:2"], "measuredDistance"
    )


def test_tenants_and_odd_names_are_apart():
    ids = {
        one.entity
        for tenant, station in (("a", "b"), ("", "a:b"), ("", "b"))
        for one in attributes_of(observed(1, tenant=tenant, station=station), "level")
        if one.measured
    }
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("value", "exponent", "text"), [(5512, -4, "0.5512"), (-1, -3, "-0.001"), (7, 0, "7")]
)
def test_numbers_are_exact(value, exponent, text):
    assert scaled(value, exponent) == text
