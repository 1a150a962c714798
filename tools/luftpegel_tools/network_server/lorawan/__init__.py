"""The core of an independent LoRaWAN 1.0.4 network server; shares no code with the firmware's MAC."""

from luftpegel_tools.network_server.lorawan.outcomes import (
    Arrival,
    Downlink,
    Heard,
    Identity,
    Joined,
    Payload,
    Plan,
    Reason,
    Refused,
)
from luftpegel_tools.network_server.lorawan.server import NetworkServer
from luftpegel_tools.network_server.lorawan.session import Session

__all__ = [
    "Arrival",
    "Downlink",
    "Heard",
    "Identity",
    "Joined",
    "NetworkServer",
    "Payload",
    "Plan",
    "Reason",
    "Refused",
    "Session",
]
