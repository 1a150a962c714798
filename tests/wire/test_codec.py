"""The JavaScript codec as network servers use it: times, units, warnings, downlinks, nonsense as input."""

import json
import random
import re

import pytest
import wire_decoders
import wire_random

from luftpegel_tools.generate import golden
from luftpegel_wire import Row, encode_backfill, encode_config, encode_readings, encode_status

GOOD = {vector.name: vector for vector in golden.read_release(golden.releases()[-1])[0]}


@pytest.fixture(scope="module")
def codec():
    return wire_decoders.codec()


@pytest.fixture
def call(codec):
    """call("decodeUplink", "{...}"): the answer to an argument given as JavaScript source."""

    def call_source(function, source):
        answer = codec.eval(f"JSON.stringify({function}({source}), visible)")
        assert "UNDEFINED" not in answer
        return json.loads(answer)

    return call_source


def uplink(vector, received='"2026-06-01T12:00:00.000Z"'):
    time = "" if received is None else f", recvTime: {received}"
    return f"{{fPort: {vector.port}, bytes: {list(vector.payload)}{time}}}"


def test_a_reading_as_a_person_sees_it(call):
    assert call("decodeUplink", uplink(GOOD["one reading"])) == {
        "data": {
            "kind": "readings",
            "version": 1,
            "seq": 1000,
            "age": 12,
            "channels": [
                {"channel": 2, "name": "temperature", "unit": "Cel", "exponent": -2, "step": 10},
                {"channel": 4, "name": "humidity", "unit": "%", "exponent": -2, "step": 50},
                {"channel": 6, "name": "pressure", "unit": "hPa", "exponent": -2, "step": 10},
            ],
            "readings": [
                {
                    "seq": 1000,
                    "age": 12,
                    "interval": 0,
                    "time": "2026-06-01T11:59:48.000Z",
                    "values": {"temperature": 21.5, "humidity": 63.5, "pressure": 1013.2},
                    "base": {"temperature": 2150, "humidity": 6350, "pressure": 101320},
                    "quality": {},
                }
            ],
        }
    }


@pytest.mark.parametrize("received", ['"2026-06-01T12:00:00.000Z"', "new Date(Date.UTC(2026, 5, 1, 12))"])
def test_time_of_each_reading(call, received):
    data = call("decodeUplink", uplink(GOOD["absent readings"], received))["data"]
    times = [reading.get("time", "")[11:19] for reading in data["readings"]]
    assert times[:4] == ["11:59:48", "11:49:48", "", "11:29:48"]


def test_no_time_beyond_a_lost_clock(call):
    data = call("decodeUplink", uplink(GOOD["clock lost in between"]))["data"]
    assert ["time" in reading for reading in data["readings"]] == [True, True, False, False, False, False]


@pytest.mark.parametrize("name", ["one reading", "alarm: above"])
@pytest.mark.parametrize("received", [None, '"yesterday"', "null", "{}", "new Date(NaN)"])
def test_no_time_without_a_time_of_receipt(call, name, received):
    assert '"time"' not in json.dumps(call("decodeUplink", uplink(GOOD[name], received)))


def test_alarm_has_a_time(call):
    assert call("decodeUplink", uplink(GOOD["alarm: above"]))["data"]["time"] == "2026-06-01T11:59:57.000Z"


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("channels unknown to the table", "channel-254 is not in this codec's table"),
        ("alarm of an unknown kind and channel", "channel-255 is not in this codec's table"),
        ("status with unknown fields", "field 0 is not in this codec's table"),
        ("config with an unknown setting", "field 23 is not in this codec's table"),
    ],
)
def test_warns_of_what_it_does_not_know(call, name, warning):
    answer = call("decodeUplink", uplink(GOOD[name]))
    assert answer["warnings"][0] == warning
    assert "data" in answer


def test_unknown_channel_is_told_raw_beside_the_known_ones(call):
    reading = call("decodeUplink", uplink(GOOD["channels unknown to the table"]))["data"]["readings"][0]
    assert reading["values"] == {"temperature": 21.5, "channel-254": 77, "channel-255": -5}


def test_faults_have_names(call):
    reading = call("decodeUplink", uplink(GOOD["silent sensor"]))["data"]["readings"][0]
    assert reading["values"]["humidity"] is None
    assert reading["quality"] == {"humidity": "silent"}


def test_fullest_frame(codec):
    """31 channels, 256 rows: as much as a frame can hold, and network servers give it little time."""
    channels = tuple(range(2, 33))
    steps = [10] * 31
    rows = [
        Row(1000 - i, 12 + 600 * i, 600, [100 * c for c in channels], [0] * 31, False) for i in range(256)
    ]
    payload, taken = encode_readings(channels, iter(rows), 242, steps)
    assert taken == 256
    frames = [(1, payload)]
    assert wire_decoders.javascript(frames) == wire_decoders.python(frames)


