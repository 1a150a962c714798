"""`luftpegel board`: virtual boards on pseudo-terminals, for mpremote, esptool, pyserial and people."""

import argparse
import json
import math
import signal
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from luftpegel_tools.desk.control import ControlSocket, Hands
from luftpegel_tools.desk.default_board import BOARD, wiring_of
from luftpegel_tools.desk.hub import Hub
from luftpegel_tools.programs.debian import MissingProgramError
from luftpegel_tools.virtual_board.board import DEFAULT_HEAP_KIB, FLASH_KIB, Board
from luftpegel_tools.virtual_board.engine import ENGINES
from luftpegel_tools.virtual_board.errors import BoardError
from luftpegel_tools.virtual_board.rom.silicon import SILICON
from luftpegel_tools.virtual_board.rom.stand_in import stand_in
from luftpegel_tools.virtual_time.clock import VirtualClock
from luftpegel_tools.wiring import SCHEMATICS

MOST_BOARDS = 16
MAC = bytes.fromhex("246f28aabbcc")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `luftpegel board`."""
    add = parser.add_argument
    add("--engine", choices=sorted(ENGINES), default="pip", help="which MicroPython plays the board")
    add("--state", type=Path, metavar="FOLDER", help="keep flash and NVS here (default: forget them)")
    add("--install", type=Path, metavar="FOLDER", help="copy this folder onto the board first")
    add(
        "--speed", type=float, default=math.inf, help="virtual seconds a second while nobody is at the prompt"
    )
    add("--heap", type=int, default=DEFAULT_HEAP_KIB, metavar="KIB", help="heap for the firmware")
    add("--board", choices=sorted(SCHEMATICS), default=BOARD, help="which board it is, with its pins")
    add("--chip", choices=sorted(SILICON), help="another chip than the board's, for esptool")
    add("--blank", action="store_true", help="nothing in flash, and in download mode: for esptool")
    add("--listen", action="append", default=[], metavar="URL", help="socket://HOST:PORT, rfc2217://HOST:PORT")
    add("--control", type=Path, metavar="SOCKET", help="take JSON commands (reset, unplug, faults) here")
    add("--hub", type=int, metavar="N", choices=range(1, MOST_BOARDS + 1), help="so many boards at once")
    add("--stand-in", type=Path, metavar="FILE", help="write a firmware file for --blank boards, and end")
    add("--json", action="store_true", help="print one line of JSON instead of text")


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C; exit code 2 for a file that cannot be written, 3 when the board cannot be had."""
    if args.stand_in:
        return _write_stand_in(args)
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job would ignore Ctrl-C otherwise
        signal.signal(number, signal.default_int_handler)
    with ExitStack() as stack:
        state = args.state or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="luftpegel-board-"))
        )
        clock = VirtualClock(speed=args.speed)
        try:
            boards = {
                place: stack.enter_context(_board(args, clock, state, place))
                for place in range(1, (args.hub or 1) + 1)
            }
            hub = Hub(state / "by-path", boards)
            urls = [boards[1].listen(url) for url in args.listen]
            if args.control:
                stack.callback(ControlSocket(clock, args.control, Hands(hub)).close)
            for place in boards:
                _start(hub, place, args)
            _announce(hub, state, urls, args)
            clock.serve(lambda: False, lambda: any(board.attended for board in boards.values()))
        except KeyboardInterrupt:
            return 0
        except (BoardError, MissingProgramError) as error:
            print(error)
            return 3
    return 0


def _board(args: argparse.Namespace, clock: VirtualClock, state: Path, place: int) -> Board:
    board = Board(
        clock,
        name=f"board {place}",
        engine=args.engine,
        heap_kib=args.heap,
        state_dir=state / str(place) if args.hub else state,
        unique_id=MAC[:5] + bytes(((MAC[5] + place - 1) & 0xFF,)),
        chip=args.chip or SCHEMATICS[args.board].chip,
        blank=args.blank,
        machine=SCHEMATICS[args.board].machine,
        wiring=wiring_of(args.board),
        computing_limit_s=math.inf,
        panic_limit=math.inf,
    )
    board.tells_sleep = True
    return board


def _start(hub: Hub, place: int, args: argparse.Namespace) -> None:
    """Plug a board in; a blank one with its boot button held down."""
    board = hub.boards[place]
    if args.install:
        board.install(args.install)
    board.rom.boot_pin_low = args.blank
    hub.plug(place)
    board.rom.boot_pin_low = False


def _write_stand_in(args: argparse.Namespace) -> int:
    chip = SILICON[args.chip or SCHEMATICS[args.board].chip]
    try:
        args.stand_in.write_bytes(stand_in(chip, FLASH_KIB * 1024))
    except OSError as error:
        print(
            BoardError("LP-195", f"{args.stand_in} cannot be written: {error.strerror}", "name another file")
        )
        return 2
    print(f"{args.stand_in}: for virtual boards with {chip.title}, to be written at {chip.boot_offset:#x}")
    return 0


def _announce(hub: Hub, state: Path, urls: list[str], args: argparse.Namespace) -> None:
    ports = {place: board.pts for place, board in hub.boards.items()}
    if args.json:
        told: Mapping[str, Any] = {
            "port": ports[1],
            "engine": args.engine,
            "state": str(state),
            "listen": urls,
            "ports": [
                {"place": place, "path": str(hub.link(place)), "port": port} for place, port in ports.items()
            ],
        }
        print(json.dumps(told), flush=True)
        return
    for place, port in ports.items():
        name = f"virtual board {place}" if args.hub else "virtual board"
        where = f"{hub.link(place)} -> {port}" if args.hub else port
        print(f"{name} on {where} (try: {_advice(args, port)}); Ctrl-C ends it", flush=True)
    for url in urls:
        print(f"also on {url}", flush=True)


def _advice(args: argparse.Namespace, port: str) -> str:
    if args.blank:
        return f"esptool --port {port} --before no-reset chip-id"
    return f"mpremote connect {port}"
