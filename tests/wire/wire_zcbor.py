"""zcbor, the judge of the CDDL, in an environment of its own: it needs a cbor2 older than ours."""

import fcntl
import json
import shutil
import subprocess
import sys
from pathlib import Path

from luftpegel_tools.programs.debian import cache_folder

PACKAGES = ("zcbor==0.9.1", "cbor2<6")
JUDGE = Path(__file__).with_name("zcbor_judge.py")


def verdicts(cddl, frames):
    """For each (rule, payload) None, or zcbor's complaint."""
    request = {"cddl": cddl, "frames": [[rule, payload.hex()] for rule, payload in frames]}
    command = [environment() / "bin" / "python", JUDGE]
    done = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def environment():
    """The folder of the environment, made if it is not there; CalledProcessError if that is impossible."""
    folder = cache_folder() / "zcbor"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "zcbor.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
            subprocess.run([*pip, "install", "--quiet", *PACKAGES], check=True)
            (folder / "complete").touch()
    return folder
