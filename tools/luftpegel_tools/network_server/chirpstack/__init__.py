"""A double of the ChirpStack v4 network server: LoRaWAN on one side, MQTT and gRPC on the other."""

from luftpegel_tools.network_server.chirpstack.access import Key
from luftpegel_tools.network_server.chirpstack.server import ChirpStack, Settings
from luftpegel_tools.network_server.chirpstack.services import GrpcApi

__all__ = ["ChirpStack", "GrpcApi", "Key", "Settings"]
