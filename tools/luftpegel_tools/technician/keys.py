"""The keys of a roster's stations: `town.keys` beside `town.csv`, for its owner alone.

A line each: DevEUI and AppKey, as hex digits. A key is drawn from the system's random source once, and is on
the disk before anybody is told of it. None is ever replaced: a station on its mast has the key that it was
given.
"""

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from luftpegel_tools.technician.whole_file import PRIVATE, write_whole
from luftpegel_tools.technician.words import TroubleError

EUI_BYTES, KEY_BYTES = 8, 16
_HEADER = "dev_eui,app_key"
_PATIENCE_S = 10


def keys_file(roster: Path) -> Path:
    """Where the keys of a roster lie."""
    return roster.with_suffix(".keys")


class Key(bytes):
    """An AppKey, which shows itself to nobody who prints what it lies in."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"

    __str__ = __repr__


class Keys:
    """All keys of a file; `of` to look, `ensure` to have one made."""

    def __init__(self, file: Path, draw: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self.file = file
        self._draw = draw
        self._known = _read(file)

    def of(self, dev_eui: str) -> Key | None:
        """The AppKey of a device, or None where none has been made."""
        return self._known.get(dev_eui.lower())

    def all(self) -> list[Key]:
        """Every key, to look for them where none may be."""
        return list(self._known.values())

    def __len__(self) -> int:
        return len(self._known)

    def content(self) -> bytes:
        """All of them, as the file has them: not for the eyes of anybody."""
        return _written(self._known)

    def ensure(self, *dev_euis: str) -> int:
        """Make a key for each device that has none; they are on the disk afterwards. Returns how many.

        Raises:
            TroubleError: LP-606, LP-607 for a file that is not as it should be, LP-609 while another writes.
            OSError: the disk refuses; then nothing has been made.
        """
        try:
            with FileLock(f"{self.file}.lock", timeout=_PATIENCE_S, mode=PRIVATE):
                known = _read(self.file)
                taken = set(known.values())
                new = [eui for eui in dict.fromkeys(map(str.lower, dev_euis)) if eui not in known]
                for eui in new:
                    known[eui] = self._new(taken)
                if new:
                    write_whole(self.file, _written(known), PRIVATE)
                self._known = known
                return len(new)
        except Timeout:
            raise TroubleError("LP-609", file=self.file) from None

    def take(self, others: Mapping[str, Key], origin: Path) -> int:
        """Add the keys of another file, `origin`; all or none. Returns how many were new.

        Raises:
            TroubleError: as `ensure`, and LP-656 where a device has another key here.
            OSError: the disk refuses; then nothing has been added.
        """
        try:
            with FileLock(f"{self.file}.lock", timeout=_PATIENCE_S, mode=PRIVATE):
                known = _read(self.file)
                other = [eui for eui, key in others.items() if known.get(eui, key) != key]
                devices = {key: eui for eui, key in known.items()}
                other += [eui for eui, key in others.items() if devices.get(key, eui) != eui]
                if other:
                    count, first = len(other), other[0]
                    raise TroubleError("LP-656", file=origin, other=self.file, count=count, detail=first)
                both = {**known, **others}
                if len(both) > len(known):
                    write_whole(self.file, _written(both), PRIVATE)
                self._known = both
                return len(both) - len(known)
        except Timeout:
            raise TroubleError("LP-609", file=self.file) from None

    def _new(self, taken: set[Key]) -> Key:
        # A random source that repeats itself is broken; a key that two devices have is worse than none.
        key = Key(self._draw(KEY_BYTES))
        if key in taken or len(key) != KEY_BYTES:
            raise RuntimeError("the random source does not give new keys")
        taken.add(key)
        return key


def parsed(file: Path, content: bytes) -> dict[str, Key]:
    """DevEUI -> AppKey of a file's content. TroubleError LP-607, of `file`."""
    known: dict[str, Key] = {}
    taken: set[Key] = set()
    for number, line in enumerate(content.splitlines(), 1):
        if number == 1 and line.strip() == _HEADER.encode():
            continue
        eui, key = _pair(file, number, line)
        if eui in known or key in taken:
            raise TroubleError("LP-607", file=file, line=number, detail="the same dev_eui or app_key again")
        known[eui] = key
        taken.add(key)
    return known


def _written(known: dict[str, Key]) -> bytes:
    lines = [_HEADER, *(f"{eui},{key.hex()}" for eui, key in known.items())]
    return ("\n".join(lines) + "\n").encode("ascii")


def _read(file: Path) -> dict[str, Key]:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise TroubleError("LP-600", file=file, detail=error.strerror) from None
    if os.name == "posix" and file.stat().st_mode & 0o077:
        raise TroubleError("LP-606", file=file)
    return parsed(file, content)


def _pair(file: Path, number: int, line: bytes) -> tuple[str, Key]:
    eui_text, _, key_text = line.strip().partition(b",")
    try:
        eui, key = bytes.fromhex(eui_text.decode("ascii")), bytes.fromhex(key_text.decode("ascii"))
    except ValueError:
        raise TroubleError("LP-607", file=file, line=number, detail="hex") from None
    for name, value, size in (("dev_eui", eui, EUI_BYTES), ("app_key", key, KEY_BYTES)):
        if len(value) != size:
            raise TroubleError(
                "LP-607", file=file, line=number, detail=f"{name}: {len(value)} bytes, not {size}"
            )
    return eui.hex(), Key(key)
