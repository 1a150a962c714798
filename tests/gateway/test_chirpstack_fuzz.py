"""Whatever bytes come under whatever topic: an event that can be written down, or Refused with its code.

Events that are bent in a few places find more than random bytes. Each run has a seed of its own, which a
failure names; LUFTPEGEL_SEED repeats it.
"""

import base64
import json
import os
import random
import secrets
from pathlib import Path

import hypothesis.strategies as st
import msgspec
import pytest
from chirpstack_api import integration
from google.protobuf import json_format
from hypothesis import given, settings

from luftpegel_gateway.model.events import Carried, Joined, Notice, Passed, Reported, Uplink
from luftpegel_gateway.model.faults import Refused
from luftpegel_gateway.sources import chirpstack_shapes
from luftpegel_gateway.sources.chirpstack_events import parse
from luftpegel_gateway.sources.values import LATEST

RUNS = 50_000
SEED = os.environ.get("LUFTPEGEL_SEED") or secrets.token_hex(4)
FILES = sorted((Path(__file__).parent / "events").glob("*.json"))
CASES = [json.loads(file.read_text(encoding="utf-8")) for file in FILES]
MESSAGES = {"up": integration.UplinkEvent, "join": integration.JoinEvent, "log": integration.LogEvent}
STRANGE = [None, True, False, 0, -1, 7.0, 1e300, 2**31, 2**64, 10**400, "", "7", "NaN", "\0", "\ud800",
           "x" * 300, float("nan"), float("-inf"), [], [None], [[]], {}, {"a": 1}, "2026-07-01T23:59:60Z",
           "0001-01-01T00:00:00Z", "-1s", "AQI", "70B3D57ED0000001"]  # fmt: skip


def topic(kind, device="70b3d57ed0000001"):
    return f"application/app/device/{device}/event/{kind}"


def outcome(topic, payload):
    """What parse makes of it, checked: anything but an event or Refused fails."""
    try:
        event = parse(topic, payload)
    except Refused as refused:
        code, detail = refused.code, refused.detail
        event = None
    if event is None:
        assert code in ("LP-250", "LP-256")
        assert len(detail.encode()) < 600
        return code
    assert isinstance(event, Uplink | Joined | Notice | Reported | Carried | Passed)
    msgspec.json.encode(event)  # a text that no journal could take fails here
    if isinstance(event, Uplink):
        check(event)
    return event


def check(event):
    assert len(event.dev_eui) == 16
    assert int(event.dev_eui, 16) >= 0
    for value, low, high in ((event.f_port, 0, 255), (event.f_cnt, 0, 2**32 - 1), (event.dr, 0, 15),
                             (event.rssi, -250, 100), (event.snr, -100, 100), (event.clocks.told, 0, LATEST),
                             (event.clocks.network, 0, LATEST)):  # fmt: skip
        assert value is None or low <= value <= high
    assert all(0 <= clock <= LATEST for _, clock in event.clocks.gateways)
    assert list(event.lacking) == sorted(set(event.lacking))
    assert len(event.lacking) < 30


