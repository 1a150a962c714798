"""Virtual boards in a process of their own, as a rig has real ones: their ports, and hands for them."""

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE_S = 60.0
_LOOK_EVERY_S = 0.02


class Desk:
    """What `luftpegel board` told: `port` of the first board, `ports` and `links` of all by place."""

    def __init__(self, told: dict[str, Any], control: Path):
        self.port: str = told["port"]
        self.ports: dict[int, str] = {row["place"]: row["port"] for row in told["ports"]}
        self.links: dict[int, Path] = {row["place"]: Path(row["path"]) for row in told["ports"]}
        self.listen: list[str] = told["listen"]
        self.state = Path(told["state"])
        self._control = socket.socket(socket.AF_UNIX)
        self._control.settimeout(PATIENCE_S)
        self._control.connect(str(control))
        self._answers = self._control.makefile("rb")

    def close(self) -> None:
        """Let go of the control socket."""
        self._answers.close()
        self._control.close()

    def ask(self, do: str, **arguments: object) -> dict[str, Any]:
        """Have something done, see docs/board.md; the board's status, or RuntimeError with what was wrong."""
        self._control.sendall(json.dumps({"do": do} | arguments).encode() + b"\n")
        answer: dict[str, Any] = json.loads(self._answers.readline())
        if not answer["ok"]:
            raise RuntimeError(answer["error"])
        return answer

    def wait_for(self, state: str, place: int = 1) -> dict[str, Any]:
        """Wait until a board is in this state (running, loop ...); TimeoutError after a minute."""
        deadline = time.monotonic() + PATIENCE_S
        while (status := self.ask("status", place=place))["state"] != state:
            if time.monotonic() > deadline:
                raise TimeoutError(f"board {place} is not {state}: {status}")
            time.sleep(_LOOK_EVERY_S)
        return status


@contextmanager
def virtual_desk(*options: str) -> Iterator[Desk]:
    """Run `luftpegel board` with these options for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="luftpegel-desk-") as folder:
        control = Path(folder) / "control"
        command = [sys.executable, "-m", "luftpegel_tools.cli", "board", "--json", "--control", str(control)]
        with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                if not line.startswith("{"):
                    raise RuntimeError(f"no virtual board: {line.strip() or 'it said nothing'}")
                desk = Desk(json.loads(line), control)
                try:
                    yield desk
                finally:
                    desk.close()
            finally:
                process.terminate()
