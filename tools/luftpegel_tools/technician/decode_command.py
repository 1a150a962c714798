"""`luftpegel decode`: what a frame says, offline; with --explain byte by byte."""

import argparse
import base64
import binascii
import json
import sys
from typing import Any

from luftpegel_tools.decode.explain import Line, describe_row, explain, guess_port, quality_name
from luftpegel_wire import PORT_READINGS, WireError, decode
from luftpegel_wire.channels import format_value, name_of


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("frame", help="the payload in hexadecimal, or in Base64; - reads the input")
    parser.add_argument("--port", type=int, help="FPort it travelled on; else guessed from its shape")
    parser.add_argument("--base64", action="store_true", help="the frame is Base64")
    parser.add_argument("--explain", action="store_true", help="show the meaning of each byte")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace) -> int:
    """Prints the frame; 1 if it is not one, 2 if the text is not even bytes."""
    text = sys.stdin.read() if args.frame == "-" else args.frame
    try:
        payload = _bytes(text, args.base64)
    except (ValueError, binascii.Error):
        kind, step = ("Base64", "leave out") if args.base64 else ("hexadecimal", "add")
        print(f"LP-360: the frame is not {kind}. Next: copy it whole, or {step} --base64.", file=sys.stderr)
        return 2
    try:
        port = guess_port(payload) if args.port is None else args.port
        frame = decode(port, payload)
        lines = explain(port, payload) if args.explain else []
    except WireError as error:
        print(f"{error}\nThe sender is at fault, or bytes are missing.", file=sys.stderr)
        print("Next step: compare with the frame in the network server's log.", file=sys.stderr)
        return 1
    if args.json:
        explained = [vars(line) for line in lines]
        print(json.dumps({"port": port, "frame": _plain(frame), "explained": explained}, indent=1))
    elif lines:
        _print_table(lines)
    else:
        _print_frame(port, frame)
    return 0


def _bytes(text: str, is_base64: bool) -> bytes:
    return base64.b64decode(text.strip(), validate=True) if is_base64 else bytes.fromhex(text)


def _print_table(lines: list[Line]) -> None:
    width = 24
    print(f"{'byte':>5}  {'hex':<{width}}{'bits':>6}  meaning")
    for line in lines:
        chunks = [line.hex[at : at + width - 1] for at in range(0, len(line.hex), width)] or [""]
        bits = "" if line.bits is None else f"{line.bits:.1f}"
        print(f"{line.start:>5}  {chunks[0]:<{width}}{bits:>6}  {line.meaning}")
        for chunk in chunks[1:]:
            print(f"{'':>5}  {chunk}")


def _print_frame(port: int, frame: Any) -> None:
    if port != PORT_READINGS:
        for name, value in vars(frame).items():
            print(f"{name}: {value}")
        return
    for row in frame.rows:
        print(describe_row(row, frame.channels))


def _plain(frame: Any) -> dict[str, Any]:
    """A frame as JSON can hold it; values of readings both in base units and in their unit."""
    plain = {name: value for name, value in vars(frame).items() if name != "rows"}
    if hasattr(frame, "rows"):
        plain["rows"] = [_plain_row(row, frame.channels) for row in frame.rows]
    return plain


def _plain_row(row: Any, channels: tuple[int, ...]) -> dict[str, Any]:
    cells = {
        name_of(channel): {
            "base": value,
            "value": format_value(channel, value),
            "quality": quality_name(quality),
        }
        for channel, value, quality in zip(channels, row.values, row.quality, strict=True)
    }
    return {"seq": row.seq, "age": row.age, "absent": row.absent, "cells": cells}
