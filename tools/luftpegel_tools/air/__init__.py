"""The air between stations and LoRa gateways: airtime, frames that meet, and what gets lost."""
