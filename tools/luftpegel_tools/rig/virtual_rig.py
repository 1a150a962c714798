"""Starts a virtual board in a process of its own and does to it what a person at a rig would do."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from luftpegel_tools.image import firmware_image
from luftpegel_tools.rig.errors import RigError
from luftpegel_tools.rig.rig_file import BoardPlan


class Bench:
    """The other end of desk/bench.py."""

    def __init__(self, process: "subprocess.Popen[str]"):
        self._process = process
        self.port = self._hear()["port"]

    def ask(self, op: str, **details: Any) -> Any:
        """Let one of the bench's operations be done; returns its answer. ValueError when it is refused."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"op": op, **details}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise RigError("LP-683", detail="it has ended") from None
        answer = self._hear()
        return answer["ok"]

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("{"):
            raise RigError("LP-683", detail=line.strip() or "it said nothing")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer


@contextmanager
def virtual_bench(plan: BoardPlan) -> Iterator[Bench]:
    """A virtual board as `plan` has it, without main.py: the tests are the program."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="luftpegel-hil-")))
        firmware_image.build(folder / "image")
        for name in ("boot.py", "main.py"):
            (folder / "image" / name).unlink()
        process = stack.enter_context(
            subprocess.Popen(
                [
                    sys.executable, "-m", "luftpegel_tools.desk.bench",
                    json.dumps(plan.as_json()), str(folder / "image"), str(folder / "state"),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )  # fmt: skip
        try:
            try:
                yield Bench(process)
            except ValueError as error:
                if process.poll() is not None:
                    raise RigError("LP-683", detail=error) from None
                raise
        finally:
            process.terminate()
