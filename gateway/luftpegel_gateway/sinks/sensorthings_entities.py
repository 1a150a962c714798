"""What a station is in SensorThings: a Thing, its Location, a FeatureOfInterest, and a Datastream a channel.

Each entity carries a key of ours in `properties/luftpegel`, by which it is found again. Pure.
"""

from typing import Any
from urllib.parse import quote

import msgspec

from luftpegel_gateway.model.quantities import name_of, numbers, of_channel
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sinks.sensorthings_api import Entity, Id

KEY = "luftpegel"  # in `properties`
STATION = "luftpegelStation"  # in the properties of a Datastream: the key of its station
CHANNELS = tuple(2 * number + index for number in numbers() for index in (0, 1))
_MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
_UCUM = "http://www.opengis.net/def/uom/UCUM/0/"
_GEOJSON = "application/geo+json"


class Site(msgspec.Struct, frozen=True):
    """A station as it is to be told: its key, its names, and where it stands (longitude, latitude)."""

    key: str
    tenant: str
    station: str
    name: str
    kind: str
    place: tuple[float, float] | None


def site_of(scope: str, tenant: str, station: str, told: Station | None) -> Site:
    """`told`: what stations.toml says of it; None where it is not in there."""
    place = None
    if told is not None and told.latitude is not None and told.longitude is not None:
        place = (told.longitude, told.latitude)
    return Site(
        f"{scope}/{tenant}/{station}",
        tenant,
        station,
        told.name if told else station,
        told.kind if told else "",
        place,
    )


def thing(site: Site) -> Entity:
    """The station itself."""
    known = {"station": site.station, "tenant": site.tenant, "kind": site.kind}
    return {
        **labels(site),
        "properties": {KEY: site.key, **{key: word for key, word in known.items() if word}},
    }


def labels(site: Site) -> Entity:
    """What of a Thing or Location follows stations.toml."""
    return {"name": site.name, "description": f"Luftpegel {site.station}"}


def location(site: Site, station: Id) -> Entity:
    """Where it stands; only for a site with a place."""
    return {**_placed(site), "properties": {KEY: site.key}, "Things": [{"@iot.id": station}]}


def moved(site: Site) -> Entity:
    """What a Location is changed to when the station has another place or name."""
    return _placed(site)


def _placed(site: Site) -> Entity:
    return {**labels(site), "encodingType": _GEOJSON, "location": _point(site)}


def feature_key(site: Site) -> str:
    """A place of a station: observations keep the feature of where they were made."""
    return site.key if site.place is None else f"{site.key}@{site.place[0]},{site.place[1]}"


def feature(site: Site) -> Entity:
    """What is observed. Without a place it has none: no server may invent one."""
    return {
        **labels(site),
        "encodingType": _GEOJSON,
        "feature": {"type": "Feature", "geometry": _point(site), "properties": {}} if site.place is None
        else _point(site),
        "properties": {KEY: feature_key(site)},
    }  # fmt: skip


def _point(site: Site) -> Any:
    return None if site.place is None else {"type": "Point", "coordinates": list(site.place)}


def quantity_key(scope: str, channel: int) -> str:
    """Sensors and ObservedProperties are shared by all stations."""
    return f"{scope}/{_quantity_name(channel)}"


def sensor(scope: str, channel: int) -> Entity:
    """What measures a quantity; which chip it is only the station knows."""
    name = _quantity_name(channel)
    return {
        "name": f"Luftpegel {name}",
        "description": f"A station's sensor of: {name}",
        "encodingType": "text/plain",
        "metadata": "Luftpegel, docs/sensors.md",
        "properties": {KEY: quantity_key(scope, channel)},
    }


def observed_property(scope: str, channel: int) -> Entity:
    """The quantity, with the definition of spec/channels.toml."""
    quantity = of_channel(channel)
    name = _quantity_name(channel)
    return {
        "name": quantity.en if quantity else name,
        "definition": quantity.sensorthings if quantity else f"urn:luftpegel:{name}",
        "description": f"{quantity.de} / {quantity.en}" if quantity else name,
        "properties": {KEY: quantity_key(scope, channel)},
    }


def datastream_key(site: Site, channel: int) -> str:
    """Of one channel of one station."""
    return f"{site.key}/{name_of(channel)}"


def datastream(site: Site, channel: int, station: Id, measures: Id, observed: Id) -> Entity:
    """One channel of a station: the Thing, the Sensor and the ObservedProperty are there already."""
    quantity = of_channel(channel)
    return {
        "name": f"{site.station} {name_of(channel)}",
        "description": f"{quantity.de} / {quantity.en}" if quantity else name_of(channel),
        "observationType": _MEASUREMENT,
        "unitOfMeasurement": unit(channel),
        "properties": {KEY: datastream_key(site, channel), STATION: site.key, "channel": name_of(channel)},
        "Thing": {"@iot.id": station},
        "Sensor": {"@iot.id": measures},
        "ObservedProperty": {"@iot.id": observed},
    }


def unit(channel: int) -> Entity:
    """The unit by its UCUM code; a quantity that this gateway does not know has none (18-088, 8.2.4)."""
    quantity = of_channel(channel)
    if quantity is None:
        return {"name": None, "symbol": None, "definition": None}
    return {
        "name": quantity.unit,
        "symbol": quantity.symbol,
        "definition": _UCUM + quote(quantity.unit, safe=""),
    }


def _quantity_name(channel: int) -> str:
    return name_of(channel & ~1)
