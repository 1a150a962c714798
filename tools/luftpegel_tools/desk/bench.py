"""A virtual board under another process's hands: what a person at a rig does, as lines of JSON.

Standard input carries requests (`{"op": "power", "on": false}`), standard output one answer a line; the first
line tells the port. `rig/virtual_rig.py` is the other end. The clock serves both, so a request is heard
between two events, also while the board sleeps or is without power.
"""

import json
import math
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from luftpegel_tools.air.modem_messages import Downlink, JoinAccept, JoinRequest, Uplink
from luftpegel_tools.air.shared_air import SharedAir
from luftpegel_tools.desk.default_board import BATTERY_MICROVOLTS, DEV_EUI, NVS_NAMESPACE, TRUTH
from luftpegel_tools.network_server.lone_gateway import LoneGateway
from luftpegel_tools.network_server.lorawan import Identity
from luftpegel_tools.programs.debian import MissingProgramError
from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_board.chips.sx1262_settings import SLEEP
from luftpegel_tools.virtual_board.engine import find_engine
from luftpegel_tools.virtual_board.errors import BoardError
from luftpegel_tools.virtual_time.clock import VirtualClock
from luftpegel_tools.wiring import CHIPS, MODEMS, SCHEMATICS, solder, solder_radio

NO_KEY = bytes(16)  # what a board without keys joins with


@dataclass
class Witness:
    """The network of a virtual rig: lets in who has the registered key, and keeps what it heard.

    `app_key` is the registered one; None: whatever key the board is provisioned with.
    """

    app_key: bytes | None = None
    answers: bool = True
    joins: list[str] = field(default_factory=list)  # DevEUIs that were let in
    refused: int = 0
    uplinks: list[dict[str, Any]] = field(default_factory=list)
    downlinks: list[Downlink] = field(default_factory=list)  # wait for the next uplinks

    def join(self, request: JoinRequest) -> JoinAccept | None:
        """Welcome who has the key."""
        if not self.answers or (self.app_key is not None and request.app_key != self.app_key):
            self.refused += 1
            return None
        self.joins.append(request.dev_eui.hex())
        return JoinAccept(dev_addr=0x2600_0000 | request.dev_nonce & 0xFFFF)

    def uplink(self, uplink: Uplink) -> Downlink | None:
        """Note the frame, and acknowledge what wants to be."""
        if not self.answers:
            return None
        self.uplinks.append(
            {
                "dev_eui": uplink.dev_eui.hex(),
                "f_cnt": uplink.f_cnt,
                "port": uplink.f_port,
                "payload": uplink.data.hex(),
                "confirmed": uplink.confirmed,
            }
        )
        if self.downlinks:
            waiting = self.downlinks.pop(0)
            return Downlink(waiting.f_port, waiting.data, acknowledges=uplink.confirmed)
        return Downlink(f_port=None, data=b"", acknowledges=True) if uplink.confirmed else None


