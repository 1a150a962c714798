"""Runs all benchmarks, prints a table and writes bench.json."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from luftpegel_tools.bench import (
    Figure,
    compactness,
    encoder,
    lorawan_heap,
    phy_heap,
    quality,
    rx_windows,
    sensor_heap,
    station,
)
from luftpegel_tools.generate.table import REPOSITORY


def main() -> int:
    """Returns 0; a benchmark measures and judges nothing."""
    parser = argparse.ArgumentParser(prog="luftpegel_tools.bench", description=__doc__)
    parser.add_argument("--gauge", type=Path, default=compactness.GAUGE, help="another log of the gauge")
    parser.add_argument("--windows", type=int, default=300, help="random windows of the log")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=REPOSITORY / "bench.json")
    args = parser.parse_args()
    benches: dict[str, Callable[[], Iterable[Figure]]] = {
        "Readings in 51 bytes": lambda: compactness.measure(args.gauge, args.windows, args.seed),
        "What the gateway's checks find in real series": quality.measure,
        "Encoder on the 32-bit engine": encoder.measure,
        "Heap of the sensor drivers on the 32-bit engine": sensor_heap.measure,
        "Size and heap of the radio chips' drivers on the 32-bit engine": phy_heap.measure,
        "Size and heap of the LoRaWAN MAC on the 32-bit engine": lorawan_heap.measure,
        "Errors of the clock that the receive windows bear": rx_windows.measure,
        "The whole station on the 32-bit engine": station.measure,
    }
    figures: list[Figure] = []
    for title, measure in benches.items():
        print(f"\n{title}")
        for figure in measure():
            ratio = "" if figure.ratio is None else f"{figure.ratio:8.2f} x {figure.against}"
            print(f"  {figure.name:<52}{figure.value:10.2f} {figure.unit:<10}{ratio}", flush=True)
            figures.append(figure)
    args.output.write_text(json.dumps([figure.as_json() for figure in figures], indent=1) + "\n")
    print(f"\nwritten to {args.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
