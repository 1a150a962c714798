"""What Home Assistant is told of a station's quantity, so that it shows it without being configured. Pure.

One retained message a quantity on `<prefix>/sensor/<station>/<quantity>/config`
(home-assistant.io/integrations/mqtt, "MQTT discovery"; units as its device classes want them). An empty one
takes the quantity away.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from luftpegel_gateway.model.quantities import name_of, of_channel
from luftpegel_gateway.model.station import Station

ONLINE, OFFLINE = b"online", b"offline"
SILENT_AFTER = 3  # intervals, and ten minutes: as everywhere in the gateway
_MEASURED = {"state_class": "measurement"}
_HEALTH = {"entity_category": "diagnostic"}
# Quantity -> what it is for Home Assistant; the unit is the quantity's own symbol.
KINDS: Mapping[str, Mapping[str, str]] = {
    "temperature": {"device_class": "temperature"},
    "humidity": {"device_class": "humidity"},
    "pressure": {"device_class": "atmospheric_pressure"},
    "distance": {"device_class": "distance"},
    "level": {"device_class": "distance"},
    "water_temperature": {"device_class": "temperature"},
    "battery": {"device_class": "voltage", **_HEALTH},
    "enclosure_temperature": {"device_class": "temperature", **_HEALTH},
    "solar_voltage": {"device_class": "voltage", **_HEALTH},
    "signal": {"device_class": "signal_strength", **_HEALTH},
    "pm1": {"device_class": "pm1"},
    "pm25": {"device_class": "pm25"},
    "pm10": {"device_class": "pm10"},
    "co2": {"device_class": "carbon_dioxide"},
    "conductivity": {"device_class": "conductivity"},
    "rain_count": {"state_class": "total_increasing"},
    "wind_speed": {"device_class": "wind_speed"},
    "wind_gust": {"device_class": "wind_speed"},
    "wind_direction": {"device_class": "wind_direction", "state_class": "measurement_angle"},
    "solar": {"device_class": "irradiance"},
    "globe_temperature": {"device_class": "temperature"},
}
WITHOUT_UNIT = ("voc_raw", "rain_count")  # counts: Home Assistant knows no unit for them


def config_topic(prefix: str, tenant: str, station: str, channel: int) -> str:
    """Where the message about a quantity lies."""
    return f"{prefix}/sensor/{_id(tenant, station)}/{_plain(name_of(channel))}/config"


def config(
    station: Station, channel: int, *, state_topic: str, status_topic: str, language: str
) -> bytes | None:
    """The message; None for a quantity that this gateway does not know yet. `language`: "de" or "en"."""
    quantity = of_channel(channel)
    if quantity is None:
        return None
    device = _id(station.tenant, station.id)
    name = quantity.de if language == "de" else quantity.en
    told: dict[str, Any] = {
        "name": f"{name} (2)" if channel & 1 else name,
        "unique_id": f"{device}_{_plain(name_of(channel))}",
        "state_topic": state_topic,
        "value_template": "{{ value_json.value }}",
        "json_attributes_topic": state_topic,
        "availability_topic": status_topic,
        "expire_after": SILENT_AFTER * station.interval_s + 600,
        "suggested_display_precision": max(0, -quantity.exponent),
        **_MEASURED,
        **KINDS.get(quantity.name, {}),
        "device": {
            "identifiers": [device],
            "name": station.name,
            "manufacturer": "Luftpegel",
            "model": station.kind,
        },
        "origin": {"name": "Luftpegel"},
    }
    if quantity.name not in WITHOUT_UNIT:
        told["unit_of_measurement"] = quantity.symbol
    return msgspec.json.encode(told)


def _id(tenant: str, station: str) -> str:
    return "_".join(["luftpegel", *map(_plain, filter(None, (tenant, station)))])


def _plain(name: str) -> str:
    """Only what discovery topics allow, [a-zA-Z0-9_-]; two names never become one."""
    return re.sub(r"[^A-Za-z0-9-]", lambda found: "__" if found[0] == "_" else f"_{ord(found[0]):x}_", name)
