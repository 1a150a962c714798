# What decoding a frame gives, as plain JSON: the form of the golden vectors, in which decoders are compared.
# Runs under CPython and MicroPython; as a program it reads lines "port hex", and writes JSON for each.

import json
import sys

from luftpegel_wire import WireError, decode


def outcome(port, payload, decode=decode):
    # The frame's content, or {"error": code}; any other exception is the caller's to see.
    try:
        frame = decode(port, payload)
    except WireError as error:
        return {"error": error.code}
    kind = type(frame).__name__.lower()
    content = {"kind": kind, "version": frame.version}
    content.update(_PARTS[kind](frame))
    return content


def _readings(frame):
    return {
        "seq": frame.seq,
        "age": frame.age,
        "channels": list(frame.channels),
        "steps": list(frame.steps),
        "rows": [_row(row, frame) for row in frame.rows],
    }


def _row(row, frame):
    if row.absent:
        width = len(frame.channels)
        assert (row.age, list(row.values), list(row.quality)) == (None, [None] * width, [8] * width)
        return {"seq": row.seq, "absent": True}
    return {
        "seq": row.seq,
        "age": row.age,
        "interval": row.interval,
        "values": list(row.values),
        "quality": list(row.quality),
    }


def _fields(frame):
    return {str(name): value for name, value in frame.fields.items()}


_PARTS = {
    "readings": _readings,
    "status": lambda frame: {"fields": _fields(frame)},
    "config": lambda frame: {"token": frame.token, "fields": _fields(frame)},
    "backfill": lambda frame: {"first_seq": frame.first_seq, "count": frame.count},
    "alarm": lambda frame: {
        "seq": frame.seq,
        "age": frame.age,
        "channel": frame.channel,
        "reason": frame.kind,
        "value": frame.value,
        "threshold": frame.threshold,
    },
}


def main():
    for line in sys.stdin:
        port, data = (line.strip() + " ").split(" ", 1)
        try:
            result = outcome(int(port), bytes.fromhex(data.strip()))
        except Exception as error:
            result = {"raised": repr(error)}
        print(json.dumps(result))


if __name__ == "__main__":
    main()
