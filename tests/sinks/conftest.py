"""Sinks that push over HTTP, against doubles of what stands at the other end."""

import asyncio
import contextlib
from dataclasses import dataclass, field

import pytest
from tests.servers.frost import frost  # noqa: F401
from tests.servers.ngsi_broker import NgsiBroker
from tests.servers.postgresql import postgis  # noqa: F401
from tests.servers.webhook_receiver import WebhookReceiver

from luftpegel_gateway import sinks
from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import AlarmRaised, Observed
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.model.station import Station

START = 1_790_000_000
STATIONS = {
    "LP-0001": Station("LP-0001", "70b3d57ed0000001", "Mühlbach", "level", latitude=50.1, longitude=8.6),
    "LP-0002": Station("LP-0002", "70b3d57ed0000002", "Markt", "climate", latitude=50.2, longitude=8.7),
    "LP-0003": Station("LP-0003", "70b3d57ed0000003", "Schule", "air", latitude=50.3, longitude=8.8),
}
LEVEL, DISTANCE, TEMPERATURE, HUMIDITY, PM10, BATTERY = 10, 8, 2, 4, 28, 14


def observed(seq, values=None, *, station="LP-0001", life=0, tenant="", time=..., revision=0, late=False,
             flags=0, wire=0, unsure=False, received=None):  # fmt: skip
    """A reading; `values`: channel -> base units or None."""
    time = START + 600 * seq if time is ... else time
    cells = tuple(
        Cell(channel, value, wire, flags) for channel, value in (values or {LEVEL: 1000 + seq}).items()
    )
    reading = Reading(seq, time, cells, None, unsure, revision)
    return Observed(Ref(tenant, station, life), reading, received or ((time or START) + 5) * 1_000_000, late)


def alarm(seq, value=2000, threshold=1900, *, station="LP-0001", channel=LEVEL, kind="above"):
    time = START + 600 * seq
    return AlarmRaised(Ref("", station), seq, time, channel, kind, value, threshold, time * 1_000_000)


@dataclass
class Driver:
    """A sink of one kind, made anew for each delivery as after a restart, unless `together`."""

    kind: str
    folder: object
    url: str
    options: dict = field(default_factory=dict)
    stations: dict = field(default_factory=lambda: dict(STATIONS))

    def read_options(self, **more):
        module = sinks.module_of(self.kind)
        defaults = {key: option.default for key, option in module.OPTIONS.items()}
        return {**defaults, "url": self.url, **self.options, **more}

    def make(self):
        context = sinks.Context(
            self.kind, self.read_options(), self.folder, lambda id_, _tenant: self.stations.get(id_)
        )
        return sinks.module_of(self.kind).create(context)

    def deliver(self, *batches):
        """Rejections of each batch, one sink for all."""

        async def main():
            sink = self.make()
            await sink.start()
            try:
                return [await sink.deliver(batch) for batch in batches]
            finally:
                await sink.stop()

        return asyncio.run(asyncio.wait_for(main(), 60))

    def down(self, *batches):
        """The code, where the last batch cannot be delivered."""
        with pytest.raises(OtherEndDown) as down:
            self.deliver(*batches)
        return down.value.code

    def persist(self, items, lives=50, tries=4):
        """Deliver as the worker does, again and again; the process ends after a few attempts."""

        async def live():
            sink = self.make()
            try:
                for _ in range(tries):
                    with contextlib.suppress(OtherEndDown):
                        return await sink.deliver(items)
            finally:
                await sink.stop()

        for _ in range(lives):
            if (rejections := asyncio.run(asyncio.wait_for(live(), 60))) is not None:
                return rejections
        raise AssertionError("never delivered")

    def probe(self, **options):
        asyncio.run(asyncio.wait_for(sinks.module_of(self.kind).probe(self.read_options(**options), "p"), 60))


@pytest.fixture
def broker():
    with NgsiBroker() as broker:
        yield broker


@pytest.fixture
def receiver():
    with WebhookReceiver() as receiver:
        yield receiver


@pytest.fixture
def ngsi(tmp_path, broker):
    return Driver("ngsi-ld", tmp_path, broker.url)


@pytest.fixture
def webhook(tmp_path, receiver):
    return Driver("webhook", tmp_path, receiver.url)
