"""Damaged tables of radio gateways, and answers of The Things Stack that make no sense."""

import asyncio
import json
import os
import random

import pytest

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.transport.http_client import Answer
from luftpegel_tools.technician.keys import Key
from luftpegel_tools.technician.provision import tts_devices
from luftpegel_tools.technician.provision.gateway_table import read_gateways
from luftpegel_tools.technician.provision.tts_server import Server
from luftpegel_tools.technician.provision.wanted import Device
from luftpegel_tools.technician.words import TroubleError

TABLE = (
    "gateway_id,name,latitude,longitude,altitude\n"
    "0016c001f1500001,Rathaus,50.051,6.301,412\n00:16:C0:01:F1:50:00:02,Wehr,,,\n"
)
KEY = Key(bytes(range(16)))
DEVICE = Device("LP-0001", "Wehr", "level", "70b3d57ed0001234", "0" * 16, KEY, "EU868", 600, 50.0, 6.0, "P")
NONSENSE = (b"[]", b"1", b"null", b'{"ids": []}', b'{"ids": 1}', b'""', b"[" * 100_000)


@pytest.fixture
def rng():
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    return random.Random(seed)


def damaged(rng, whole):
    content = bytearray(whole)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(content) + 1)
        content[at : at + rng.randint(0, 4)] = bytes(rng.randrange(256) for _ in range(rng.randint(0, 3)))
    return bytes(content)


def test_a_sound_table(tmp_path):
    file = tmp_path / "gateways.csv"
    file.write_text(TABLE)
    first, second = read_gateways(file)
    assert (first.gateway_id, first.name, first.altitude) == ("0016c001f1500001", "Rathaus", 412)
    assert (second.gateway_id, second.latitude) == ("0016c001f1500002", None)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("gateway_id", "id"), "LP-601"),
        (("0016c001f1500001", "16c001f1500001"), "LP-602"),
        (("50.051", "95"), "LP-602"),
        (("50.051", ""), "LP-602"),
        (("00:16:C0:01:F1:50:00:02", "0016c001f1500001"), "LP-603"),
        (("Rathaus", '"Rathaus'), "LP-600"),
    ],
)
def test_a_mistake_in_a_table(tmp_path, change, code):
    file = tmp_path / "gateways.csv"
    file.write_text(TABLE.replace(*change))
    with pytest.raises(TroubleError) as told:
        read_gateways(file)
    assert told.value.code == code
    assert told.value.text("de")


def test_damaged_tables(tmp_path, rng):
    file = tmp_path / "gateways.csv"
    for _ in range(20_000):
        file.write_bytes(damaged(rng, TABLE.encode()))
        try:
            found = read_gateways(file)
        except TroubleError as trouble:
            trouble.text("en")
        else:
            assert all(len(one.gateway_id) == 16 and one.name for one in found)


class Answers:
    """A client that hears what it is told to hear."""

    def __init__(self, bodies):
        self._bodies = bodies

    async def request(self, method, path, **_what):
        return Answer(200, {}, next(self._bodies), f"{method} {path}")


def test_answers_that_make_no_sense(rng):
    registries = tts_devices.registries(DEVICE, "host", None, "codec")
    sound = []
    for registry in registries:
        message = tts_devices.body(DEVICE, "app", {}, registry.paths)["end_device"]
        sound.append(json.dumps(message).encode())

    async def look(bodies):
        server = Server(Answers(iter(bodies)), "app", lambda _device: registries, lambda *_: False)
        return await server.look(DEVICE)

    async def all_of_them():
        assert (await look(sound)).state == "same"
        for _ in range(20_000):
            bodies = [damaged(rng, body) if rng.random() < 0.7 else body for body in sound]
            if rng.random() < 0.2:
                bodies[rng.randrange(4)] = rng.choice(NONSENSE)
            try:
                await look(bodies)
            except (OtherEndDown, TroubleError) as trouble:
                assert trouble.code.startswith("LP-")  # noqa: PT017 - or it was sound after all

    asyncio.run(all_of_them())
