"""What we want of a thing, field by field, in ChirpStack's messages: what differs, and the message mended.

Fields that are not ours stay as they are, as do tags and variables under other keys: an operator may have
set them. Two of ours are given once only: a device's description, and the place of a radio gateway, which
ChirpStack itself replaces by what the gateway's GPS tells.
"""

from collections.abc import Mapping
from typing import Any

from chirpstack_api import api  # type: ignore[import-untyped]
from chirpstack_api.common import common_pb2  # type: ignore[import-untyped]

from luftpegel_tools.technician.keys import Key
from luftpegel_tools.technician.provision.gateway_table import RadioGateway
from luftpegel_tools.technician.provision.item import Difference, told
from luftpegel_tools.technician.provision.wanted import Device, Profile

Fields = Mapping[str, Any]
CODEC_FIELD, KEY_FIELD = "payload_codec_script", "key"
NO_KEY = "0" * 32
_STATS_INTERVAL_S = 30
_ONCE = ("description", "location")


def of_profile(profile: Profile, codec: str, status_per_day: int) -> Fields:
    """LoRaWAN 1.0.4 in class A, ADR by ChirpStack's default algorithm, and the payload codec unless ""."""
    decoding = {"payload_codec_runtime": api.CodecRuntime.JS, CODEC_FIELD: codec} if codec else {}
    return decoding | {
        "name": profile.name,
        "region": common_pb2.Region.Value(profile.region),
        "mac_version": common_pb2.MacVersion.LORAWAN_1_0_4,
        "reg_params_revision": common_pb2.RegParamsRevision.RP002_1_0_3,
        "adr_algorithm_id": "default",
        "uplink_interval": profile.interval_s,
        "device_status_req_interval": status_per_day,
        "supports_otaa": True,
        "supports_class_b": False,
        "supports_class_c": False,
        # Else ChirpStack would make a metric of every reading of a frame's history.
        "auto_detect_measurements": False,
    }


def of_device(device: Device, profile_id: str) -> Fields:
    """A device; the place is a variable, for tags travel with each event."""
    return {
        "name": device.name,
        "description": device.description,
        "join_eui": device.join_eui,
        "device_profile_id": profile_id,
        "skip_fcnt_check": False,
        "tags": device.tags,
        "variables": device.place,
    }


def of_gateway(gateway: RadioGateway) -> Fields:
    """A radio gateway."""
    place = common_pb2.Location(
        latitude=gateway.latitude or 0.0, longitude=gateway.longitude or 0.0, altitude=gateway.altitude
    )
    return {"name": gateway.name, "location": place, "stats_interval": _STATS_INTERVAL_S}


def keys_of(device: Device) -> Any:
    """The root keys: with LoRaWAN 1.0.x the AppKey is what ChirpStack calls `nwk_key`."""
    return api.DeviceKeys(dev_eui=device.dev_eui, nwk_key=device.key.hex())


def differences(message: Any, fields: Fields) -> list[Difference]:
    """Where a message is not as wanted."""
    found = []
    for name, wanted in fields.items():
        there = getattr(message, name)
        if isinstance(wanted, Mapping):
            found += [
                Difference(f"{name}.{key}", told(there.get(key, "")), told(value))
                for key, value in wanted.items()
                if there.get(key) != value
            ]
        elif name in _ONCE:
            if not _given(there) and _given(wanted):
                found.append(Difference(name, "", told(wanted)))
        elif there != wanted:
            found.append(Difference(name, *(_shown(message, name, value) for value in (there, wanted))))
    return found


def mended(message: Any, fields: Fields) -> Any:
    """A copy of the message that is as wanted."""
    copy = type(message)()
    copy.CopyFrom(message)
    for name, wanted in fields.items():
        if isinstance(wanted, Mapping):
            getattr(copy, name).update(wanted)
        elif name in _ONCE and _given(getattr(copy, name)):
            continue
        elif hasattr(wanted, "DESCRIPTOR"):
            getattr(copy, name).CopyFrom(wanted)
        else:
            setattr(copy, name, wanted)
    return copy


def key_differences(there: Any | None, key: Key) -> list[Difference]:
    """What is said of a device's keys, never what they are. `there`: api.DeviceKeys, or None."""
    if there is None:
        return [Difference(KEY_FIELD, "", "***")]
    if there.nwk_key.lower() == key.hex():
        return []
    if there.nwk_key in ("", NO_KEY) and there.app_key.lower() == key.hex():
        return [Difference(KEY_FIELD, "app_key", "nwk_key")]  # the right one, in the field of LoRaWAN 1.1
    return [Difference(KEY_FIELD, "***", "***")]


def is_another_key(there: Any | None, key: Key) -> bool:
    """Whether a device has a key, and that is another one than ours."""
    used = {NO_KEY, "", key.hex()}
    return there is not None and not {there.nwk_key.lower(), there.app_key.lower()} <= used


def _given(value: Any) -> bool:
    if hasattr(value, "latitude"):
        return bool(value.latitude or value.longitude)
    return bool(value)


def _shown(message: Any, name: str, value: Any) -> str:
    if name == CODEC_FIELD:
        return f"{len(value)} characters"
    enum = message.DESCRIPTOR.fields_by_name[name].enum_type
    if enum is not None and value in enum.values_by_number:
        return str(enum.values_by_number[value].name)
    return told(value)
