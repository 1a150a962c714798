"""Tries one mutant in a copy of the tree: hardware tests first, then the folders that it names.

A copy belongs to one worker, which puts the fault in and takes it out again. The copy's own packages are
found first (PYTHONPATH), whatever is installed.
"""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from luftpegel_tools.rig.mutants.listing import Mutant

HIL_LIMIT_S, SUITE_LIMIT_S = 600, 1800
BY_HIL, BY_SUITE, SURVIVES, NOT_BY_HIL = "hil", "suite", "survives", "not hil"
PACKAGES = ("tools", "gateway", "firmware/lib")
# part of a mutant's file: the hardware tests that will most likely find it, and so go first
LIKELY = (
    ("lib/sensors/", "sensors"),
    ("boards/", "sensors"),
    ("lib/lorawan/", "uplink"),
    ("lib/lora_radio/", "uplink"),
    ("station/journal", "journal"),
    ("station/flash", "journal"),
    ("station/", "station"),
)
TESTS_FAILED = (1, 2)  # pytest: tests failed; interrupted, as by -x in a fixture


@dataclass(frozen=True)
class Result:
    """`caught` is one of the words above; `by` the test that failed first."""

    name: str
    caught: str
    by: str
    seconds: float


def copy_tree(root: Path, target: Path) -> Path:
    """A copy of all that git tracks, and of what is new and not ignored; the compiler's cache is shared."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=True,
    )
    shutil.rmtree(target, ignore_errors=True)
    for name in listed.stdout.decode().split("\0"):
        if name and (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target / name)
    (root / ".cache").mkdir(exist_ok=True)
    (target / ".cache").symlink_to(root / ".cache")
    return target


def judge(copy: Path, mutant: Mutant, *, with_suite: bool = True) -> tuple[str, str]:
    """Who finds the mutant, and which test."""
    path = copy / mutant.file
    sound = path.read_text(encoding="utf-8")
    path.write_text(mutant.applied_to(sound), encoding="utf-8")
    try:
        failed = run_tests(copy, _in_order(copy, mutant), HIL_LIMIT_S)
        if failed is not None:
            return BY_HIL, failed
        if not with_suite:
            return NOT_BY_HIL, ""
        failed = run_tests(copy, mutant.suite, SUITE_LIMIT_S)
        return (SURVIVES, "") if failed is None else (BY_SUITE, failed)
    finally:
        path.write_text(sound, encoding="utf-8")


def _in_order(copy: Path, mutant: Mutant) -> tuple[str, ...]:
    likely = next((word for part, word in LIKELY if part in mutant.file), "")
    files = sorted(
        (copy / "hil_tests").glob("test_*.py"), key=lambda path: (likely not in path.name, path.name)
    )
    return tuple(path.relative_to(copy).as_posix() for path in files)


def run_tests(copy: Path, folders: tuple[str, ...], limit_s: float) -> str | None:
    """Run tests until the first fails; returns its name, or None when all passed.

    Raises:
        RuntimeError: pytest itself could not work, which says nothing about the fault.
    """
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(str(copy / package) for package in PACKAGES),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--tb=line", *folders]
    with subprocess.Popen(
        command,
        cwd=copy,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return f"no end within {limit_s} s"
    if process.returncode == 0:
        return None
    if process.returncode not in TESTS_FAILED:
        raise RuntimeError(f"pytest ended with {process.returncode}: {said[-500:]}")
    lines = [line for line in said.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return lines[0].split(" ")[1] if lines else said.strip().splitlines()[-1]
