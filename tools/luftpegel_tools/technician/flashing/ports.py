"""Where boards are plugged in: by USB path, which stays, never by port number, which changes with each plug.

`--ports` takes a hub (`hub:3-2`), a socket (`3-2.1`), a folder of links such as /dev/serial/by-path, or a
port that pyserial opens.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports  # type: ignore[import-untyped]

_HUB = "hub:"
_LOOK_EVERY_S = 0.1
_LOCATION = re.compile(r"\d+-\d+(\.\d+)*")
_BY_PATH = re.compile(r"-usb(?:v\d)?-0:([\d.]+):")


@dataclass(frozen=True, slots=True)
class Port:
    """A board's place (`3-2.1`), what to open, a mark that changes when it is plugged in anew, and the word
    that finds it again."""

    place: str
    device: str
    mark: object = None
    word: str = ""


def find(wanted: Sequence[str]) -> list[Port]:
    """The boards that are plugged in now, sorted by place; all on USB where nothing is wanted."""
    found: dict[str, Port] = {}
    for word in wanted or [_HUB]:
        for port in _of(word):
            found[port.place] = port
    return sorted(found.values(), key=lambda port: _numbers(port.place))


def again(port: Port, patience_s: float) -> Port:
    """The same place now: a chip with USB of its own goes and comes with each reset, under a new number.

    As it was where nothing came within `patience_s`.
    """
    deadline = time.monotonic() + patience_s
    while True:
        found = [now for now in find([port.word or port.device]) if now.place == port.place]
        if found:
            return found[0]
        if time.monotonic() > deadline:
            return port
        time.sleep(_LOOK_EVERY_S)


def _of(word: str) -> list[Port]:
    path = Path(word)
    if word.startswith(_HUB) or _LOCATION.fullmatch(word):
        return _on_usb(word)
    if path.is_dir():
        return [_port(_place(link.name), link) for link in path.iterdir() if _is_port(link)]
    if "://" in word:
        return [Port(word, word, None, word)]
    return [_port(_place(path.name), path)] if path.exists() else []


def _on_usb(word: str) -> list[Port]:
    hub = word.removeprefix(_HUB)
    ports = []
    for info in list_ports.comports():
        location = (info.location or "").partition(":")[0]
        if location and (location == word or not hub or location.startswith((f"{hub}.", f"{hub}-"))):
            ports.append(_port(location, Path(info.device), location))
    return ports


def _is_port(link: Path) -> bool:
    return not link.name.startswith(".") and link.is_char_device()


def _port(place: str, path: Path, word: str = "") -> Port:
    try:
        real = path.resolve()
        mark = (str(real), real.stat().st_ino, path.lstat().st_ctime_ns)
    except OSError:  # pulled out at this moment
        mark = ("gone", 0, 0)
    return Port(place, str(path), mark, word or str(path))


def _place(name: str) -> str:
    by_path = _BY_PATH.search(name)
    return by_path[1] if by_path else name


def _numbers(place: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (1 << 30, part) for part in re.split(r"[.:-]", place)]
