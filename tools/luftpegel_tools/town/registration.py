"""What the operator of a network server must register, so that a simulated town's stations can join."""

from collections.abc import Sequence
from typing import Any

from luftpegel_tools.town.gateway_bridge import SimulatedGateway
from luftpegel_tools.town.station import TownStation

# as ChirpStack's API spells them; the firmware's MAC is LoRaWAN 1.0.4
_MAC_VERSION, _REGIONAL_PARAMETERS = "LORAWAN_1_0_4", "RP002_1_0_3"


def registration(
    region: str, prefix: str, gateways: Sequence[SimulatedGateway], stations: Sequence[TownStation]
) -> dict[str, Any]:
    """Gateways, device profile and devices, in the words of ChirpStack's API; EUIs and keys as hex digits.

    `app_key` is the AppKey, which ChirpStack's API calls `nwk_key` for LoRaWAN 1.0.x.
    """
    return {
        "region": region,
        "topic_prefix": prefix,
        "gateways": [
            {
                "gateway_id": gateway.site.gateway_id,
                "latitude": gateway.site.latitude,
                "longitude": gateway.site.longitude,
            }
            for gateway in gateways
        ],
        "device_profile": {
            "region": region.upper(),
            "mac_version": _MAC_VERSION,
            "reg_params_revision": _REGIONAL_PARAMETERS,
            "supports_otaa": True,
            "uplink_interval": max(station.entry.interval_s for station in stations),
        },
        "devices": [
            {
                "name": station.identity.id,
                "dev_eui": station.identity.dev_eui.hex(),
                "join_eui": station.identity.join_eui.hex(),
                "app_key": station.identity.app_key.hex(),
            }
            for station in stations
        ],
    }


def as_text(wanted: dict[str, Any]) -> list[str]:
    """The same for people, a line each."""
    profile = wanted["device_profile"]
    versions = f"{profile['mac_version']}, {profile['reg_params_revision']}"
    return [
        f"To be registered at region {profile['region']}, topic prefix {wanted['topic_prefix']!r}:",
        f"  device profile: OTAA, {versions}, an uplink each {profile['uplink_interval']} s",
        *(f"  gateway {gateway['gateway_id']}" for gateway in wanted["gateways"]),
        *(
            f"  device {device['name']}: DevEUI {device['dev_eui']}, JoinEUI {device['join_eui']}, "
            f"AppKey {device['app_key']}"
            for device in wanted["devices"]
        ),
        "Simulated devices: their keys are the seed's and protect nothing.",
    ]
