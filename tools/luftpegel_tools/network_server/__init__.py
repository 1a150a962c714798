"""Doubles of network servers: a core of LoRaWAN, ChirpStack around it, a lone gateway without a broker."""
