"""A board under test by its roles, after labgrid's words: console, files, reset, power, radio, chips.

A role that a rig lacks raises MissingRoleError when it is used; the plugin turns that into a skip that says
what rig.toml would need. A virtual board has them all.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from luftpegel_tools.rig import install, power
from luftpegel_tools.rig.board import RigBoard, rig_board
from luftpegel_tools.rig.errors import MissingRoleError
from luftpegel_tools.rig.rig_file import BoardPlan
from luftpegel_tools.rig.slow_line import slow_line
from luftpegel_tools.rig.virtual_rig import Bench, virtual_bench
from luftpegel_tools.rig.witness import Heard, MqttWitness, VirtualWitness, Witness, wait_for_uplink

NVS_NAMESPACE = "luftpegel"


class Console:
    """What the board says, and what is typed."""

    def __init__(self, board: RigBoard):
        self._board = board

    def wait_for(self, text: str, timeout_s: float = 30.0, tracebacks: bool = False) -> str:
        """Text up to and including `text`; fails at once on a traceback, unless `tracebacks` are expected."""
        return self._board.wait_for(text, timeout_s, tracebacks)

    def start(self, code: str) -> None:
        """Start a program to watch; `Reset.take()` takes the board back."""
        self._board.leave(code)

    def type_keys(self, keys: bytes) -> None:
        """Type."""
        self._board.type_keys(keys)


class Files:
    """The board's files."""

    def __init__(self, board: RigBoard):
        self._board = board

    def read(self, path: str) -> bytes:
        """A file's content; OSError when it is not there."""
        if not self.has(path):
            raise FileNotFoundError(path)
        return self._board.get(path)

    def write(self, path: str, data: bytes) -> None:
        """Write a file as a whole."""
        self._board.put(path, data)

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it; nothing when it is not there."""
        self._board.exec(
            "import os\ndef _clear(path):\n try: kind = os.stat(path)[0]\n except OSError: return\n"
            " if kind & 0x4000:\n  for entry in list(os.ilistdir(path)): _clear(path + '/' + entry[0])\n"
            f"  os.rmdir(path)\n else: os.remove(path)\n_clear({path!r})"
        )

    def has(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        self._board.exec(
            f"import os\ntry:\n os.stat({path!r})\n _there = True\nexcept OSError:\n _there = False"
        )
        return bool(self._board.eval("_there"))

    def names(self, folder: str = "/") -> list[str]:
        """What lies in a folder."""
        found: list[str] = self._board.eval(f"__import__('os').listdir({folder!r})")
        return found


class Reset:
    """Resets, and why the board started."""

    def __init__(self, board: RigBoard):
        self._board = board

    def soft(self) -> None:
        """An empty heap."""
        self._board.soft_reset()

    def hard(self) -> None:
        """machine.reset()."""
        self._board.hard_reset()

    def sleep(self, ms: int) -> None:
        """Deep sleep, and awake again."""
        self._board.deep_sleep(ms)

    def take(self, timeout_s: float = 60.0) -> None:
        """Take hold of the board again, whatever runs on it."""
        self._board.attach(timeout_s)

    @property
    def cause(self) -> str:
        """Of the latest start, such as "WDT_RESET"."""
        return self._board.reset_cause


class Power:
    """The supply."""

    def __init__(self, board: RigBoard, switch: power.Switch | None, bench: Bench | None, plan: BoardPlan):
        self._board, self._switch, self._bench, self._plan = board, switch, bench, plan

    def off(self) -> None:
        """Cut the power."""
        self._need().switch(False)

    def on(self) -> None:
        """Switch it on and take hold of the board."""
        self._need().switch(True)
        self._board.attach(60)

    def cycle(self) -> None:
        """Off and on."""
        self.off()
        self.on()

    def cut_at_write(self, nth: int, torn: bool = True) -> None:
        """Let the power fail in the n-th flash operation from now (virtual only)."""
        self._virtual("cutting at a flash write").ask("cut_at_write", nth=nth, torn=torn)

    def cut_after(self, text: str, ms: int) -> None:
        """Let the power fail `ms` of the board's time after it has said `text` (virtual only)."""
        self._virtual("cutting at a moment").ask("cut_after", ms=ms, text=text)

    def on_for(self, ms: int) -> None:
        """Switch it on, and let it fail after so many milliseconds of the board's time (virtual only)."""
        self._virtual("cutting at a moment").ask("on_for", ms=ms)

    def never_mind(self) -> None:
        """Take a cut back that has not come."""
        self._virtual("cutting at a flash write").ask("cut_at_write", nth=None, torn=False)

    @property
    def is_on(self) -> bool:
        """Whether the board has power (virtual only)."""
        return bool(self._virtual("seeing the supply").ask("state")["powered"])

    def wait_until_off(self, timeout_s: float = 60.0) -> None:
        """Until a cut has come; TimeoutError when it does not."""
        deadline = time.monotonic() + timeout_s
        while self.is_on:
            if time.monotonic() > deadline:
                raise TimeoutError("the power was not cut")
            time.sleep(0.01)

    def mean_current_ua(self) -> float:
        """What rig.toml's `current` command measures: the mean of the last seconds."""
        if not self._plan.power.current:
            raise MissingRoleError("no meter: give [board.power] a 'current' command")
        return float(power.run(self._plan.power.current).split()[-1])

    def _need(self) -> power.Switch:
        if self._switch is None:
            raise MissingRoleError("no switch: give the board a [board.power] in rig.toml")
        return self._switch

    def _virtual(self, what: str) -> Bench:
        if self._bench is None:
            raise MissingRoleError(f"{what} needs a virtual board")
        return self._bench


