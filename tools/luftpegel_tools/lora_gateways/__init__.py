"""Simulated LoRa gateways that speak ChirpStack's gateway protocol over MQTT."""
