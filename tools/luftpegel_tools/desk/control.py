"""The hands at the desk: what a test, or a second terminal, does to boards that run elsewhere.

A Unix socket takes one JSON object a line, such as {"do": "reset"}, and answers each with one: {"ok": true,
...}, or {"ok": false, "error": "LP-192: ..."}. On a hub, "place" names the board.
"""

import contextlib
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from luftpegel_tools.desk.hub import Hub
from luftpegel_tools.virtual_board.board import Board
from luftpegel_tools.virtual_board.errors import BoardError
from luftpegel_tools.virtual_board.flash import FAULTS
from luftpegel_tools.virtual_time.clock import VirtualClock

LINE_BYTES = 1 << 16


class Hands:
    """Does what a request says: WORDS has the words of "do", their arguments are its other keys."""

    def __init__(self, hub: Hub):
        self._hub = hub

    def carry_out(self, request: object) -> dict[str, Any]:
        """The answer to a request; BoardError LP-192 when it makes no sense."""
        if not isinstance(request, dict):
            raise _nonsense("it is not an object")
        arguments = dict(request)
        word, place = arguments.pop("do", None), arguments.pop("place", 1)
        if not isinstance(word, str) or word not in WORDS:
            raise _nonsense(f"there is no {word!r}; one of {', '.join(WORDS)}")
        if not isinstance(place, int) or place not in self._hub.boards:
            raise _nonsense(f"there is no place {place!r}")
        try:
            WORDS[word](self, place, **arguments)
        except (TypeError, ValueError) as error:
            raise _nonsense(f"{word}: {str(error).replace('Hands._', '')}") from None
        return self.status(place)

    def status(self, place: int) -> dict[str, Any]:
        """What can be seen of a board, and what its flashing would have taken on a real line."""
        board = self._hub.boards[place]
        loader = board.rom.loader
        return {
            "place": place,
            "plugged": self._hub.plugged(place),
            "port": board.pts if self._hub.plugged(place) else None,
            "state": board.state,
            "chip": board.rom.chip.name,
            "boots": board.boots,
            "virtual_s": board.clock.now_us / 1e6,
            "baud": board.rom.registers.baudrate,
            "wire_s": loader.wire_us / 1e6 if loader else 0.0,
            "flash_s": loader.flash_us / 1e6 if loader else 0.0,
        }

    def _status(self, place: int) -> None:
        """Only look."""

    def _reset(self, place: int) -> None:
        if self._board(place).powered:
            self._board(place).press_reset()

    def _boot(self, place: int, low: bool) -> None:
        self._board(place).rom.boot_pin_low = bool(low)

    def _power(self, place: int, on: bool) -> None:
        board = self._board(place)
        (board.power_on if on else board.power_off)()

    def _plug(self, place: int) -> None:
        self._hub.plug(place)

    def _unplug(self, place: int) -> None:
        self._hub.unplug(place)

    def _fault(self, place: int, kind: str, at: int) -> None:
        flash = self._board(place).flash
        if kind not in FAULTS or not isinstance(at, int) or not 0 <= at < flash.size:
            raise ValueError(f"kind is one of {', '.join(FAULTS)}, at an address below {flash.size:#x}")
        flash.faults[at] = kind

    def _line(self, place: int, bytes_per_s: int = 0, noise: float = 0.0, seed: int = 0) -> None:
        console = self._board(place).console
        console.leaving.set(bytes_per_s=int(bytes_per_s), noise=float(noise), seed=seed)
        console.arriving.set(bytes_per_s=int(bytes_per_s), noise=float(noise), seed=seed + 1)

    def _mend(self, place: int) -> None:
        self._board(place).flash.faults.clear()
        self._line(place)

    def _board(self, place: int) -> Board:
        return self._hub.boards[place]


_Word = Callable[..., None]
WORDS: dict[str, _Word] = {
    "status": Hands._status,  # noqa: SLF001 - our own
    "reset": Hands._reset,  # noqa: SLF001
    "boot": Hands._boot,  # noqa: SLF001
    "power": Hands._power,  # noqa: SLF001
    "plug": Hands._plug,  # noqa: SLF001
    "unplug": Hands._unplug,  # noqa: SLF001
    "fault": Hands._fault,  # noqa: SLF001
    "line": Hands._line,  # noqa: SLF001
    "mend": Hands._mend,  # noqa: SLF001
}


class ControlSocket:
    """Serves `hands` on a Unix socket at `path`, beside whatever the clock runs; any number of clients."""

    def __init__(self, clock: VirtualClock, path: Path, hands: Hands):
        self._clock = clock
        self._path = path
        self._hands = hands
        self._listener = socket.socket(socket.AF_UNIX)
        try:
            path.unlink(missing_ok=True)
            self._listener.bind(str(path))
        except OSError as error:
            raise BoardError(
                "LP-194", f"there can be no control socket at {path}: {error}", "name another path"
            ) from None
        self._listener.listen(8)
        self._listener.setblocking(False)
        self._clients: dict[socket.socket, bytearray] = {}
        clock.add_reader(self._listener.fileno(), self._accept)

    def close(self) -> None:
        """Hang up on everybody."""
        for client in tuple(self._clients):
            self._drop(client)
        self._clock.remove_reader(self._listener.fileno())
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            client, _ = self._listener.accept()
            client.settimeout(1)
            self._clients[client] = bytearray()
            self._clock.add_reader(client.fileno(), lambda: self._serve(client))

    def _serve(self, client: socket.socket) -> None:
        buffer = self._clients[client]
        try:
            data = client.recv(4096)
            buffer += data
            while b"\n" in buffer:
                line, _, rest = bytes(buffer).partition(b"\n")
                buffer[:] = rest
                client.sendall(self._answer(line))
        except OSError:
            data = b""
        if not data or len(buffer) > LINE_BYTES:
            self._drop(client)

    def _answer(self, line: bytes) -> bytes:
        try:
            answer = {"ok": True} | self._hands.carry_out(json.loads(line))
        except (ValueError, RecursionError):
            answer = {"ok": False, "error": str(_nonsense("it is not JSON"))}
        except BoardError as error:
            answer = {"ok": False, "error": str(error)}
        return json.dumps(answer).encode() + b"\n"

    def _drop(self, client: socket.socket) -> None:
        self._clients.pop(client, None)
        self._clock.remove_reader(client.fileno())
        client.close()


def _nonsense(cause: str) -> BoardError:
    return BoardError("LP-192", f"the request cannot be carried out: {cause}", "see docs/board.md")
