"""A real PostgreSQL of its own for a test, from Debian's packages: installed, or else unpacked in the cache.

It listens on 127.0.0.1 alone, asks for a password (SCRAM) and keeps its data in a folder of the test.
PostgreSQL refuses to run as root: started by root it becomes `nobody`, who may still pass through folders
that are root's alone, such as pytest's. What was committed outlives `kill`, but not the machine's own death:
waiting for a disk (fsync) is switched off. A server never outlives the thread that started it: start it in
the test's own.

In a conftest: `from postgresql import postgresql, postgis  # noqa: F401` (both live as long as the session).
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from luftpegel_tools.programs.broker import free_port
from luftpegel_tools.programs.debian import libraries_of, unpacked

PATIENCE_S = 60
SUPERUSER = "postgres"
_INSTALLED = Path("/")
_PROGRAMS = "usr/lib/postgresql/*/bin/postgres"
_NOBODY = 65534
_READY = b"database system is ready to accept"  # "connections", or "read-only connections" of a standby
_PORT_TAKEN = b"could not bind"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "40",
    "shared_buffers": "32MB",
    "jit": "off",
    "timezone": "GMT",
    "log_timezone": "GMT",
    "password_encryption": "scram-sha-256",
}


@dataclass(frozen=True)
class Installation:
    """Where the programs of one version are, and what they need in their environment."""

    programs: Path
    environment: dict[str, str]

    @property
    def version(self) -> int:
        return int(self.programs.parent.name)


def find(*extensions: str) -> Installation:
    """The machine's PostgreSQL if it has one with these extensions, else one unpacked from packages.

    `extensions`: package names without the version in front, such as `postgis-3`.

    Raises:
        MissingProgramError: LP-38x, the packages cannot be had.
    """
    system = _newest(_INSTALLED)
    if system and not extensions:
        return Installation(system, {})
    plain = system or _newest(unpacked("postgresql", "postgresql"))
    if not extensions:
        return Installation(plain, libraries_of(plain.parents[4]))
    number = plain.parent.name
    packages = [f"postgresql-{number}", f"postgresql-client-{number}"]
    packages += [f"postgresql-{number}-{extension}" for extension in extensions]
    root = unpacked("-".join(["postgresql", number, *extensions]), *packages)
    _name_extensions(root)
    return Installation(_newest(root), libraries_of(root) | _projections(root))


def _name_extensions(root: Path):
    """What the packages do when installed: `postgis-3` goes by the name `postgis`."""
    for path in root.glob("usr/share/postgresql/*/extension/*-3.control"):
        with contextlib.suppress(FileExistsError):
            path.with_name(path.name.replace("-3.control", ".control")).symlink_to(path.name)


def _projections(root: Path) -> dict[str, str]:
    """Where PROJ finds its table; the name of the variable changed with its version 9.1."""
    return dict.fromkeys(("PROJ_LIB", "PROJ_DATA"), str(root / "usr/share/proj"))


def _newest(root: Path) -> Path | None:
    found = sorted(root.glob(_PROGRAMS), key=lambda path: int(path.parents[1].name))
    return found[-1].parent if found else None


@dataclass
class PostgreSQL:
    """One server; a context manager. Its port stays the same over restarts.

    `settings`: lines of postgresql.conf, beside and before our own.
    """

    folder: Path
    installation: Installation = field(default_factory=find)
    settings: dict[str, str] = field(default_factory=dict)
    host: str = "127.0.0.1"
    user: str = SUPERUSER
    password: str = field(default_factory=lambda: secrets.token_hex(12))
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen | None = None

    def __post_init__(self):
        self.data = self.folder / "data"
        self.log = self.folder / "postgresql.log"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._make()
        self.start()

    def _make(self):
        self.data.mkdir(mode=0o700)
        secret = self.folder / "superuser"
        secret.write_text(self.password)
        if os.geteuid() == 0:
            os.chown(self.data, _NOBODY, _NOBODY)
        words = ["initdb", "-D", str(self.data), "-U", self.user, f"--pwfile={secret}", "-A", "scram-sha-256"]
        made = self._run([*words, "--no-locale", "-E", "UTF8", "--no-sync", "--no-instructions"])
        assert made.returncode == 0, made.stderr
        self.configure(self.settings)

    def configure(self, settings: dict[str, str]):
        """Add settings; they hold from the next start on (or from `reload`)."""
        self.settings = self.settings | settings
        lines = [f"{name} = '{value}'" for name, value in (_SETTINGS | self.settings).items()]
        (self.data / "postgresql.auto.conf").write_text("\n".join(lines) + "\n")

    def start(self):
        """Start it (again) and wait until it lets clients in."""
        deadline = time.monotonic() + PATIENCE_S
        while not self._try():
            assert time.monotonic() < deadline, self.log.read_text(errors="replace")[-4000:]
            time.sleep(0.05)  # of a killed one, something may still be ending

    def _try(self) -> bool:
        command = [str(self.installation.programs / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        fresh = not (self.data / "postmaster.opts").exists()
        with self.log.open("ab") as output:
            said_before = output.tell()
            self._process = subprocess.Popen(
                self._as_its_user(command), stdout=output, stderr=output, env=self._environment()
            )
        while _READY not in (said := self.log.read_bytes()[said_before:]):
            if self._process.poll() is not None:
                if fresh and _PORT_TAKEN in said:
                    self.port = free_port()
                return False
            time.sleep(0.01)
        return True

    def restart(self):
        """Stop in good order and start."""
        self.stop()
        self.start()

    def reload(self):
        """Have it read its settings anew, without a restart."""
        self._process.send_signal(signal.SIGHUP)

    def kill(self):
        """End it as the kernel does when memory is short: no farewell, for none of its processes."""
        self.pause()
        for pid in [self.pid, *self._helpers()]:
            _signal(pid, signal.SIGKILL)
        self._process.wait(PATIENCE_S)

    def pause(self):
        """It is there and says nothing more, until `go_on`."""
        for pid in [self.pid, *self._helpers()]:
            _signal(pid, signal.SIGSTOP)

    def go_on(self):
        """After `pause`."""
        for pid in [*self._helpers(), self.pid]:
            _signal(pid, signal.SIGCONT)

    def stop(self, how=signal.SIGINT):
        """End it, dropping its clients: in good order, or with SIGQUIT without tidying up."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE_S)

    @property
    def pid(self) -> int:
        """The number of its first process; it must run."""
        return self._process.pid

    def _helpers(self) -> list[int]:
        return [int(word) for word in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def sql(self, order: str, database: str = "postgres") -> list[tuple[str, ...]]:
        """Do it as superuser; rows as text. Raises AssertionError with what the server said."""
        words = ["psql", "-XqAt", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-d", self.url(database)]
        done = self._run([*words, "-c", order])
        assert done.returncode == 0, done.stderr
        return [tuple(line.split("\x1f")) for line in done.stdout.splitlines()]

    def url(self, database: str, user: str | None = None, password: str | None = None) -> str:
        """The URL under which a client reaches a database."""
        login = f"{user or self.user}:{password or self.password}"
        return f"postgresql://{login}@{self.host}:{self.port}/{database}"

    def user_made(self, name: str) -> str:
        """Make a user who may log in, and nothing more; returns the password."""
        password = secrets.token_hex(12)
        self.sql(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{password}'")
        return password

    def database_made(self, name: str, owner: str = SUPERUSER, *extensions: str) -> str:
        """Make a database with these extensions (such as `postgis`); returns its name."""
        self.sql(f'CREATE DATABASE "{name}" OWNER "{owner}"')
        for extension in extensions:
            self.sql(f'CREATE EXTENSION "{extension}"', name)
        return name

    def _run(self, words: list[str]):
        command = self._as_its_user([str(self.installation.programs / words[0]), *words[1:]])
        return subprocess.run(
            command, env=self._environment(), capture_output=True, text=True, check=False, timeout=PATIENCE_S
        )

    def _as_its_user(self, command: list[str]) -> list[str]:
        """`setpriv` belongs to every Debian. The immediate end (SIGQUIT) comes with our own."""
        words = ["setpriv", "--pdeathsig", "QUIT"]
        if os.geteuid() == 0:
            words += [f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
            words += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        return ["env", "--chdir", str(self.folder), *words, "--", *self._with_libraries(command)]

    def _with_libraries(self, command: list[str]) -> list[str]:
        """For the program alone: they are not meant for what starts it."""
        settings = [f"{name}={value}" for name, value in self.installation.environment.items()]
        return ["env", *settings, *command]

    def _environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return own | {"LC_ALL": "C", "PGCONNECT_TIMEOUT": "10"}

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        """End it without tidying up: its data goes too."""
        if self._process is not None and self._process.poll() is None:
            self.go_on()
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.data, ignore_errors=True)


def _signal(pid: int, number: signal.Signals):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory):
    """A server for the whole session: who uses it makes a database of their own, and breaks nothing."""
    with PostgreSQL(tmp_path_factory.mktemp("postgresql")) as server:
        yield server


@pytest.fixture(scope="session")
def postgis(tmp_path_factory):
    """The same with PostGIS: `postgis.database_made("frost", "postgres", "postgis")`."""
    with PostgreSQL(tmp_path_factory.mktemp("postgis"), find("postgis-3")) as server:
        yield server
