"""A journal in the hands of the gateway of version 0.2.0: each use is a process of its own, with its code."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("old_journal.py")
STATIONS = [["LP-0001", "70b3d57ed0000001", "Mühlbach", "climate"]]


class OldJournal:
    """A journal in the hands of the old gateway's own code."""

    def __init__(self, code, path):
        self.path = path
        places = os.pathsep.join(str(code / place) for place in ("gateway", "firmware/lib"))
        self._environment = os.environ | {"PYTHONPATH": places}

    def run(self, *steps, path=None, stations=STATIONS):
        """The answers to these steps (old_journal.py)."""
        told = {"path": str(path or self.path), "stations": stations, "steps": steps}
        done = subprocess.run(
            [sys.executable, "-P", str(SCRIPT)],
            input=json.dumps(told), capture_output=True, text=True, env=self._environment, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def take(self, *messages, at=None):
        """Frames, each in a batch of its own, at the moment when it was sent (or with our clock at `at`)."""
        return self.run(*(self.step(message, at=at) for message in messages))

    @staticmethod
    def step(message, at=None):
        delivery = message.delivery
        data = base64.b64encode(delivery.payload).decode()
        return ["take", [[delivery.kind, delivery.topic, data]], message.sent + 1 if at is None else at]

    def look(self, *sinks, path=None):
        return self.run(["look", list(sinks)], path=path)[0]
