"""The published Smart Data Models that the sink `ngsi-ld` fills (CC BY 4.0): names, terms, what is required.

Each type has a context of its own, for one word means other things in other models: `temperature` is of the
air in WeatherObserved and of the water in WaterQualityObserved.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from luftpegel_gateway.sinks.ngsi_table import HOMES

CORE_CONTEXT = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"
_BASE = "https://smartdatamodels.org/"
DEVICE, ALERT = "Device", "Alert"
AIR_QUALITY = "AirQualityObserved"


class Model(msgspec.Struct, frozen=True):
    """One type. `subject`: the group of models that its terms belong to; `observed`: the attribute that says
    when; `device`: the attribute that refers to the Device; `station`: the one that has the station's id."""

    subject: str
    observed: str
    device: str = ""
    station: str = ""


MODELS: Mapping[str, Model] = {
    AIR_QUALITY: Model("Environment", "dateObserved", device="refDevice"),
    "WaterObserved": Model("Environment", "dateObserved", device="refDevice"),
    "FloodMonitoring": Model("Environment", "observationDateTime", station="stationID"),
    "WeatherObserved": Model("Weather", "dateObserved", device="refDevice"),
    "WaterQualityObserved": Model("WaterQuality", "dateObserved"),
    DEVICE: Model("Device", "dateLastValueReported"),
    ALERT: Model("Alert", "dateIssued", device="alertSource"),
}
# Terms that all models share; every other is of its model's subject.
_SHARED = {"name", "dateObserved"}
_MORE = {
    DEVICE: ("controlledProperty", "deviceState", "dateLastValueReported"),
    ALERT: ("alertSource", "category", "dateIssued"),
}
# What `controlledProperty` calls it, by the type that has the quantity; words of the model's own list.
CONTROLLED: Mapping[str, tuple[str, ...]] = {
    AIR_QUALITY: ("airPollution",),
    "WeatherObserved": ("weatherConditions",),
    "WaterObserved": ("waterLevel",),
    "FloodMonitoring": ("waterLevel",),
    "WaterQualityObserved": ("waterPollution",),
}
BY_KIND: Mapping[str, tuple[str, ...]] = {
    "climate": ("temperature", "humidity"),
    "air": ("airPollution",),
    "level": ("waterLevel",),
}


def context_of(entity_type: str) -> list[Any]:
    """The context of one type, whole and inline: a broker need not reach the internet to read it.

    Attributes that no model has are not in it; brokers keep them under their default vocabulary.
    """
    model = MODELS[entity_type]
    names = {model.observed, "name", model.device, model.station, *_MORE.get(entity_type, ())} - {""}
    for home in HOMES.values():
        if home.type == entity_type and not home.own:
            names.add(home.attribute)
        if entity_type == AIR_QUALITY and home.air:
            names.add(home.air)
    terms = {entity_type: _term(model, entity_type), **{name: _term(model, name) for name in sorted(names)}}
    return [terms, CORE_CONTEXT]


def _term(model: Model, name: str) -> str:
    return _BASE + (name if name in _SHARED else f"dataModel.{model.subject}/{name}")


def short(name: str) -> str:
    """A term without its vocabulary: a broker that is asked without a context answers in whole addresses."""
    return name.rsplit("/", 1)[-1].rsplit("#", 1)[-1]
