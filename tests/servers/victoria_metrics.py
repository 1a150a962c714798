"""A real VictoriaMetrics from Debian's package, in a folder of its own."""

import contextlib
import json
import os
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path

from tests.servers.influxdb import START_S, free_ports

from luftpegel_tools.programs.debian import find_program


class VictoriaMetrics:
    """One server; a context manager. `settings`: its arguments."""

    def __init__(self, folder, *settings):
        self.folder, self.settings = Path(folder), settings
        [self.port] = free_ports(1)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        program = find_program("victoria-metrics")
        words = [f"-storageDataPath={self.folder}/vm", f"-httpListenAddr=127.0.0.1:{self.port}"]
        with (self.folder / "vm.log").open("wb") as log:
            self._process = subprocess.Popen(
                [*program.argv_prefix, *words, *self.settings],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env={**os.environ, **program.env},
            )  # fmt: skip
        deadline = time.monotonic() + START_S
        while self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                self.get("health")
                return self
            time.sleep(0.02)
        self.__exit__()
        raise AssertionError((self.folder / "vm.log").read_text())

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait(30)

    def get(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.url}/{path}?{query}", timeout=30) as answer:
            return answer.read()

    def series(self, pattern):
        """[(labels, [(Unix milliseconds, value)])] of all series whose name matches."""
        self.get("internal/force_flush")
        told = self.get("api/v1/export", **{"match[]": f'{{__name__=~"{pattern}"}}'})
        found = [json.loads(line) for line in told.splitlines()]
        return [(one["metric"], list(zip(one["timestamps"], one["values"], strict=True))) for one in found]
