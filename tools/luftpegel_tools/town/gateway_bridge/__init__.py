"""Simulated LoRa gateways that speak ChirpStack's gateway protocol over MQTT, and the network's end of it."""

from luftpegel_tools.town.broker_address import BrokerAddress
from luftpegel_tools.town.gateway_bridge.bridge import GatewayBridge
from luftpegel_tools.town.gateway_bridge.gateway import SimulatedGateway, Site
from luftpegel_tools.town.gateway_bridge.in_step import InStep
from luftpegel_tools.town.gateway_bridge.network_side import Answer, Application, NetworkSide

__all__ = [
    "Answer",
    "Application",
    "BrokerAddress",
    "GatewayBridge",
    "InStep",
    "NetworkSide",
    "SimulatedGateway",
    "Site",
]
