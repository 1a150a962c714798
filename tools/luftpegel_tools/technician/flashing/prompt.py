"""A board at MicroPython's prompt, by mpremote's library: what lies on it, and what is to be changed.

Keys go to a board and never come back: what is read of them are length and fingerprint.
"""

import ast
import hashlib
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mpremote import transport_serial  # type: ignore[import-untyped]
from mpremote.transport import TransportError, TransportExecError  # type: ignore[import-untyped]
from serial import SerialException  # type: ignore[import-untyped]

from luftpegel_tools.rig.board import RigBoard
from luftpegel_tools.technician.flashing.station_image import (
    BLOBS,
    DEV_NONCE,
    NAMESPACE,
    SALT,
    Settings,
    fingerprint,
)
from luftpegel_tools.technician.words import TroubleError

FIRMWARE_FOLDERS = ("boards", "lib", "station")
LOOK_S, START_S = 2.0, 30.0
_TRIES, _AGAIN_S, _RESET_S = 4, 15.0, 60.0
# The library prints what it heard where a prompt was expected; many boards at once have another display.
transport_serial.print = lambda *_words: None
# What the library raises when a line is cut in the middle of an answer.
_NONSENSE = (ValueError, SyntaxError, struct.error)

_CHIP = """
import machine, sys, os
from binascii import hexlify
print([hexlify(machine.unique_id()).decode(), list(sys.implementation[1])[:3], sys.platform, os.uname()[4]])
"""
_HASHES = """
import os
from hashlib import sha256
from binascii import hexlify
def _of(path):
    digest, block = sha256(), bytearray(512)
    with open(path, "rb") as file:
        while True:
            count = file.readinto(block)
            if not count:
                return hexlify(digest.digest()).decode()
            digest.update(memoryview(block)[:count])
def _walk(folder):
    for entry in os.ilistdir("/" + folder):
        path = folder + "/" + entry[0] if folder else entry[0]
        if entry[1] == 0x4000:
            if path != "journal":
                _walk(path)
        else:
            print(repr((path, _of("/" + path))))
_walk("")
"""
_BLOBS = """
from esp32 import NVS
from hashlib import sha256
from binascii import hexlify
_nvs, _found = NVS({name!r}), {{}}
for _key in {keys!r}:
    _room = bytearray(64)
    try:
        _size = _nvs.get_blob(_key, _room)
        _found[_key] = (_size, hexlify(sha256({salt!r} + bytes(_room[:_size])).digest()).decode()[:12])
    except OSError:
        pass
try:
    _found["dev_nonce"] = _nvs.get_i32("dev_nonce")
except OSError:
    pass
print(_found)
del _room
"""
_ERASE = """
from esp32 import NVS
_nvs = NVS({name!r})
for _key in {keys!r}:
    try:
        _nvs.erase_key(_key)
    except OSError:
        pass
_nvs.commit()
"""


