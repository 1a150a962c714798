"""Runs pytest as a stranger would: another folder, this environment, the plugin from its entry point."""

import subprocess
import sys

import pytest

LIMIT_S = 300


class Stranger:
    """A folder with tests of its own."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, **files):
        for name, text in files.items():
            (self.folder / name.replace("__", ".")).write_text(text)
        return self

    def run(self, *words, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def stranger(tmp_path):
    return Stranger(tmp_path)
