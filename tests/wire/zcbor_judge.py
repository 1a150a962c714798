"""Runs in zcbor's own environment (see wire_zcbor): what zcbor finds wrong with frames.

Reads JSON {"cddl": text, "frames": [[rule, hex], ...]}, writes null or a complaint for each frame.
"""

import json
import sys

from zcbor.zcbor.zcbor import DataTranslator

MOST = 1000  # of what a map with * may hold


def judge(types, rule, payload):
    try:
        types[rule].validate_str(payload)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def main():
    request = json.load(sys.stdin)
    types = DataTranslator.from_cddl(request["cddl"], MOST).my_types
    print(json.dumps([judge(types, rule, bytes.fromhex(data)) for rule, data in request["frames"]]))


if __name__ == "__main__":
    main()
