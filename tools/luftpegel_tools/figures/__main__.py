"""Runs the benchmarks, all or those that are named, prints a table and writes bench.json."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from luftpegel_tools.figures import (
    Figure,
    compactness,
    encoder,
    flashing,
    gateway,
    lorawan_heap,
    phy_heap,
    quality,
    rx_windows,
    sensor_heap,
    station,
)
from luftpegel_tools.generate.table import REPOSITORY

Measure = Callable[[argparse.Namespace], Iterable[Figure]]
BENCHES: dict[str, tuple[str, Measure]] = {
    "payload": (
        "Readings in 51 bytes",
        lambda args: compactness.measure(args.gauge, args.windows, args.seed),
    ),
    "quality": ("What the gateway's checks find in real series", lambda _: quality.measure()),
    "encoder": ("Encoder on the 32-bit engine", lambda _: encoder.measure()),
    "sensors": ("Heap of the sensor drivers on the 32-bit engine", lambda _: sensor_heap.measure()),
    "radios": (
        "Size and heap of the radio chips' drivers on the 32-bit engine",
        lambda _: phy_heap.measure(),
    ),
    "mac": ("Size and heap of the LoRaWAN MAC on the 32-bit engine", lambda _: lorawan_heap.measure()),
    "windows": ("Errors of the clock that the receive windows bear", lambda _: rx_windows.measure()),
    "station": ("The whole station on the 32-bit engine", lambda _: station.measure()),
    "flashing": ("Tool time of fifty boards, reckoned", lambda _: flashing.measure()),
    "gateway": (
        "The gateway, beside its peers",
        lambda args: gateway.measure(gateway.QUICK if args.quick else gateway.WHOLE),
    ),
}


def main() -> int:
    """Returns 0; a benchmark measures and judges nothing."""
    parser = argparse.ArgumentParser(prog="luftpegel_tools.figures", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(BENCHES)}; all if none")
    parser.add_argument("--gauge", type=Path, default=compactness.GAUGE, help="another log of the gauge")
    parser.add_argument("--windows", type=int, default=300, help="random windows of the log")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="the gateway: few frames, one round")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "bench.json")
    args = parser.parse_args()
    unknown = [part for part in args.parts if part not in BENCHES]
    if unknown:
        parser.error(f"there is no part {unknown[0]}; there are {', '.join(BENCHES)}")
    figures: list[Figure] = []
    for part in args.parts or BENCHES:
        title, measure = BENCHES[part]
        print(f"\n{title}")
        for figure in measure(args):
            print(f"  {row(figure)}", flush=True)
            figures.append(figure)
    args.output.write_text(json.dumps([figure.as_json() for figure in figures], indent=1) + "\n")
    print(f"\nwritten to {args.output}")
    return 0


def row(figure: Figure) -> str:
    """A figure as a line of the table."""
    if figure.value is None:
        return f"{figure.name:<72} not measured: {figure.against}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:8.2f} x {figure.against}"
    return f"{figure.name:<72}{figure.value:10.2f} {figure.unit:<10}{ratio}"


if __name__ == "__main__":
    sys.exit(main())
