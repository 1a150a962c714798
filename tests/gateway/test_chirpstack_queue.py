"""Commands by ChirpStack's API: queued once whatever breaks, shown, and taken back without touching others'.

The server takes the same thing twice and gives each a name of its own; so does its double.
"""

import json
import os
import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from chirpstack_api import api

sys.path.insert(0, str(Path(__file__).parent))
from chirpstack_world import READER, TENANT, ApiWorld

from luftpegel_gateway.config.files import load
from luftpegel_gateway.downlinks import commands
from luftpegel_gateway.model.events import Downlink, Queued
from luftpegel_gateway.model.faults import OtherEndDown, Refused
from luftpegel_gateway.network_server import queue
from luftpegel_gateway.network_server.channel import Api
from luftpegel_gateway.sources import chirpstack_queue
from luftpegel_tools.cli import main

EUI = "70b3d57ed0000001"
GONE = grpc.StatusCode.UNAVAILABLE


@pytest.fixture
def world(tmp_path, broker):
    world = ApiWorld(tmp_path / "chirpstack", broker.port)
    world.add(EUI, "Mühlbach")
    yield world
    world.close()


@pytest.fixture
def server(world):
    config = load(world.config, may_be_empty=True)
    with Api(config.sources[0].options, patience_s=20) as server:
        yield server


def downlink(data=b"\x01\x02", **changes):
    return Downlink("topic", EUI, 10, data, "our-own-id", **changes)


def only_once(point):
    """A spoiler for one call of Enqueue; `point` says with which status it ends."""
    left = [point]
    return lambda name: left.pop() if left and name == "Enqueue" else None


def test_what_waits_is_not_queued_again(world, server):
    first = queue.enqueue_once(server, downlink(expires_at=int(time.time()) + 600))
    assert queue.enqueue_once(server, downlink()) == first
    assert queue.enqueue_once(server, downlink(b"\x01\x03")) != first
    assert [item.data for item in world.queue(EUI)] == [b"\x01\x02", b"\x01\x03"]
    assert world.queue(EUI)[0].expires_at.seconds > time.time()


def test_a_lost_answer_is_not_a_second_item(world, server):
    world.spoiler.after = only_once(GONE)
    found = queue.enqueue_once(server, downlink())
    assert [item.id for item in world.queue(EUI)] == [found]


def test_a_call_that_was_never_done_is_told(world, server):
    world.spoiler.before = only_once(GONE)
    with pytest.raises(OtherEndDown):
        queue.enqueue_once(server, downlink())
    assert world.queue(EUI) == []
    assert world.spoiler.calls.count("Enqueue") == 1, "not retried blindly"


def test_an_expired_item_counts_for_nothing(world, server):
    queue.enqueue_once(server, downlink(expires_at=1000))
    queue.enqueue_once(server, downlink(expires_at=int(time.time()) + 600))
    assert len(world.queue(EUI)) == 2


@pytest.mark.parametrize(
    "payload", [b"", b"{}", b"[]", b'{"dev_eui": 1}', b"\xff", b"{" * 500, b'"' + b"x" * 2000 + b'"']
)
def test_a_note_that_is_none_is_refused(payload):
    with pytest.raises(Refused, match="LP-250"):
        chirpstack_queue.parse("", payload)


