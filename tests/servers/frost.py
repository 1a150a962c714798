"""A real FROST-Server 2.0.0 (OGC SensorThings 1.1) with its PostgreSQL, for as long as the session.

Its own web application is not published as an artifact; `frost_server/Launcher.java` puts its service API
behind an embedded Tomcat. Under /open no login is asked for; under /closed only `write` may write (password:
the same), `read` may read. Both are one database.
"""

import base64
import json
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from tests.servers import java

from luftpegel_tools.programs.broker import free_port

PATIENCE_S = 120
_OWN = Path(__file__).with_name("frost_server")
_QUICK = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx400m")


class Frost:
    """One server; `start`, `kill`. Its port stays the same."""

    def __init__(self, folder: Path, database):
        self.folder, self.database = folder, database
        self.log = folder / "frost.log"
        self.java = java.find()
        self.jars = java.artifacts(self.java, _OWN / "pom.xml")
        self.name = database.database_made("frost", database.user, "postgis")
        self.port = free_port()
        self.process = None
        self.start()

    def start(self):
        """Start it and wait until it answers."""
        where = f"jdbc:postgresql://{self.database.host}:{self.database.port}/{self.name}"
        words = [self.java.java, *_QUICK, "-cp", f"{self.jars}/*", str(_OWN / "Launcher.java")]
        words += [str(self.folder), str(self.port), where, self.database.user, self.database.password]
        environment = dict(self.java.environment)
        with self.log.open("ab") as output:
            said = output.tell()
            self.process = subprocess.Popen(
                ["env", *(f"{name}={value}" for name, value in environment.items()), *words],
                stdin=subprocess.PIPE,  # it ends when this does, so never later than the test
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + PATIENCE_S
        while b"\nready" not in self.log.read_bytes()[said:]:
            assert self.process.poll() is None, self.log.read_text(errors="replace")[-4000:]
            assert time.monotonic() < deadline, "FROST does not start"
            time.sleep(0.05)

    def kill(self):
        """End it in the middle of whatever it does."""
        self.process.kill()
        self.process.wait(PATIENCE_S)
        self.process.stdin.close()

    def url(self, application: str = "open") -> str:
        """The base of the service: what goes into `url`."""
        return f"http://127.0.0.1:{self.port}/{application}/v1.1"

    def all(self, path: str, **query: str) -> list[dict]:
        """All entities of a collection, page by page: with nothing of the gateway's own code."""
        found, address = [], f"{self.url()}/{path}?{urllib.parse.urlencode({'$top': '1000'} | query)}"
        while address:
            with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:
                page = json.load(answer)
            found += page["value"]
            address = page.get("@iot.nextLink")
        return found

    def ask(self, method: str, path: str, body=None, login: str | None = None):
        """One request; the answer, or None where there is none."""
        request = urllib.request.Request(
            f"{self.url()}/{path}",
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            method=method,
        )
        if login:
            pair = base64.b64encode(f"{login}:{login}".encode()).decode()
            request.add_header("Authorization", f"Basic {pair}")
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            said = answer.read()
        return json.loads(said) if said else None


@pytest.fixture(scope="session")
def frost(tmp_path_factory, postgis):
    """The one server of the session; a test keeps to a scope of its own."""
    server = Frost(tmp_path_factory.mktemp("frost"), postgis)
    yield server
    server.kill()
