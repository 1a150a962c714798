"""openSenseMap and Sensor.Community: doubles of platforms that recognise no repeats."""

import asyncio
import threading
from collections import Counter
from datetime import datetime

from tests.faults.far_ends import FarEnd
from tests.faults.part import HttpEnd
from tests.gateway.citizen_doubles import OpenSenseMap, SensorCommunity

PATIENCE_S = 20


class _CitizenEnd(HttpEnd, FarEnd):
    """The double has an event loop of its own, in a thread."""

    public = True

    def __init__(self, servers):
        self.double = self._make()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._call(self.double.__aenter__())
        self.lead(int(self.double.url.rpartition(":")[2]))

    def _call(self, work):
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def close(self):
        super().close()
        self._call(self.double.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()


class OpenSenseMapEnd(_CitizenEnd):
    """Boxes for the stations that speak often."""

    kind = "opensensemap"
    promise = "at least once"

    def _make(self):
        self.boxes = {}  # box -> station
        return OpenSenseMap({})

    def settings(self, town):
        told = f'url = "{self.url}"\ntimeout_s = 2\nrequests_per_minute = 600\n'
        for number, station in enumerate(town.series):
            box = f"{town.number:012x}{number:012x}"
            sensors = {"temperature": f"a{box[1:]}", "humidity": f"b{box[1:]}"}
            self.boxes[box] = station
            self.double.boxes[box] = ("the first token", list(sensors.values()))
            token = town.secret(f"box-{station}", "the first token")
            told += f'[sink.stations."{station}"]\nbox = "{box}"\ntoken_file = "{token}"\n'
            named = ", ".join(f'{quantity} = "{sensor}"' for quantity, sensor in sensors.items())
            told += f"sensors = {{ {named} }}\n"
        return told

    def wants(self, town, station):
        return station in town.series

    def _exchange(self, token):
        for box, (_, sensors) in list(self.double.boxes.items()):
            self.double.boxes[box] = (token, sensors)

    def expire(self, town):
        self._exchange("the second token")

    def renew(self, town):
        for station in town.series:
            town.secret(f"box-{station}", "the second token")

    def held(self, town):
        found = Counter()
        for box, sensor, _, created in list(self.double.taken):
            station = self.boxes[box]
            if station in town.series:
                seq = town.number_at(station, datetime.fromisoformat(created).timestamp())
                found[station, seq, "temperature" if sensor.startswith("a") else "humidity"] += 1
        return found


class SensorCommunityEnd(_CitizenEnd):
    """It takes only the present, so each of its readings is of a station that speaks once."""

    kind = "sensor-community"
    promise = "at most once"

    def _make(self):
        return SensorCommunity(set())

    def settings(self, town):
        told = f'url = "{self.url}"\ntimeout_s = 2\n'
        for station in town.visitors:
            self.double.registered.add((f"esp32-{station}", "7"))
            told += f'[sink.stations."{station}"]\nid = "esp32-{station}"\nsensors = ["SHT"]\n'
        return told

    def wants(self, town, station):
        return station in town.visitors

    def expire(self, town):
        self._known, self.double.registered = self.double.registered, set()

    def renew(self, town):
        self.double.registered = self._known

    def held(self, town):
        return Counter(
            (node.removeprefix("esp32-"), 0, quantity)
            for node, _, values in list(self.double.taken)
            for quantity in values
        )
