"""A real InfluxDB 1 in a folder of its own, from Debian's package, with logins; and a double of version 2."""

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from pathlib import Path

from tests.servers.http_double import HttpDouble

from luftpegel_tools.programs.debian import find_program

ADMIN, PASSWORD = "admin", "the admin's"
START_S = 60
_SETTINGS = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
[http]
  bind-address = "127.0.0.1:{http}"
  auth-enabled = true
  log-enabled = false
[monitor]
  store-enabled = false
[continuous_queries]
  enabled = false
[subscriber]
  enabled = false
"""


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


class InfluxDB:
    """One server. Its ports stay the same over restarts."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port, rpc = free_ports(2)
        self.settings = self.folder / "influxdb.conf"
        self.settings.write_text(_SETTINGS.format(folder=self.folder, http=self.port, rpc=rpc))
        self._process = None
        self.start()
        self.ask(f"CREATE USER {ADMIN} WITH PASSWORD '{self.quoted(PASSWORD)}' WITH ALL PRIVILEGES")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @staticmethod
    def quoted(text):
        return text.replace("'", "\\'")

    def start(self):
        program = find_program("influxd", "influxdb")
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*program.argv_prefix, "run", "-config", str(self.settings)],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env={**os.environ, **program.env},
            )  # fmt: skip
        deadline = time.monotonic() + START_S
        while True:
            assert self._process.poll() is None, (self.folder / "log").read_text()
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/ping", timeout=5):
                return
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.02)

    def kill(self):
        """SIGKILL, as when the power goes."""
        self._process.kill()
        self._process.wait(30)

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()

    def ask(self, query, database=""):
        """The series of the first statement: [{"name", "tags", "columns", "values"}]."""
        body = urllib.parse.urlencode({"q": query, "db": database, "epoch": "ms"}).encode()
        [result] = json.loads(self._post("query", body))["results"]
        assert "error" not in result, result
        return result.get("series", [])

    def rows(self, query, database):
        """All rows of all series as dicts, tags included."""
        return [
            {**one.get("tags", {}), **dict(zip(one["columns"], row, strict=True))}
            for one in self.ask(query, database)
            for row in one["values"]
        ]

    def write(self, lines, database):
        self._post(f"write?db={database}&precision=ms", lines.encode())

    def _post(self, path, body):
        login = b64encode(f"{ADMIN}:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(
            f"{self.url}/{path}", data=body, headers={"Authorization": f"Basic {login}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(error.read()) from None


class InfluxDB2(HttpDouble):
    """The write interface of version 2 as its reference describes it. `lines`: what is taken;
    `chokes(lines)`: (status, answer) for a batch, of which then nothing is taken."""

    def __init__(self, port=0):
        super().__init__(port)
        self.lines, self.queries = [], []
        self.chokes = lambda _lines: None
        self.secret, self.bucket = "token-2", "luftpegel"

    def answer(self, request, body):
        self.queries.append(dict(request.query))
        if (request.method, request.path) != ("POST", "/api/v2/write"):
            return 404, {"code": "not found", "message": "path not found"}, {}
        if request.headers.get("Authorization") != f"Token {self.secret}":
            return 401, {"code": "unauthorized", "message": "unauthorized access"}, {}
        if request.query["bucket"] != self.bucket:
            return 404, {"code": "not found", "message": f'bucket "{request.query["bucket"]}" not found'}, {}
        lines = [line for line in body.decode().split("\n") if line and not line.startswith("#")]
        if answer := self.chokes(lines):
            return *answer, {}
        self.lines += lines
        return 204, None, {}
