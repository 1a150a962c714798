"""ioos-qc and saqc, judges of the checks, in an environment of their own: a gateway needs none of it."""

import fcntl
import json
import shutil
import subprocess
import sys
from pathlib import Path

from luftpegel_tools.programs.debian import cache_folder

PACKAGES = ("ioos-qc==3.0.0", "saqc==2.9.1")
JUDGE = Path(__file__).with_name("oracles_judge.py")


def verdicts(cases):
    """For each case (times, values, limits) the places that each oracle's checks flag."""
    command = [environment() / "bin" / "python", JUDGE]
    request = json.dumps({"cases": cases})
    done = subprocess.run(command, input=request, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def environment():
    """The folder of the environment, made if it is not there; CalledProcessError if that is impossible."""
    folder = cache_folder() / "quality-oracles"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "quality-oracles.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
            # They are asked once a run: compiling 700 MB beforehand would take longer than all their work.
            subprocess.run([*pip, "install", "--quiet", "--no-compile", *PACKAGES], check=True)
            (folder / "complete").touch()
    return folder
