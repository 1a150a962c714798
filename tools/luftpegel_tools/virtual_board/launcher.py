"""A small process that starts the MicroPython processes of one host, and takes them with it when the host
dies.

Run as a program of its own with the control socket as stdin. Why it exists: forking this small process is
ten times cheaper than forking the host, the PyPI engine is a Python extension that need be loaded only
once, and its children can be tied to their parent's death (PR_SET_PDEATHSIG) although the host has threads.
It imports nothing of Luftpegel.
"""

import ctypes
import importlib.machinery
import importlib.util
import json
import os
import signal
import socket
from types import ModuleType

PR_SET_PDEATHSIG = 1
COMMAND_SPAWN, COMMAND_KILL = "spawn", "kill"


def load_extension(path: str) -> ModuleType:
    """Load the PyPI engine, a CPython extension whose `run_main(argv)` is MicroPython's main."""
    loader = importlib.machinery.ExtensionFileLoader("micropython_run", path)
    spec = importlib.util.spec_from_loader("micropython_run", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


class Launcher:
    """Serves spawn and kill commands until the host's end of the socket closes."""

    def __init__(self, control: socket.socket):
        self._control = control
        self._children: set[int] = set()
        self._extensions: dict[str, ModuleType] = {}
        self._libc = ctypes.CDLL(None)

    def run(self) -> None:
        """Serve until end of file, then end every child."""
        while True:
            message, fds, _, _ = socket.recv_fds(self._control, 65536, 1)
            if not message:
                break
            command = json.loads(message)
            if command["do"] == COMMAND_SPAWN:
                answer = {"pid": self._spawn(command, fds[0])}
            else:
                answer = {"status": self._kill(command["pid"])}
            self._control.send(json.dumps(answer).encode())
        for pid in tuple(self._children):
            self._kill(pid)

    def _spawn(self, command: dict[str, list[str]], output: int) -> int:
        argv, extension = command["argv"], command["extension"]
        if extension and extension[0] not in self._extensions:
            self._extensions[extension[0]] = load_extension(extension[0])
        launcher = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become(
                argv,
                extension,
                dict(zip(command["env"][::2], command["env"][1::2], strict=True)),
                output,
                launcher,
            )
        os.close(output)
        self._children.add(pid)
        return pid

    def _become(
        self, argv: list[str], extension: list[str], env: dict[str, str], output: int, launcher: int
    ) -> None:
        try:
            self._libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != launcher:
                os._exit(1)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.closerange(3, 256)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            if not extension:
                os.execve(argv[0], argv, env)  # noqa: S606 - there is no shell in it
            os.environ.update(env)
            self._extensions[extension[0]].run_main(argv)
        except BaseException as error:
            os.write(2, f"launcher: {error!r}\n".encode())
        finally:
            os._exit(1)

    def _kill(self, pid: int) -> int:
        if pid not in self._children:
            return 0
        self._children.discard(pid)
        os.kill(pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main() -> None:
    """Serve on stdin; the terminal's Ctrl-C is the host's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Launcher(socket.socket(fileno=0)).run()


if __name__ == "__main__":
    main()