def test_whatever_stands_in_a_note_is_a_note_or_refused():
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    rng = random.Random(seed)
    good = chirpstack_queue.note(downlink(), "a-name")
    for _ in range(20_000):
        damaged = bytearray(good)
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(damaged) + 1)
            damaged[place : place + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
        try:
            told = chirpstack_queue.parse("", bytes(damaged))
        except Refused:
            continue
        assert isinstance(told, Queued)


def test_a_note_tells_the_name():
    told = chirpstack_queue.note(downlink(), "a-name")
    assert chirpstack_queue.parse("", told) == Queued(EUI, "our-own-id", "a-name")


# The whole gateway.


@pytest.fixture
def town(site, world):
    """A gateway that sends commands by the API."""
    text = site.config.read_text()
    lines = f"port = {site.port}\n"
    keys = (
        f'api_host = "127.0.0.1"\napi_port = {world.grpc.port}\napi_key_file = "{world.key_file}"\n'
        f'api_tenant = "{world.tenant}"\ncommands_by = "api"\napplications = ["app"]\n'
    )
    site.config.write_text(text.replace(lines, lines + keys, 1))
    return site


@pytest.fixture
def verb(town, capsys):
    def run(*words, lang="en"):
        code = main(["gateway", words[0], "--config", str(town.config), "--lang", lang, *words[1:]])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


@pytest.fixture
def network(broker, network_server):
    return network_server(broker.port)


class Uplinks:
    """Frames of the station, each waited for."""

    def __init__(self, site, network, station):
        self.site, self.network, self.station, self.next = site, network, station, 0

    def publish(self):
        self.network.publish(self.station.topic(), self.station.uplink(self.next))
        self.next += 1

    def send(self, count=1):
        for _ in range(count):
            self.publish()
            self.site.wait_for(range(self.next))


@pytest.fixture
def uplinks(town, network, station):
    return Uplinks(town, network, station)


def findings(site):
    return json.loads(site.get("/readyz")[1] or '{"findings": []}')["findings"]


def command_of(site):
    states = site.read(lambda reader: reader.states()) or {}
    found = states.get(("", "LP-0001"))
    return found.commands[-1] if found and found.commands else None


def test_a_command_goes_by_the_api_and_is_shown_there(town, world, verb, uplinks, until):
    town.started()
    assert verb("send", "LP-0001", "interval_s=300")[0] == 0
    uplinks.send()
    (item,) = until(lambda: world.queue(EUI), "nothing queued")
    until(lambda: command_of(town).item == item.id, "its name is not kept")
    assert uplinks.network.commands == [], "not by MQTT as well"
    code, said = verb("commands")
    assert (code, "in ChirpStack's queue, until 20" in said) == (0, True), said
    facts = json.loads(verb("commands", "--json")[1])[0]
    assert (facts["queue"]["id"], facts["queue"]["pending"]) == (item.id, False)
    assert "Warteschlange" in verb("commands", lang="de")[1]
    assert "queue" not in verb("commands", "--no-dial")[1]
    sent = {"deviceInfo": {"devEui": EUI, "applicationId": "app"}, "queueItemId": item.id,
            "time": datetime.now(UTC).isoformat()}  # fmt: skip
    uplinks.network.publish(uplinks.station.topic("txack"), json.dumps(sent).encode())
    until(lambda: command_of(town).on_air_at, "the name that the server gave is not known")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_the_enqueue_it_is_queued_once(*, town, world, verb, uplinks, until, moment):
    """Dead between the server's doing and our writing down: the queue itself tells that it was done."""
    town.started()
    assert verb("send", "LP-0001", "interval_s=300")[0] == 0
    killed = []

    def kill(name):
        if name == "Enqueue" and not killed:
            killed.append(moment)
            town.kill()
            return GONE
        return None

    setattr(world.spoiler, moment, kill)
    uplinks.publish()
    until(lambda: killed and town.process.poll() is not None, "it was not killed there")
    assert len(world.queue(EUI)) == (moment == "after")
    assert command_of(town).item == ""
    town.started()
    for _ in range(8):  # until it is asked for again
        uplinks.send()
        if command_of(town).sent > 1:
            break
    until(lambda: command_of(town).item, "not queued, or not written down")
    assert [item.id for item in world.queue(EUI)] == [command_of(town).item]


def test_a_queue_that_was_emptied_under_us_gets_the_command_again(*, town, world, verb, uplinks, until):
    """As ChirpStack itself does when the device joins anew (reported as a lost downlink)."""
    town.started()
    assert verb("send", "LP-0001", "interval_s=300")[0] == 0
    uplinks.send()
    (first,) = until(lambda: world.queue(EUI), "nothing queued")
    assert not first.confirmed, "one that is confirmed holds up all behind it"
    world.server.flush_queue(EUI, pending=True)
    uplinks.send(8)
    (second,) = until(lambda: world.queue(EUI), "not queued again")
    assert (second.data, second.id != first.id) == (first.data, True)
    until(lambda: command_of(town).item == second.id, "its new name is not kept")


def told_in(log, code, cause):
    """Whether the log has a line of a code that names its cause by another."""
    return any(code in line and cause in line for line in log.read_text().splitlines())


def test_an_api_that_is_away_stops_no_reading_and_is_told(town, world, verb, uplinks, until):
    town.started()
    world.spoiler.before = lambda _name: GONE
    assert verb("send", "LP-0001", "interval_s=300")[0] == 0
    uplinks.send()
    until(lambda: "LP-517" in [one["code"] for one in findings(town)], "nobody is told")
    assert told_in(town.log, "LP-517", "LP-502")
    assert town.get("/readyz")[0] == 200
    world.spoiler.before = lambda _name: None
    uplinks.send(8)
    until(lambda: len(world.queue(EUI)) == 1, "not queued once it is there again")
    until(lambda: "LP-517" not in [one["code"] for one in findings(town)], "it never clears")


def test_a_key_that_only_reads_is_told(town, world, verb, uplinks, until):
    world.give_key(READER)
    town.started()
    assert verb("send", "LP-0001", "interval_s=300")[0] == 0
    uplinks.send()
    until(lambda: "LP-517" in [one["code"] for one in findings(town)], "nobody is told")
    assert told_in(town.log, "LP-517", "LP-510")
    assert READER not in town.log.read_text()
    assert TENANT not in town.log.read_text()


@pytest.fixture
def waiting(town, world, verb, uplinks, until):
    """A command in the queue; its token."""
    town.started()
    token = json.loads(verb("send", "LP-0001", "interval_s=300", "--json")[1])["token"]
    uplinks.send()
    until(lambda: world.queue(EUI), "nothing queued")
    return str(token)


def foreign(world, **fields):
    with world.server.changed:
        item = api.DeviceQueueItem(dev_eui=EUI, f_port=77, data=b"\xca\xfe", **fields)
        return world.server.records.enqueue(item)


def test_cancel_takes_ours_out_of_the_queue(waiting, world, verb):
    code, said = verb("cancel", "LP-0001", waiting)
    assert (code, "Taken out of ChirpStack's queue" in said) == (0, True), said
    assert world.queue(EUI) == []


def test_cancel_leaves_what_others_put_there(waiting, world, verb, town):
    other = foreign(world)
    code, said = verb("cancel", "LP-0001", waiting)
    assert (code, "LP-518" in said) == (4, True), said
    assert len(world.queue(EUI)) == 2
    assert command_of(town).state == "cancelled"
    assert other in [item.id for item in world.queue(EUI)]


def test_cancel_with_flush_says_what_went_with_it(waiting, world, verb):
    other = foreign(world)
    code, said = verb("cancel", "LP-0001", waiting, "--flush")
    assert (code, f"port 77, cafe ({other})" in said) == (0, True), said
    assert world.queue(EUI) == []


def test_what_is_on_its_way_is_not_taken_back(waiting, world, verb):
    with world.server.changed:
        (item,) = world.server.records.device(EUI).queue
        item.is_pending, item.f_cnt_down = True, 12
    assert "frame counter 12" in verb("commands")[1]
    code, said = verb("cancel", "LP-0001", waiting)
    assert (code, "on its way" in said) == (0, True)
    assert len(world.queue(EUI)) == 1


def test_a_server_that_is_away_keeps_nobody_from_cancelling(waiting, world, verb, town):
    world.spoiler.before = lambda _name: GONE
    assert verb("commands")[0] == 4
    code, said = verb("cancel", "LP-0001", waiting)
    assert (code, "LP-502" in said, command_of(town).state) == (4, True, "cancelled")


def test_a_command_of_before_has_no_name_there():
    """A journal of an earlier version is read as it is."""
    (made,) = commands.add((), {"interval_s": 300}, 1000, 600)
    assert (made.item, commands.carried((made,), EUI, "", 2000)) == ("", (made,))
    (named,) = commands.queued((made,), EUI, commands.command_id(EUI, made), "a-name")
    (sent,) = commands.carried((named,), EUI, "a-name", 2000)
    assert (named.item, sent.on_air_at) == ("a-name", 2000)
