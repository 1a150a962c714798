"""Events as ChirpStack 4.0 to 4.19 and its neighbours send them: tests/gateway/events/, JSON and protobuf."""

import json
from functools import partial
from pathlib import Path

import msgspec
import pytest
from chirpstack_api import integration
from google.protobuf import json_format

from luftpegel_gateway.model.events import Carried, Joined, Notice, Passed, Reported, Uplink
from luftpegel_gateway.sources.chirpstack_events import parse

FILES = sorted((Path(__file__).parent / "events").glob("*.json"))
each = partial(pytest.mark.parametrize, "file", ids=lambda file: file.stem)
MESSAGES = {
    "up": integration.UplinkEvent,
    "join": integration.JoinEvent,
    "log": integration.LogEvent,
    "status": integration.StatusEvent,
    "txack": integration.TxAckEvent,
}
EVENTS = {"up": Uplink, "join": Joined, "log": Notice, "status": Reported, "txack": Carried}


def topic(kind):
    return f"application/8a6f6a0c-0c5e-4f2e-9d1c-1e0b7f1d2c3b/device/70b3d57ed0000001/event/{kind}"


def load(file):
    return json.loads(file.read_text(encoding="utf-8"))


def protobuf(kind, event):
    """The same event as its ChirpStack sends it in protobuf; gwTime was called time before 4.6."""
    for reception in event.get("rxInfo", []):
        if "time" in reception:
            reception["gwTime"] = reception.pop("time")
    return json_format.ParseDict(event, MESSAGES[kind](), ignore_unknown_fields=True).SerializeToString()


def told(event):
    """An event as in the files."""
    content = msgspec.to_builtins(event, builtin_types=(bytes,))
    if "data" in content:
        content["data"] = content["data"].hex()
    return json.loads(json.dumps(content))


def check(kind, payload, expected):
    event = parse(topic(kind), payload)
    assert isinstance(event, EVENTS.get(kind, Passed))
    content = told(event)
    assert {key: content[key] for key in expected} == expected
    return event


@each(FILES)
def test_json(file):
    case = load(file)
    check(case["kind"], json.dumps(case["event"]).encode(), case["read"])


@each([file for file in FILES if load(file)["kind"] in MESSAGES and load(file).get("protobuf", True)])
def test_protobuf_says_the_same(file):
    case = load(file)
    kind = case["kind"]
    event = check(kind, protobuf(kind, case["event"]), case["read"])
    assert not getattr(event, "json", False)


@each([file for file in FILES if load(file)["kind"] == "up"])
def test_the_slow_way_reads_the_same(file):
    """A byte order mark sends an event the way of those that are no strict JSON."""
    case = load(file)
    payload = json.dumps(case["event"]).encode()
    assert parse(topic("up"), b"\xef\xbb\xbf" + payload) == parse(topic("up"), payload)
