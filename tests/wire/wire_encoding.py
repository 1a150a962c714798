# Encodes readings from plain JSON, so that CPython and MicroPython can be held against each other. Runs under
# both; as a program it reads a case a line, [channels, steps, rows, limit, as a list], and writes for each
# what encoding gave: [payload in hex, rows taken], or the error's code.

import json
import sys

from luftpegel_wire import Row, WireError, encode_readings


def outcome(channels, steps, rows, limit, listed):
    rows = [Row(*row) for row in rows]
    try:
        payload, taken = encode_readings(tuple(channels), rows if listed else iter(rows), limit, steps)
    except WireError as error:
        return error.code
    return [payload.hex(), taken]


def main():
    for line in sys.stdin:
        try:
            result = outcome(*json.loads(line))
        except Exception as error:
            result = {"raised": repr(error)}
        print(json.dumps(result))


if __name__ == "__main__":
    main()
