"""The way between LoRa gateways and network server: the words of ChirpStack's gateway protocol, over MQTT."""