class Radio:
    """The witness of what the board sends."""

    def __init__(self, witness: Witness):
        self._witness = witness

    def count(self) -> int:
        """How many frames were heard so far."""
        return len(self._witness.uplinks())

    def all(self) -> list[Heard]:
        """All frames that were heard, oldest first."""
        return self._witness.uplinks()

    def wait_for(self, port: int, since: int = 0, timeout_s: float = 30.0) -> Heard:
        """The first frame on `port` after the `since` oldest."""
        return wait_for_uplink(self._witness, port, since, timeout_s)

    @property
    def network(self) -> VirtualWitness:
        """A simulated network, which can refuse and fall silent."""
        if not isinstance(self._witness, VirtualWitness):
            raise MissingRoleError("a network that does as it is told is a simulated one")
        return self._witness


class Chips:
    """The simulated chips of a virtual board: what they see, and what is wrong with them."""

    def __init__(self, bench: Bench):
        self._bench = bench

    def see(self, **quantities: float) -> None:
        """Set what all sensors of a quantity see, in its usual unit: `see(temperature=-7.25)`."""
        for quantity, value in quantities.items():
            self._bench.ask("see", quantity=quantity, value=value)

    def fault(self, chip: str, name: str, on: bool = True) -> None:
        """Switch a fault on or off: "silent", "stuck", "checksum", "stale" ..."""
        self._bench.ask("fault", chip=chip, name=name, on=on)

    @contextmanager
    def absent(self, chip: str) -> Iterator[None]:
        """Take a chip away for a while."""
        with self.faulty(chip, "silent"):
            yield

    @contextmanager
    def faulty(self, chip: str, name: str) -> Iterator[None]:
        """Let a chip have a fault for a while."""
        self.fault(chip, name)
        try:
            yield
        finally:
            self.fault(chip, name, False)

    def battery(self, volts: float) -> None:
        """Set the battery's voltage."""
        self._bench.ask("battery", volts=volts)

    def delivered(self, chip: str) -> list[dict[str, int]]:
        """What a chip has handed out since the start, in base units: the truth that readings are held to."""
        found: list[dict[str, int]] = self._bench.ask("delivered", chip=chip)
        return found

    def state(self) -> Mapping[str, Any]:
        """Boots, virtual time, flash operations, whether radios sleep."""
        found: Mapping[str, Any] = self._bench.ask("state")
        return found


class Rig:
    """One board with all its roles."""

    def __init__(self, plan: BoardPlan, board: RigBoard, bench: Bench | None, witness: Witness | None):
        self.plan, self.line = plan, board
        self.console, self.files, self.reset = Console(board), Files(board), Reset(board)
        switch = power.VirtualSwitch(bench) if bench else power.switch_of(plan.power)
        self.power = Power(board, switch, bench, plan)
        self._bench, self._witness = bench, witness

    def exec(self, code: str, timeout_s: float = 10.0) -> str:
        """Run statements on the board; returns what they printed."""
        return self.line.exec(code, timeout_s)

    def eval(self, expression: str, timeout_s: float = 10.0) -> Any:
        """The value of an expression on the board."""
        return self.line.eval(expression, timeout_s)

    @property
    def is_virtual(self) -> bool:
        """Whether the board is a process."""
        return self._bench is not None

    @property
    def radio(self) -> Radio:
        """The witness."""
        if self._witness is None:
            raise MissingRoleError("no witness: give the board a [board.witness] in rig.toml")
        return Radio(self._witness)

    @property
    def chips(self) -> Chips:
        """The simulated chips."""
        if self._bench is None:
            raise MissingRoleError("only a virtual board's chips can be told what to see")
        return Chips(self._bench)

    def nvs_blob(self, name: str) -> bytes | None:
        """A provisioned blob; None when there is none."""
        self.exec(
            f"from esp32 import NVS\n_found = bytearray(64)\ntry: _n = NVS({NVS_NAMESPACE!r}).get_blob("
            f"{name!r}, _found)\nexcept OSError: _n = -1"
        )
        length = self.eval("_n")
        return None if length < 0 else bytes(self.eval(f"bytes(_found[:{length}])"))


@contextmanager
def open_rig(plan: BoardPlan, line_delay_ms: float = 0.0) -> Iterator[Rig]:
    """A board of a rig, with this tree's firmware on it and main.py set aside."""
    with ExitStack() as stack:
        bench = stack.enter_context(virtual_bench(plan)) if plan.is_virtual else None
        port = bench.port if bench else plan.port
        if line_delay_ms:
            port = stack.enter_context(slow_line(port, line_delay_ms))
        board = stack.enter_context(rig_board(port))
        witness: Witness | None = VirtualWitness(bench) if bench else None
        if plan.witness.kind == "mqtt":
            witness = listener = MqttWitness(plan.witness)
            stack.callback(listener.close)
        install.set_aside(board)
        stack.callback(_leave, board)
        install.install(board)
        yield Rig(plan, board, bench, witness)


def _leave(board: RigBoard) -> None:
    board.attach()
    install.put_back(board)