def bend(chance, value):
    """The same JSON with one strange place."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        key = chance.choice(sorted(value))
        changed = dict(value)
        action = chance.random()
        if action < 0.1:
            del changed[key]
        elif action < 0.15:
            changed[key.upper()] = changed.pop(key)
        else:
            changed[key] = bend(chance, value[key])
        return changed
    if isinstance(value, list) and value and chance.random() < 0.7:
        place = chance.randrange(len(value))
        return [bend(chance, item) if index == place else item for index, item in enumerate(value)]
    return chance.choice(STRANGE)


def damage(chance, payload):
    """Bytes changed, cut out, doubled."""
    damaged = bytearray(payload)
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(damaged) + 1)
        action = chance.randrange(4)
        if action == 0 and place < len(damaged):
            damaged[place] = chance.randrange(256)
        elif action == 1:
            del damaged[place : place + chance.randint(1, 20)]
        elif action == 2:
            damaged[place:place] = damaged[place : place + 10]
        elif damaged:
            del damaged[place:]
    return bytes(damaged)


def to_protobuf(case):
    message = json_format.ParseDict(case["event"], MESSAGES[case["kind"]](), ignore_unknown_fields=True)
    return message.SerializeToString()


def inputs(chance, count):
    straight = [case for case in CASES if case["kind"] in MESSAGES and case.get("protobuf", True)]
    binary = [(case["kind"], to_protobuf(case)) for case in straight]
    for _ in range(count):
        case = chance.choice(CASES)
        way = chance.randrange(4)
        if way == 0:
            kind, payload = chance.choice(binary)
            yield kind, damage(chance, payload)
        elif way == 1:
            yield case["kind"], damage(chance, json.dumps(case["event"]).encode())
        else:
            event = case["event"]
            for _ in range(way - 1):
                event = bend(chance, event) if isinstance(event, dict) else event
            yield case["kind"], json.dumps(event).encode()


def test_bent_events():
    print(f"LUFTPEGEL_SEED={SEED}")
    found = {"event": 0, "refused": 0}
    for number, (kind, payload) in enumerate(inputs(random.Random(SEED), RUNS)):
        try:
            result = outcome(topic(kind), payload)
        except Exception as error:
            error.add_note(f"LUFTPEGEL_SEED={SEED}, input {number}: {kind} {payload!r}")
            raise
        found["refused" if isinstance(result, str) else "event"] += 1
    assert min(found.values()) > RUNS // 20, f"the fuzz is lopsided: {found}, LUFTPEGEL_SEED={SEED}"


def test_both_ways_through_json_read_the_same(monkeypatch):
    """The quick way may fail where the slow one does not, but where it reads, it reads the same."""
    bent = inputs(random.Random(SEED), RUNS // 5)
    payloads = [payload for kind, payload in bent if kind == "up" and payload[:1] == b"{"]
    quick = [outcome(topic("up"), payload) for payload in payloads]

    class Never:
        def decode(self, payload):
            raise msgspec.ValidationError

    monkeypatch.setattr(chirpstack_shapes, "_STRICT", Never())
    for payload, expected in zip(payloads, quick, strict=True):
        assert outcome(topic("up"), payload) == expected, (SEED, payload)


@pytest.mark.parametrize("kind", ["up", "join", "log"])
@settings(max_examples=500, deadline=None)
@given(payload=st.binary(max_size=300))
def test_random_bytes_are_refused(kind, payload):
    assert isinstance(outcome(topic(kind), payload), str)


@settings(max_examples=500, deadline=None)
@given(name=st.text(max_size=80))
def test_any_topic(name):
    outcome(name, b"{}")
    outcome(f"application/{name}", b"{}")
    outcome(topic("up", name), b"{}")
    outcome(topic(name), b"{}")


numbers = st.integers(0, 2**32 - 1)
moments = st.one_of(st.none(), st.integers(0, 4_000_000_000_000_000_000))


@st.composite
def uplinks(draw):
    """Any uplink that a ChirpStack can send, as protobuf message."""
    message = integration.UplinkEvent(
        dev_addr=f"{draw(numbers):08x}", f_cnt=draw(numbers), f_port=draw(st.integers(0, 255)),
        dr=draw(st.integers(0, 15)), data=draw(st.binary(max_size=60)), adr=draw(st.booleans()),
    )  # fmt: skip
    device = message.device_info
    device.dev_eui = f"{draw(st.integers(0, 2**64 - 1)):016x}"
    device.application_name = draw(st.text(max_size=20))
    set_time(message.time, draw(moments))
    for _ in range(draw(st.integers(0, 4))):
        reception = message.rx_info.add(
            gateway_id=f"{draw(st.integers(0, 3)):016x}",
            rssi=draw(st.integers(-150, 20)),
            snr=draw(st.integers(-800, 800)) / draw(st.sampled_from([4, 10])) / 10,
        )
        set_time(reception.gw_time, draw(moments))
        set_time(reception.ns_time, draw(moments))
        since = draw(moments)
        if since is not None:
            reception.time_since_gps_epoch.FromNanoseconds(since)
    if draw(st.booleans()):
        message.join_server_context.session_key_id = "01"
    if modulation := draw(st.sampled_from(["", "lora", "fsk", "lr_fhss"])):
        getattr(message.tx_info.modulation, modulation).SetInParent()
    return message


def set_time(field, nanoseconds):
    if nanoseconds is not None:
        field.FromNanoseconds(nanoseconds)


@settings(max_examples=1000, deadline=None)
@given(message=uplinks(), defaults=st.booleans())
def test_json_and_protobuf_say_the_same(message, defaults):
    """By protobuf's own writer of JSON; with defaults as 4.1 and later write the event's own fields."""
    content = json_format.MessageToDict(message)
    if defaults:
        content = {"fCnt": 0, "fPort": 0, "dr": 0, "data": "", "adr": False, "confirmed": False} | content
    device = message.device_info.dev_eui
    binary = parse(topic("up", device), message.SerializeToString())
    text = parse(topic("up", device), json.dumps(content).encode())
    assert text == msgspec.structs.replace(binary, json=True)
    assert (binary.data, base64.b64encode(binary.data).decode()) == (message.data, content.get("data", ""))
