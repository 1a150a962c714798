"""Our frames for thingsboard-gateway: a converter of the kind that it loads from its `extensions` folder.

It runs in that gateway's process and environment, not in ours. It decodes with the very decoder of our
gateway and hands on only readings that are new, known by number in memory.
"""

import base64
import json
from datetime import datetime
from typing import Any

from thingsboard_gateway.connectors.mqtt.mqtt_uplink_converter import (  # type: ignore[import-not-found]
    MqttUplinkConverter,
)
from thingsboard_gateway.gateway.entities.converted_data import (  # type: ignore[import-not-found]
    ConvertedData,
)
from thingsboard_gateway.gateway.entities.datapoint_key import (  # type: ignore[import-not-found]
    DatapointKey,
)
from thingsboard_gateway.gateway.entities.telemetry_entry import (  # type: ignore[import-not-found]
    TelemetryEntry,
)

import luftpegel_wire as wire

_SEQ = DatapointKey("seq")
_KEYS = [DatapointKey(name) for name in ("temperature", "humidity", "pressure")]


class LuftpegelConverter(MqttUplinkConverter):  # type: ignore[misc]
    """One for all workers."""

    SUPPORTS_BYTES_PAYLOAD = True  # spares it guessing at the text's encoding

    def __init__(self, _config: object, _log: object) -> None:
        self._newest: dict[str, int] = {}

    def convert(self, _topic: str, body: bytes) -> Any:
        """What is new in an event, one entry a reading."""
        event = json.loads(body)
        device = event["deviceInfo"]["deviceName"]
        frame: Any = wire.decode(event["fPort"], base64.b64decode(event["data"]))
        received = datetime.fromisoformat(event["time"]).timestamp()
        known = self._newest.get(device, -1)
        self._newest[device] = max(known, frame.rows[0].seq)
        data = ConvertedData(device_name=device, device_type="climate")
        for row in frame.rows:
            if row.seq <= known:
                break
            values = {_SEQ: row.seq, **dict(zip(_KEYS, row.values, strict=True))}
            data.add_to_telemetry(TelemetryEntry(values, ts=int(1000 * (received - row.age))))
        return data
