"""Doubles of network servers: a core of LoRaWAN, ChirpStack around it, and a lone gateway without a broker."""
