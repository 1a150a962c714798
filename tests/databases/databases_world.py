"""Readings, stations and sinks that the tests of databases share."""

import asyncio
import itertools

import pytest

from luftpegel_gateway.config.options import REQUIRED
from luftpegel_gateway.model.names import Ref
from luftpegel_gateway.model.observations import AlarmRaised, Observed
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sinks import Context, module_of
from luftpegel_tools.programs.broker import free_port  # noqa: F401

START = 1_780_000_000
TEMPERATURE, HUMIDITY = 2, 4
_numbers = itertools.count()


def observed(seq, *values, station="LP-0001", life=0, tenant="", time=..., late=False, flags=0, wire=0,
             unsure=False, revision=0, channels=(2, 4, 6), received_at=None):  # fmt: skip
    """A reading with one cell a value; its time follows its number unless it is given."""
    cells = tuple(
        Cell(channel, value, wire, flags)
        for channel, value in zip(channels, values or (2000 + seq,), strict=False)
    )
    reading = Reading(seq, START + 600 * seq if time is ... else time, cells, None, unsure, revision)
    return Observed(Ref(tenant, station, life), reading, received_at or (START + 600 * seq) * 10**6 + 7, late)


def alarm(seq, value=4200, threshold=4000, *, station="LP-0001", kind="above", time=START, channel=10):
    return AlarmRaised(Ref("", station), seq, time, channel, kind, value, threshold, START * 10**6)


STATIONS = {
    ("", "LP-0001"): Station(
        "LP-0001", "70b3d57ed0000001", "Mühlbach, »alte« Brücke", "level", 600, 50.1, 6.25
    ),
    ("", "LP-0002"): Station("LP-0002", "70b3d57ed0000002", "Markt", "climate"),
}


@pytest.fixture
def stations():
    """Who is in stations.toml; may be changed."""
    return dict(STATIONS)


@pytest.fixture
def make_sink(tmp_path, stations):
    """Makes a sink; options that are not given have their defaults."""

    def make(kind, name="town", **options):
        module = module_of(kind)
        defaults = {key: option.default for key, option in module.OPTIONS.items()}
        whole = defaults | options
        assert REQUIRED not in whole.values()
        assert list(module.wrong(whole)) == []
        return module.create(Context(name, whole, tmp_path, lambda one, tenant: stations.get((tenant, one))))

    return make


def run(work, patience_s=60):
    return asyncio.run(asyncio.wait_for(work, patience_s))


async def deliver(sink, *batches):
    """What is refused of each batch, in a process of its own life."""
    await sink.start()
    try:
        return [await sink.deliver(batch) for batch in batches]
    finally:
        await sink.stop()


@pytest.fixture
def number():
    """A number that no other test has: servers are shared."""
    return next(_numbers)
