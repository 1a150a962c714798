"""`luftpegel board`: a virtual board on a pseudo-terminal, for mpremote, pyserial and people."""

import argparse
import json
import math
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path

from luftpegel_tools.desk.default_board import wire
from luftpegel_tools.programs.debian import MissingProgramError
from luftpegel_tools.virtual_board.board import DEFAULT_HEAP_KIB, Board
from luftpegel_tools.virtual_board.engine import ENGINES
from luftpegel_tools.virtual_board.errors import BoardError
from luftpegel_tools.virtual_time.clock import VirtualClock


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `luftpegel board`."""
    parser.add_argument(
        "--engine", choices=sorted(ENGINES), default="pip", help="which MicroPython plays the board"
    )
    parser.add_argument(
        "--state", type=Path, metavar="FOLDER", help="keep flash and NVS here (default: forget them)"
    )
    parser.add_argument(
        "--install", type=Path, metavar="FOLDER", help="copy this folder onto the board first"
    )
    parser.add_argument(
        "--speed", type=float, default=math.inf, help="virtual seconds a second while nobody is at the prompt"
    )
    parser.add_argument(
        "--heap", type=int, default=DEFAULT_HEAP_KIB, metavar="KIB", help="heap for the firmware"
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON instead of text")


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C; exit code 3 when the board cannot be had."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job would ignore Ctrl-C otherwise
        signal.signal(number, signal.default_int_handler)
    with ExitStack() as stack:
        state = args.state or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="luftpegel-board-"))
        )
        clock = VirtualClock(speed=args.speed)
        try:
            board = stack.enter_context(
                Board(
                    clock,
                    name="board",
                    engine=args.engine,
                    heap_kib=args.heap,
                    state_dir=state,
                    wiring=wire,
                    computing_limit_s=math.inf,
                )
            )
            if args.install:
                board.install(args.install)
            _announce(board, args.json)
            board.power_on()
            clock.serve(lambda: False, lambda: board.attended)
        except KeyboardInterrupt:
            return 0
        except (BoardError, MissingProgramError) as error:
            print(error)
            return 3
    return 0


def _announce(board: Board, as_json: bool) -> None:
    if as_json:
        print(
            json.dumps(
                {"port": board.pts, "engine": board.engine.name, "state": str(board.flash.path.parent)}
            ),
            flush=True,
        )
    else:
        print(f"virtual board on {board.pts} (try: mpremote connect {board.pts}); Ctrl-C ends it", flush=True)
