"""The far end of every kind of sink: see `part.py`, and one line each here."""

import importlib
from collections import Counter

from tests.faults.part import Part

FAR_ENDS = {
    "store": "local_ends:StoreEnd",
    "files": "local_ends:FilesEnd",
    "mqtt": "broker_end:BrokerEnd",
    "opensensemap": "citizen_ends:OpenSenseMapEnd",
    "sensor-community": "citizen_ends:SensorCommunityEnd",
    "ngsi-ld": "platform_ends:NgsiEnd",
    "webhook": "platform_ends:WebhookEnd",
    "postgresql": "database_ends:PostgreSqlEnd",
    "influxdb": "database_ends:InfluxDbEnd",
    "sensorthings": "database_ends:SensorThingsEnd",
}


class FarEnd(Part):
    """What a sink delivers to. `promise`: of repeats, "once" (idempotent: never doubled), "at least once", or
    "at most once" (what might be there is not told again)."""

    promise = "once"
    silence_is_told = True

    @property
    def told_as(self):
        """Its sink's name."""
        return f"to-{self.kind}"

    def wants(self, town, station):
        """Whether the sink is to tell readings of this station."""
        return True

    def held(self, town) -> Counter:
        """(station, number, quantity) -> how often it is there, read by other means than the gateway's."""
        raise NotImplementedError


def class_of(kind):
    module, name = FAR_ENDS[kind].split(":")
    return getattr(importlib.import_module(f"tests.faults.{module}"), name)
