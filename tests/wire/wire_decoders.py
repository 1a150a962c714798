"""All decoders behind one face: a list of (port, payload) in, a list of outcomes (see wire_content) out."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import quickjs
import wire_compiled
import wire_content

from luftpegel_tools.generate.table import REPOSITORY
from luftpegel_tools.programs import debian
from luftpegel_wire import quality
from luftpegel_wire.channels import quantity_of

CODEC = REPOSITORY / "spec" / "codec" / "luftpegel.js"
QUALITIES = {name.lower(): number for name, number in vars(quality).items() if name.isupper()}
RECEIVED = "2026-06-01T12:00:00.000Z"

# Answers in JSON; JSON leaves out what is undefined, so that is made visible.
_HARNESS = """
function visible(name, value) { return value === undefined ? "UNDEFINED" : value; }
function decodeAll(inputs) { return JSON.stringify(JSON.parse(inputs).map(decodeUplink), visible); }
"""


def python(frames):
    return [wire_content.outcome(port, payload) for port, payload in frames]


def compiled(frames):
    """The gateway's: readings by the compiled reader, the rest as it is."""
    return [wire_content.outcome(port, payload, wire_compiled.decode) for port, payload in frames]


def run_lines(argv, program, lines):
    """What a program of this folder answers to lines, in JSON, in the MicroPython that argv starts."""
    path = os.pathsep.join([str(REPOSITORY / "firmware" / "lib"), ".frozen"])
    done = subprocess.run(
        [*argv, str(Path(__file__).with_name(program))],
        input="".join(f"{line}\n" for line in lines),
        env={**os.environ, "MICROPYPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


# MicroPython in 64 and 32 bits: the one of this environment, and Debian's.
ENGINES = {
    "micropython-64": lambda *work: run_lines([str(Path(sys.executable).with_name("micropython"))], *work),
    "micropython-32": lambda *work: run_lines(debian.mpy32().argv_prefix, *work),
}


def micropython(engine):
    """Decodes in a MicroPython, with wire_content.py, all frames in one process."""

    def decode_all(frames):
        return ENGINES[engine]("wire_content.py", [f"{port} {payload.hex()}" for port, payload in frames])

    return decode_all


def codec():
    """A JavaScript context with the codec in it."""
    context = quickjs.Context()
    context.eval(CODEC.read_text(encoding="utf-8"))
    context.eval(_HARNESS)
    return context


def javascript_answers(frames, received=RECEIVED):
    """What decodeUplink answers, as it is."""
    inputs = [{"bytes": list(payload), "fPort": port, "recvTime": received} for port, payload in frames]
    answers = codec().get("decodeAll")(json.dumps(inputs))
    assert "UNDEFINED" not in answers
    return json.loads(answers)


def javascript(frames):
    return [_told_by_javascript(answer) for answer in javascript_answers(frames)]


def _told_by_javascript(answer):
    if "errors" in answer:
        return {"error": answer["errors"][0].split(":")[0]}
    data = answer["data"]
    if data["kind"] == "alarm":
        told = {name: data[name] for name in ("kind", "version", "seq", "age", "reason")}
        channel = data["channel"]["channel"]
        for name in ("value", "threshold"):
            _check_units(channel, data["base"][name], data[name])
        return {**told, "channel": channel, **data["base"]}
    if data["kind"] == "readings":
        channels = data["channels"]
        return {
            **{name: data[name] for name in ("kind", "version", "seq", "age")},
            "channels": [channel["channel"] for channel in channels],
            "steps": [channel["step"] for channel in channels],
            "rows": [_row_told(channels, reading) for reading in data["readings"]],
        }
    return data


def _row_told(channels, reading):
    if reading.get("absent"):
        return reading
    for channel in channels:
        base, value = reading["base"][channel["name"]], reading["values"][channel["name"]]
        _check_units(channel["channel"], base, value)
    flags = [reading["quality"].get(channel["name"], "ok") for channel in channels]
    return {
        **{name: reading[name] for name in ("seq", "age", "interval")},
        "values": [reading["base"][channel["name"]] for channel in channels],
        "quality": [QUALITIES[flag] if flag in QUALITIES else int(flag.split("-")[1]) for flag in flags],
    }


def _check_units(channel, base, value):
    """The value in units is the decimal number that the base units say, digit by digit."""
    quantity = quantity_of(channel)
    if base is None or quantity is None:
        assert value == base
    else:
        assert Decimal(repr(value)) == Decimal(base).scaleb(quantity.exponent)


# By name, so that tests can be named after them.
DECODERS = {
    "python": lambda: python,
    "micropython-64": lambda: micropython("micropython-64"),
    "micropython-32": lambda: micropython("micropython-32"),
    "javascript": lambda: javascript,
    **({"compiled": lambda: compiled} if wire_compiled.CAN_COMPILE else {}),
}
