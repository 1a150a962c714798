"""What the operator of a network server must register, so that a simulated town's stations can join."""

from typing import Any

from luftpegel_tools.town.spots import spot_of
from luftpegel_tools.town.town import Wishes, identities

# as ChirpStack's API spells them; the firmware's MAC is LoRaWAN 1.0.4
_MAC_VERSION, _REGIONAL_PARAMETERS = "LORAWAN_1_0_4", "RP002_1_0_3"


def registration(wishes: Wishes, region: str, prefix: str) -> dict[str, Any]:
    """Gateways, device profile and devices, in the words of ChirpStack's API; EUIs and keys as hex digits.

    `app_key` is the AppKey, which ChirpStack's API calls `nwk_key` for LoRaWAN 1.0.x.
    """
    return {
        "region": region,
        "topic_prefix": prefix,
        "gateways": [
            {"gateway_id": site.gateway_id, "latitude": site.latitude, "longitude": site.longitude}
            for site in spot_of(1).sites()
        ],
        "device_profile": {
            "region": region.upper(),
            "mac_version": _MAC_VERSION,
            "reg_params_revision": _REGIONAL_PARAMETERS,
            "supports_otaa": True,
            "uplink_interval": wishes.interval_s,
        },
        "devices": [
            {
                "name": identity.id,
                "dev_eui": identity.dev_eui.hex(),
                "join_eui": identity.join_eui.hex(),
                "app_key": identity.app_key.hex(),
            }
            for identity in identities(wishes)
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