@pytest.mark.parametrize("function", ["decodeUplink", "decodeDownlink"])
@pytest.mark.parametrize(
    "source",
    [
        "", "null", "undefined", "1", "'x'", "[]", "{}", "{fPort: 1}", "{bytes: [128]}",
        "{fPort: 1, bytes: null}", "{fPort: 1, bytes: 5}", "{fPort: 1, bytes: 'text'}",
        "{fPort: 1, bytes: {}}", "{fPort: 1, bytes: []}",
        "{fPort: 1, bytes: [300, -1, 'x', null, undefined, 1.5]}",
        "{fPort: 2, bytes: [130, 1, 161, undefined, 1]}", "{fPort: 2, bytes: [130, 1, 161, 1.5, 1]}",
        "{fPort: 'toString', bytes: [128]}", "{fPort: '__proto__', bytes: [128]}",
        "{fPort: NaN, bytes: [128]}", "{fPort: {}, bytes: [128]}", "{fPort: 1, bytes: [null, null, null]}",
    ],
)  # fmt: skip
def test_nonsense_is_answered_with_an_error(call, function, source):
    answer = call(function, source)
    assert list(answer) == ["errors"]
    assert re.match(r"LP-2\d\d: ", answer["errors"][0])


def downlink(data):
    return json.dumps({"data": data})


def test_downlinks_are_those_of_the_gateway(call):
    rng = random.Random(4)
    for port, payload in (wire_random.other_frame(rng) for _ in range(400)):
        if port in {10, 11}:
            told = call("decodeDownlink", f"{{fPort: {port}, bytes: {list(payload)}}}")["data"]
            assert call("encodeDownlink", downlink(told)) == {"fPort": port, "bytes": list(payload)}


def test_downlinks_as_a_person_writes_them(call):
    data = {"kind": "config", "token": 7, "fields": {"interval_s": 300, "adr": 1, "77": "x", "78": -5}}
    wanted = encode_config(7, {"interval_s": 300, "adr": 1, 77: "x", 78: -5})
    assert call("encodeDownlink", downlink(data)) == {"fPort": 10, "bytes": list(wanted)}
    data = {"kind": "backfill", "first_seq": 4000, "count": 48}
    assert call("encodeDownlink", downlink(data)) == {
        "fPort": 11,
        "bytes": list(encode_backfill(4000, 48)),
    }


def test_settings_may_be_left_out(call):
    answer = call("encodeDownlink", downlink({"kind": "config", "token": 0}))
    assert answer["bytes"] == list(encode_config(0, {}))


def test_every_text_comes_back(call):
    for text in ("", "Größe", "😀", "\0", '"', "\\"):
        payload = encode_status({"firmware": text})
        answer = call("decodeUplink", f"{{fPort: 2, bytes: {list(payload)}}}")
        assert answer["data"]["fields"] == {"firmware": text}


@pytest.mark.parametrize(
    "source",
    [
        "", "null", "{}", "{data: null}", "{data: {}}", "{data: {kind: 'readings'}}",
        "{data: {kind: 'toString'}}", "{data: {kind: 'config'}}", "{data: {kind: 'config', token: -1}}",
        "{data: {kind: 'config', token: 1.5}}", "{data: {kind: 'config', token: '1'}}",
        "{data: {kind: 'config', token: 4294967296}}",
        "{data: {kind: 'config', token: NaN}}", "{data: {kind: 'config', token: Infinity}}",
        "{data: {kind: 'config', token: 1, fields: {interval: 5}}}",
        "{data: {kind: 'config', token: 1, fields: {constructor: 5}}}",
        "{data: {kind: 'config', token: 1, fields: {adr: true}}}",
        "{data: {kind: 'config', token: 1, fields: {adr: null}}}",
        "{data: {kind: 'config', token: 1, fields: {adr: 0.5}}}",
        "{data: {kind: 'config', token: 1, fields: {adr: -4294967296}}}",
        "{data: {kind: 'config', token: 1, fields: {adr: 1, '5': 1}}}",
        "{data: {kind: 'config', token: 1, fields: {'4294967296': 1}}}",
        "{data: {kind: 'config', token: 1, fields: {'7': '\\uD800'}}}",
        "{data: {kind: 'backfill', first_seq: 1}}", "{data: {kind: 'backfill', count: 1}}",
        "{data: {kind: 'backfill', first_seq: -1, count: 1}}",
    ],
)  # fmt: skip
def test_impossible_downlink_is_refused(call, source):
    answer = call("encodeDownlink", source)
    assert list(answer) == ["errors"]
    assert re.match(r"LP-2\d\d: ", answer["errors"][0])


# The Things Stack's repository takes nothing newer than ECMAScript 5.1, and no modules.
NEWER = (
    r"=>|`|\.\.\.|\*\*|\?\?|\?\.|\b(let|const|class|async|await|yield|import|export|require|module|Symbol|Map|Set|"
    r"Promise|Uint8Array|BigInt|TextDecoder|Buffer|super|extends)\b|\bfor\s*\([^;)]*\bof\b|"
    r"\.(includes|find|findIndex|fill|padStart|padEnd|startsWith|endsWith|repeat|flat|at)\(|"
    r"\b(Math\.(trunc|log2|sign|clz32|imul)|Number\.is\w+|Object\.(assign|entries|values)|Array\.(from|of))\b"
)


def code_only(source):
    return re.sub(r'//[^\n]*|"(\\.|[^"\\\n])*"|\'(\\.|[^\'\\\n])*\'', "", source)


def test_nothing_newer_than_es5():
    assert re.findall(NEWER, code_only(wire_decoders.CODEC.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "newer", ["let x", "() => 1", "`x`", "f(...a)", "for (var x of y)", "a.includes(1)", "2**3"]
)
def test_newer_code_would_be_found(newer):
    assert re.search(NEWER, code_only(newer + ' // "comment"'))
