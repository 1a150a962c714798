"""An NGSI-LD broker and a webhook's receiver: doubles, never kinder than real ones, behind a real way."""

from collections import Counter
from typing import ClassVar

from tests.faults.far_ends import FarEnd
from tests.faults.part import HttpEnd
from tests.servers.ngsi_broker import NgsiBroker
from tests.servers.webhook_receiver import WebhookReceiver


class _DoubleEnd(HttpEnd, FarEnd):
    double_class = None

    def __init__(self, servers):
        self.double = self.double_class().start()
        self.lead(self.double.port)

    def settings(self, town):
        return f'url = "{self.url}"\ntimeout_s = 2\n{self.login(town)}'

    def close(self):
        super().close()
        self.double.stop()


class NgsiEnd(_DoubleEnd):
    """Counted in the broker's history, where nothing written twice is hidden."""

    kind = "ngsi-ld"
    double_class = NgsiBroker
    names: ClassVar = {"temperature": "temperature", "relativeHumidity": "humidity"}

    def settings(self, town):
        return super().settings(town) + 'history = "missing"\n'

    def held(self, town):
        found = Counter()
        for station in town.ids():
            for attribute, quantity in self.names.items():
                for told in self.double.told(f"urn:ngsi-ld:WeatherObserved:{station}", attribute):
                    found[station, int(told["reading"]["value"].split("/")[1]), quantity] += 1
        return found


class WebhookEnd(_DoubleEnd):
    """A receiver that knows items by their keys; it answers 409 itself, to a batch that it has."""

    kind = "webhook"
    double_class = WebhookReceiver
    words = tuple(word for word in HttpEnd.words if word != "409")

    def __init__(self, servers):
        super().__init__(servers)
        self.double.knows = True

    def held(self, town):
        return Counter(
            (item["station"], item["seq"], value["quantity"])
            for item in list(self.double.items.values())
            for value in item["values"]
        )
