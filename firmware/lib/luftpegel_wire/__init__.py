# The wire: what a station's bytes mean. The very same files lie on the board and in the gateway; they import
# nothing but each other. Integers only. docs/wire.md explains the format to those who write a decoder in
# another language.
#
# Parts are imported when first used: a station that only encodes readings pays no memory for the rest.

from .errors import UNKNOWN_PORT, WireError

PORT_READINGS = 1  # station to gateway
PORT_STATUS = 2  # station to gateway
PORT_ALARM = 3  # station to gateway
PORT_CONFIG = 10  # gateway to station, and the station's answer
PORT_BACKFILL = 11  # gateway to station; the answer is readings frames

_PARTS = {
    "readings": "Row encode_readings",
    "readings_reader": "Readings ReadingsReader decode_readings",
    "resolution": "exact_steps",
    "frames": "encode_status encode_alarm encode_config encode_backfill",
    "frames_reader": "Status Alarm Config Backfill decode_status decode_alarm decode_config decode_backfill",
}
_DECODERS = {
    PORT_READINGS: "decode_readings",
    PORT_STATUS: "decode_status",
    PORT_ALARM: "decode_alarm",
    PORT_CONFIG: "decode_config",
    PORT_BACKFILL: "decode_backfill",
}


def __getattr__(name):
    for part, names in _PARTS.items():
        if name in names.split():
            return getattr(__import__("luftpegel_wire." + part, None, None, (name,)), name)
    raise AttributeError(name)


def decode(port, payload):
    # The frame that travelled on an FPort: Readings, Status, Alarm, Config or Backfill.
    # Raises WireError and nothing else.
    if port not in _DECODERS:
        raise WireError(UNKNOWN_PORT, "FPort %d carries no frame of a station" % port)
    return __getattr__(_DECODERS[port])(payload)
