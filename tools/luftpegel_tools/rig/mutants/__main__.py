"""`make mutants`: puts each fault into a copy of the firmware, and tells which tests find it.

Results are kept in build/mutants/results.jsonl, so that an interrupted run goes on where it was; a result
counts until the fault, hil_tests or the named folders change. Exit code 1 when a mutant survives.
"""

import argparse
import json
import queue
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from luftpegel_tools.image.firmware_image import FIRMWARE
from luftpegel_tools.rig.mutants import trial
from luftpegel_tools.rig.mutants.listing import Mutant, digest_of, key_of, load

ROOT = FIRMWARE.parent
LIST = ROOT / "hil_tests" / "mutants.toml"
WORK = ROOT / "build" / "mutants"


def main(argv: Sequence[str] | None = None) -> int:
    """Try mutants; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--only", action="append", metavar="PART", help="mutants with this in their name or file"
    )
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time (default: 2)")
    parser.add_argument(
        "--hil-only", action="store_true", help="leave the suite out: quick, keeps no survivor"
    )
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    parser.add_argument("--json", action="store_true", help="print the table as JSON")
    args = parser.parse_args(argv)
    mutants = [mutant for mutant in load(LIST) if _wanted(mutant, args.only)]
    if not mutants:
        print("no mutant has that in its name; hil_tests/mutants.toml lists them", file=sys.stderr)
        return 2
    if args.fresh:
        (WORK / "results.jsonl").unlink(missing_ok=True)
    results = _Results(WORK / "results.jsonl", mutants)
    _try_all([mutant for mutant in mutants if not results.of(mutant)], results, args.jobs, args.hil_only)
    found = [result for mutant in mutants if (result := results.of(mutant))]
    print(json.dumps([asdict(result) for result in found], indent=1) if args.json else table(mutants, found))
    caught = [result for result in found if result.caught in (trial.BY_HIL, trial.BY_SUITE)]
    return 0 if len(caught) == len(mutants) else 1


def _wanted(mutant: Mutant, parts: Sequence[str] | None) -> bool:
    return not parts or any(part in mutant.name or part in mutant.file for part in parts)


class _Results:
    """What was found out, on disk."""

    def __init__(self, path: Path, mutants: Sequence[Mutant]):
        self._path = path
        self._lock = threading.Lock()
        folders = {
            mutant.suite: digest_of(ROOT, ("firmware", "hil_tests", *mutant.suite)) for mutant in mutants
        }
        self._keys = {mutant: key_of(mutant, folders[mutant.suite]) for mutant in mutants}
        self._known: dict[str, trial.Result] = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                key, result = json.loads(line)
                self._known[key] = trial.Result(**result)

    def of(self, mutant: Mutant) -> trial.Result | None:
        return self._known.get(self._keys[mutant])

    def add(self, mutant: Mutant, result: trial.Result) -> None:
        with self._lock:
            self._known[self._keys[mutant]] = result
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if result.caught != trial.NOT_BY_HIL:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([self._keys[mutant], asdict(result)]) + "\n")
            print(f"{result.caught:9}{result.name}  {result.by}", file=sys.stderr, flush=True)


def _try_all(mutants: Sequence[Mutant], results: _Results, jobs: int, hil_only: bool) -> None:
    waiting: queue.SimpleQueue[Mutant] = queue.SimpleQueue()
    for mutant in mutants:
        waiting.put(mutant)

    def work(number: int) -> None:
        copy = trial.copy_tree(ROOT, WORK / f"copy-{number}")
        while not waiting.empty():
            try:
                mutant = waiting.get_nowait()
            except queue.Empty:
                return
            began = time.monotonic()
            try:
                caught, by = trial.judge(copy, mutant, with_suite=not hil_only)
            except (RuntimeError, ValueError) as error:
                print(error, file=sys.stderr)
                continue
            results.add(mutant, trial.Result(mutant.name, caught, by, round(time.monotonic() - began, 1)))

    workers = [threading.Thread(target=work, args=(number,)) for number in range(min(jobs, len(mutants)))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def table(mutants: Sequence[Mutant], results: Sequence[trial.Result]) -> str:
    """What was found out, for people."""
    return "\n".join(_lines(mutants, results))


def _lines(mutants: Sequence[Mutant], results: Sequence[trial.Result]) -> Iterator[str]:
    told = {result.name: result for result in results}
    width = max(len(mutant.name) for mutant in mutants)
    for mutant in mutants:
        result = told.get(mutant.name)
        caught, by = (result.caught, result.by) if result else ("not tried", "")
        yield f"{caught:9}  {mutant.name:{width}}  {mutant.does}{f' [{by}]' if by else ''}"
    counts = Counter(result.caught for result in results)
    yield ""
    yield (
        f"{len(mutants)} mutants: {counts[trial.BY_HIL]} caught by hil_tests, "
        f"{counts[trial.BY_SUITE]} by the suite, {counts[trial.SURVIVES]} survive."
    )


if __name__ == "__main__":
    sys.exit(main())
