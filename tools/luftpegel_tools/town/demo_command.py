"""`luftpegel demo`: a day of three stations, lost frames, a gateway killed three times, and the proof."""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from luftpegel_tools.town.demo import Day, Progress, Result
from luftpegel_tools.town.options import CANNOT_START, ended_by_signals, kinds, share
from luftpegel_tools.town.proof import MANY
from luftpegel_tools.town.station_kinds import KINDS
from luftpegel_tools.town.town import RADIOS, Wishes
from luftpegel_tools.virtual_board.engine import ENGINES

EXIT_PROVED, EXIT_LOST, EXIT_WRONG_USE, EXIT_MISSING, EXIT_INTERRUPTED = 0, 1, 2, 3, 130
_BAR_WIDTH = 40

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "intro": "{n} stations, {days:g} simulated day(s), {loss:.0f} % of frames lost, {kills} kills",
        "page": "status page: {url}",
        "progress": "{percent:3d} %  {frames} frames sent, {lost} lost, gateway killed {kills} times",
        "grace": "the day is over; waiting for what is still on its way",
        "head": "station kind sampled stored lost duplicated B/reading ms/reading",
        "true": "Every stored value equals what the sensor delivered. {seconds:.1f} s.",
        "false": "NOT PROVED: {lost} lost, {duplicated} duplicated, {faults} wrong. {seconds:.1f} s.",
        "more": "  … and {n} more",
        "log": "The gateway's last words:",
        "serving": "The status page stays at {url} until Ctrl-C.",
        "stopped": "stopped",
        "no_folder": "LP-373: there is no folder {folder} for the report. Next: create it, or name another.",
    },
    "de": {
        "intro": "{n} Stationen, {days:g} simulierte(r) Tag(e), {loss:.0f} % Frameverlust, {kills} Abschüsse",
        "page": "Statusseite: {url}",
        "progress": "{percent:3d} %  {frames} Frames gesendet, {lost} verloren, Gateway {kills}-mal getötet",
        "grace": "der Tag ist vorbei; warte auf das, was noch unterwegs ist",
        "head": "Station Art gemessen gespeichert verloren doppelt B/Messung ms/Messung",
        "true": "Jeder gespeicherte Wert gleicht dem, den der Sensor lieferte. {seconds:.1f} s.",
        "false": "NICHT BEWIESEN: {lost} verloren, {duplicated} doppelt, {faults} falsch. {seconds:.1f} s.",
        "more": "  … und {n} weitere",
        "log": "Die letzten Worte des Gateways:",
        "serving": "Die Statusseite bleibt unter {url} bis Strg-C.",
        "stopped": "beendet",
        "no_folder": "LP-373: Der Ordner {folder} fehlt. Nächster Schritt: anlegen oder anders nennen.",
    },
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--loss", type=share, default=0.2, help="share of frames lost each way (default 0.2)")
    parser.add_argument("--days", type=_days, default=1.0, help="simulated days (default 1)")
    parser.add_argument("--kills", type=_count, default=3, help="how often the gateway is killed (default 3)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another weather and other losses")
    parser.add_argument(
        "--engine", choices=tuple(ENGINES), default="pip", help="the MicroPython (default pip)"
    )
    parser.add_argument(
        "--radio",
        choices=RADIOS,
        default=RADIOS[0],
        help="a modem, or a LoRa chip with our own LoRaWAN (default %(default)s)",
    )
    parser.add_argument(
        "--stations",
        type=kinds,
        default=tuple(KINDS),
        metavar="KIND,...",
        help=f"which stations (default {','.join(KINDS)})",
    )
    parser.add_argument(
        "--once", action="store_true", help="end with the table instead of serving the page on"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table for machines, too")
    parser.add_argument(
        "--lang", choices=tuple(TEXTS), default=_language(), help="of messages (default: yours)"
    )


def run(args: argparse.Namespace) -> int:
    """Run the demo: 0 proved, 1 something lost, doubled or altered, 3 broker or engine cannot be had."""
    if args.json and not args.json.absolute().parent.is_dir():
        print(TEXTS[args.lang]["no_folder"].format(folder=args.json.absolute().parent), file=sys.stderr)
        return EXIT_WRONG_USE
    folder = Path(tempfile.mkdtemp(prefix="luftpegel-demo-"))
    try:
        with ended_by_signals():
            return _demo(args, folder)
    except CANNOT_START as error:
        print(error, file=sys.stderr)
        return EXIT_MISSING
    except KeyboardInterrupt:
        print(TEXTS[args.lang]["stopped"], file=sys.stderr)
        return EXIT_INTERRUPTED
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _demo(args: argparse.Namespace, folder: Path) -> int:
    texts = TEXTS[args.lang]
    started = time.monotonic()
    wishes = Wishes(kinds=args.stations, seed=args.seed, loss=args.loss, engine=args.engine, radio=args.radio)
    print(texts["intro"].format(n=len(args.stations), days=args.days, loss=100 * args.loss, kills=args.kills))
    with Day(folder, wishes, days=args.days, kills=args.kills) as day:
        print(texts["page"].format(url=day.gateway.page), flush=True)
        bar = _Bar(texts)
        results = day.run(bar.show)
        bar.end()
        seconds = time.monotonic() - started
        _print_table(results, texts)
        proved = _print_verdict(results, seconds, texts)
        if not proved:
            print(texts["log"], *day.gateway.last_words(), sep="\n  ", flush=True)
        if args.json:
            args.json.write_text(json.dumps(_report(results, seconds, args.loss, day.kills), indent=2) + "\n")
        if not args.once:
            _wait_for_ctrl_c(texts["serving"].format(url=day.gateway.page))
    return EXIT_PROVED if proved else EXIT_LOST


class _Bar:
    """The progress: a bar that grows on a terminal, a line each tenth elsewhere."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._terminal = sys.stdout.isatty()
        self._told = -1
        self._grace = False

    def show(self, progress: Progress) -> None:
        """Tell how far the run is."""
        if progress.share > 1:
            if not self._grace:
                self.end()
                print(self._texts["grace"], flush=True)
                self._grace = True
            return
        percent = int(100 * progress.share)
        text = self._texts["progress"].format(
            percent=percent, frames=progress.frames, lost=progress.frames_lost, kills=progress.kills
        )
        if self._terminal:
            done = round(_BAR_WIDTH * progress.share)
            print(f"\r[{'#' * done}{'.' * (_BAR_WIDTH - done)}] {text}", end="", flush=True)
        elif percent // 10 > self._told:
            self._told = percent // 10
            print(text, flush=True)

    def end(self) -> None:
        """Leave the bar's line."""
        if self._terminal and not self._grace:
            print()


def _print_table(results: Sequence[Result], texts: Mapping[str, str]) -> None:
    rows = [texts["head"].split(" "), *(_row(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print()
    for row in rows:
        words = [
            word.ljust(width) if column < 2 else word.rjust(width)
            for column, (word, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(words))
    print()


def _row(result: Result) -> list[str]:
    proof = result.proof
    counts = (proof.sampled, proof.stored, proof.lost, proof.duplicated)
    figures = (f"{result.bytes_per_reading:.1f}", f"{result.airtime_ms_per_reading:.1f}")
    return [result.id, result.kind, *map(str, counts), *figures]


def _print_verdict(results: Sequence[Result], seconds: float, texts: Mapping[str, str]) -> bool:
    for result in results:
        for fault in result.proof.faults[:MANY]:
            print(f"  {result.id}: {fault}")
        if len(result.proof.faults) > MANY:
            print(texts["more"].format(n=len(result.proof.faults) - MANY))
    proved = all(result.proof.sound for result in results)
    words = {
        "seconds": seconds,
        "lost": sum(result.proof.lost for result in results),
        "duplicated": sum(result.proof.duplicated for result in results),
        "faults": sum(len(result.proof.faults) for result in results),
    }
    print(texts["true" if proved else "false"].format(**words), flush=True)
    return proved


def _report(results: Sequence[Result], seconds: float, loss: float, kills: int) -> dict[str, object]:
    return {
        "seconds": round(seconds, 1),
        "frame_loss": loss,
        "kills": kills,
        "stations": [
            {
                "id": result.id,
                "kind": result.kind,
                "sampled": result.proof.sampled,
                "stored": result.proof.stored,
                "lost": result.proof.lost,
                "duplicated": result.proof.duplicated,
                "bytes_per_reading": round(result.bytes_per_reading, 2),
                "airtime_ms_per_reading": round(result.airtime_ms_per_reading, 2),
            }
            for result in results
        ],
    }


def _wait_for_ctrl_c(said: str) -> None:
    """Says so and waits; who answers what is said at once is heard, too (signal.pause() would miss a signal
    that comes just before it)."""
    try:
        print(said, flush=True)
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        print()


def _days(text: str) -> float:
    value = float(text)
    if not 0 < value <= 31:
        raise argparse.ArgumentTypeError(f"{text} is not a number of days above 0, up to 31")
    return value


def _count(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to 100")
    return value


def _language() -> str:
    words = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "de" if next((word for word in words if word), "").startswith("de") else "en"