class Bench:
    """One board with the sensors and radios of `plan`, a board's table of rig.toml."""

    def __init__(self, plan: Mapping[str, Any], state_dir: Path):
        self.clock = VirtualClock()
        self.truth = dict(TRUTH)
        self.battery_uv = round(BATTERY_MICROVOLTS / SCHEMATICS[plan["type"]].battery_divider)
        self.network = Witness()
        self.plan = plan
        self.cuts = 0
        self.chips: dict[str, Any] = {}
        self.board = Board(
            self.clock,
            name=plan["name"],
            engine=plan["engine"],
            state_dir=state_dir,
            wiring=self._wire,
            computing_limit_s=math.inf,
        )
        self.board.on_power_cut = self._was_cut

    def _wire(self, board: Board) -> None:
        schematic = SCHEMATICS[self.plan["type"]]
        settings = {"board": self.plan["type"], "sensors": self.plan["sensors"]}
        radios = [self._radio(board, name) for name in self.plan["radios"]]
        first, *others = radios or [MODEMS["wio_e5"](self.network, DEV_EUI)]
        chips = solder(board, settings, lambda quantity, _: self.truth[quantity], first)
        for other in others:
            solder_radio(board, schematic, other)
        names = [sensor["driver"] for sensor in self.plan["sensors"]]
        self.chips = dict(zip(names, chips, strict=True)) | dict(
            zip(self.plan["radios"], radios, strict=True)
        )
        board.attach_adc(schematic.battery_pin, lambda: self.battery_uv)

    def _radio(self, board: Board, name: str) -> Any:
        if name in MODEMS:
            return MODEMS[name](self.network, DEV_EUI)
        air = SharedAir(board.clock)
        LoneGateway(board.clock, air, self.network, lambda dev_eui: Identity(dev_eui, self._key(board)))
        return CHIPS[name](air)

    def _key(self, board: Board) -> bytes:
        try:
            return self.network.app_key or board.nvs.blob(NVS_NAMESPACE, "app_key")
        except KeyError:
            return NO_KEY

    def _was_cut(self, _: Board) -> None:
        self.cuts += 1

    # What is asked for: the names are the ops

    def power(self, on: bool) -> None:
        """The supply's switch."""
        (self.board.power_on if on else self.board.power_off)()

    def button(self) -> None:
        """The reset button."""
        self.board.press_reset()

    def cut_at_write(self, nth: int | None, torn: bool) -> None:
        """Power fails in the n-th flash operation from now; None takes it back."""
        self.board.cut_at_flash_write(nth, torn=torn)

    def cut_after(self, ms: int, text: str) -> None:
        """Power fails so many virtual milliseconds after the board has said `text`."""
        heard = b""

        def listen(said: bytes) -> None:
            nonlocal heard
            heard += said
            if text.encode() in heard:
                self.board.console.on_text = None
                self._fail_in(ms)

        self.board.console.on_text = listen

    def _fail_in(self, ms: int) -> None:
        self.clock.call_later(ms * 1000, self._cut_now)

    def on_for(self, ms: int) -> None:
        """A supply that comes, and fails again."""
        self.board.power_on()
        self._fail_in(ms)

    def _cut_now(self) -> None:
        self.cuts += 1
        self.board.power_off()

    def see(self, quantity: str, value: float) -> None:
        """What all sensors of a quantity see from now on, in its usual unit."""
        if quantity not in self.truth:
            raise ValueError(f"no sensor here sees {quantity!r}; known: {', '.join(self.truth)}")
        self.truth[quantity] = value

    def fault(self, chip: str, name: str, on: bool) -> None:
        """Switch a fault of a chip on or off."""
        if chip not in self.chips:
            raise ValueError(f"no chip {chip!r} on this board; it has {', '.join(self.chips)}")
        (self.chips[chip].faults.add if on else self.chips[chip].faults.discard)(name)

    def delivered(self, chip: str) -> list[dict[str, int]]:
        """What a chip handed out so far, in base units."""
        return [values for _, values in self.chips[chip].delivered]

    def battery(self, volts: float) -> None:
        """The battery's voltage."""
        self.battery_uv = round(volts / SCHEMATICS[self.plan["type"]].battery_divider * 1e6)

    def register(self, app_key: str | None) -> None:
        """The key that the network knows; None: the board's own."""
        self.network.app_key = bytes.fromhex(app_key) if app_key else None

    def network_answers(self, on: bool) -> None:
        """Whether the network is there at all."""
        self.network.answers = on

    def downlink(self, port: int, payload: str) -> None:
        """Wait with a payload for the next uplink."""
        self.network.downlinks.append(Downlink(port, bytes.fromhex(payload), acknowledges=False))

    def heard(self) -> dict[str, Any]:
        """All that the network has heard."""
        known = asdict(self.network)
        return {name: known[name] for name in ("joins", "refused", "uplinks")}

    def state(self) -> dict[str, Any]:
        """Where the board is at."""
        board = self.board
        return {
            "powered": board.powered,
            "asleep": board.asleep,
            "boots": board.boots,
            "cuts": self.cuts,
            "now_us": self.clock.now_us,
            "flash_writes": board.flash.operations,
            "radio_asleep": {
                name: self.chips[name].mode == SLEEP for name in self.plan["radios"] if name in CHIPS
            },
        }

    # Serving

    def serve(self, announce: Callable[[dict[str, Any]], None]) -> None:
        """Serve until the other end hangs up."""
        open_ = True
        rest = b""

        def listen() -> None:
            nonlocal open_, rest
            data = os.read(0, 1 << 16)
            open_ = bool(data)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                announce(self._answer(line))

        self.clock.add_reader(0, listen)
        self.board.power_on()
        announce({"port": self.board.pts})
        self.clock.serve(lambda: not open_, lambda: self.board.attended)

    def _answer(self, line: bytes) -> dict[str, Any]:
        request = json.loads(line)
        try:
            return {"ok": getattr(self, request.pop("op"))(**request)}
        except (ValueError, BoardError) as error:
            return {"error": str(error)}


def _announce(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


def main(plan_text: str, image: str, state: str) -> int:
    """Serve the board that `plan_text` (JSON) describes; exit code 3 when it cannot be had."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a job in the background would ignore Ctrl-C otherwise
        signal.signal(number, signal.default_int_handler)
    with ExitStack() as stack:
        try:
            plan = json.loads(plan_text)
            find_engine(plan["engine"])
            bench = Bench(plan, Path(state))
            stack.enter_context(bench.board)
            bench.board.install(Path(image))
            bench.serve(_announce)
        except KeyboardInterrupt:
            return 0
        except (BoardError, MissingProgramError) as error:
            _announce({"error": str(error)})
            return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