class Prompt:
    """A board whose program has been stopped. `chip`: its factory MAC; `version`: MicroPython's."""

    def __init__(self, board: RigBoard) -> None:
        self._board = board
        chip, version, platform, machine = ast.literal_eval(self.run(_CHIP).strip())
        self.chip, self.version = str(chip), tuple(int(part) for part in version)
        self.platform, self.machine = str(platform), str(machine)

    def run(self, program: str) -> str:
        """Run statements; what they printed. TransportExecError where the board raised something."""
        return self._board.exec(program)

    def fresh(self) -> None:
        """An empty heap. A board that is slow to answer is asked again."""
        for tries_left in range(_TRIES - 1, -1, -1):
            try:
                self._board.soft_reset(_RESET_S)
                return
            except TransportError:
                if not tries_left:
                    raise
                self._board.attach(_AGAIN_S)

    def leave(self, program: str) -> None:
        """Start what goes on by itself."""
        self._board.leave(program)

    # --- files ---

    def hashes(self) -> dict[str, str]:
        """SHA-256 of each file by its path, the journal of readings left out."""
        lines = (ast.literal_eval(line) for line in self.run(_HASHES).splitlines() if line)
        return {str(path): str(digest) for path, digest in lines}

    def bring(self, files: Mapping[str, bytes], progress: Callable[[float], None]) -> int:
        """Write what differs and remove what is left of another firmware; how many files were written."""
        there = self.hashes()
        for path in there.keys() - files.keys():
            if path.partition("/")[0] in FIRMWARE_FOLDERS:
                self._board.remove(f"/{path}")
        wanted = {path: data for path, data in files.items() if there.get(path) != digest_of(data)}
        total, done, folders = sum(map(len, wanted.values())), 0, set[str]()
        for path, data in wanted.items():
            self._make_folders(path, folders)
            self._board.put(f"/{path}", data)
            done += len(data)
            progress(done / max(1, total))
        return len(wanted)

    def _make_folders(self, path: str, known: set[str]) -> None:
        parts = path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            folder = "/" + "/".join(parts[:depth])
            if folder not in known:
                known.add(folder)
                self.run(f"import os\ntry:\n    os.mkdir({folder!r})\nexcept OSError:\n    pass")

    def differing(self, files: Mapping[str, bytes]) -> list[str]:
        """The files that are not on the board as they should be, or should not be there."""
        there = self.hashes()
        wrong = [path for path, data in files.items() if there.get(path) != digest_of(data)]
        left = [p for p in there.keys() - files.keys() if p.partition("/")[0] in FIRMWARE_FOLDERS]
        return sorted(wrong + left)

    # --- keys ---

    def blobs(self) -> dict[str, Any]:
        """Of each blob in NVS (length, fingerprint), and the next DevNonce."""
        program = _BLOBS.format(name=NAMESPACE, keys=tuple(BLOBS), salt=SALT)
        found: dict[str, Any] = ast.literal_eval(self.run(program).strip())
        return found

    def set_keys(self, settings: Settings, *, forget: tuple[str, ...] = ()) -> bool:
        """Write what differs; `forget` names what another station has left. Whether something was written."""
        there = self.blobs()
        if forget:
            self.run(_ERASE.format(name=NAMESPACE, keys=forget))
        wanted = {name: value for name, value in settings.blobs().items() if there.get(name) != told(value)}
        lines = [f"_nvs.set_blob({name!r}, bytes.fromhex({value.hex()!r}))" for name, value in wanted.items()]
        if settings.dev_nonce > (-1 if forget else there.get(DEV_NONCE, -1)):
            lines.append(f"_nvs.set_i32({DEV_NONCE!r}, {settings.dev_nonce})")
        if lines:
            program = ["from esp32 import NVS", f"_nvs = NVS({NAMESPACE!r})", *lines, "_nvs.commit()"]
            self.run("\n".join(program))
        return bool(lines)

    def wrong_keys(self, settings: Settings) -> list[str]:
        """Names of what is not in NVS as it should be."""
        there = self.blobs()
        wrong = [name for name, value in settings.blobs().items() if there.get(name) != told(value)]
        if there.get(DEV_NONCE, -1) < settings.dev_nonce:
            wrong.append(DEV_NONCE)
        return wrong


def told(value: bytes) -> tuple[int, str]:
    """What a board tells of a blob."""
    return len(value), fingerprint(value)


def digest_of(data: bytes) -> str:
    """SHA-256 in hex digits."""
    return hashlib.sha256(data).hexdigest()


@contextmanager
def at_prompt(port: str, patience_s: float) -> Iterator[Prompt]:
    """A board's prompt, with an empty heap and its program stopped.

    Raises:
        TroubleError: LP-621 the port cannot be opened, LP-630 the board is gone, LP-632 it refuses what it
            was asked for.
        NoPromptError: nobody answers as MicroPython does.
    """
    real = str(Path(port).resolve()) if "://" not in port else port
    try:
        board = RigBoard(real, wait_s=0)
    except (TransportError, SerialException, OSError) as error:
        raise _gone(port) or TroubleError("LP-621", port=port, detail=error) from None
    try:
        _attach(board, port, patience_s)
        yield Prompt(board)
    except TransportExecError as error:
        raise TroubleError("LP-632", port=port, detail=_last_line(error)) from None
    except (TransportError, SerialException, OSError, *_NONSENSE) as error:
        raise _gone(port) or TroubleError("LP-632", port=port, detail=error) from None
    finally:
        _close(board)


class NoPromptError(Exception):
    """Nobody answers as MicroPython does."""


def _attach(board: RigBoard, port: str, patience_s: float) -> None:
    """To the prompt, and to an empty heap. A board that answers may still be amid what a killed program sent
    it: then it takes a second and a third Ctrl-C."""
    answered = False
    for _ in range(_TRIES):
        try:
            board.attach(_AGAIN_S if answered else patience_s)
            answered = True
            board.soft_reset(_AGAIN_S)
            return
        except (TransportError, SerialException, OSError):
            if (gone := _gone(port)) is not None:
                raise gone from None
            if not answered:
                raise NoPromptError from None
    raise NoPromptError


def _gone(port: str) -> TroubleError | None:
    return None if "://" in port or Path(port).exists() else TroubleError("LP-630", port=port)


def _close(board: RigBoard) -> None:
    with suppress(SerialException, OSError):  # the cable is out
        board.close()


def _last_line(error: TransportExecError) -> str:
    """What was raised; never the program, which may have a key in it."""
    lines = str(error.error_output).strip().splitlines()
    return lines[-1] if lines else "?"
