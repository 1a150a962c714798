"""A USB hub full of boards: each has a place, and a link named after it as long as it is plugged in.

As under /dev/serial/by-path: the name tells the place and stays, the terminal behind it changes with each
plugging.
"""

from collections.abc import Mapping
from pathlib import Path

from luftpegel_tools.virtual_board.board import Board

_PATH = "pci-0000:00:14.0-usb-0:1.{}:1.0-port0"


class Hub:
    """Boards by their place, counted from 1, with links in `folder`; none is plugged in yet."""

    def __init__(self, folder: Path, boards: Mapping[int, Board]):
        self.boards = boards
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for place, board in boards.items():
            board.on_power_cut = lambda _, place=place: self._look_at(place)

    def link(self, place: int) -> Path:
        """The name under which a place's board is found."""
        return self._folder / _PATH.format(place)

    def plugged(self, place: int) -> bool:
        """Whether a board is in this place."""
        return self.link(place).is_symlink()

    def plug(self, place: int) -> None:
        """Plug a board in: it gets a terminal and power. Nothing changes when it is."""
        if self.plugged(place):
            return
        fresh = self._folder / f".{place}"
        fresh.symlink_to(self.boards[place].pts)
        fresh.rename(self.link(place))
        self.boards[place].power_on()

    def unplug(self, place: int) -> None:
        """Pull a board out: terminal and power are gone at once."""
        self.boards[place].unplug()
        self.link(place).unlink(missing_ok=True)

    def _look_at(self, place: int) -> None:
        """A board has lost its power: with the plug, or only the power."""
        if self.boards[place].console.master < 0:
            self.link(place).unlink(missing_ok=True)
