"""Which board gets which station's key. The ledger decides, and notes it before a key leaves the computer.

A board that is known gets its own station again. A station that has a board gets another one only where it is
asked for by name. So no key is ever meant for two boards, nor two keys for one, whenever the work is cut off.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from luftpegel_tools.technician.ledger import OK, Ledger
from luftpegel_tools.technician.roster import Entry, Roster
from luftpegel_tools.technician.words import TroubleError

# A board that takes over, or one that was erased, knows nothing of the DevNonces that its station has used,
# and a network refuses one that is not new: it begins as many further on. A station that never reaches its
# network tries some 2000 times a year.
NONCES_APART, _LAST_NONCE = 4096, 0xFFFF


@dataclass(frozen=True, slots=True)
class Assignment:
    """A station for a board. `known`: it was this board's before; `dev_nonce`: its joins begin there;
    `flashed`: MicroPython was once written and checked for this station, on this board."""

    entry: Entry
    chip: str
    known: bool
    dev_nonce: int
    flashed: bool


class Assigner:
    """Gives stations to boards; safe from several threads and processes at once."""

    def __init__(
        self, ledger: Ledger, roster: Roster, only: Sequence[str] = (), replace: Sequence[str] = ()
    ) -> None:
        self._ledger = ledger
        self._roster = roster
        names = only or replace or [entry.station for entry in roster]
        self.chosen = [_entry(roster, name) for name in names]
        self._replace = {_entry(roster, name).station for name in replace}

    def own(self, chip: str) -> Entry | None:
        """The station that a board has already."""
        station = self._ledger.meant_for(chip)
        return self._roster.station(station) if station is not None else None

    def open(self) -> list[Entry]:
        """Chosen stations without a board."""
        return [entry for entry in self.chosen if self._is_open(entry)]

    def finished(self, entry: Entry) -> bool:
        """Whether the board that a station has now has passed everything."""
        line = self._ledger.newest(entry.station, "selftest")
        board = self._ledger.board_of(entry.station)
        return (
            line is not None
            and line["outcome"] == OK
            and line["chip"] == board
            and self._last_of(entry, "assigned", "selftest") == "selftest"
            and entry.station not in self._replace
        )

    def flashed(self, entry: Entry, chip: str) -> bool:
        """Whether MicroPython was written and checked on this board since it got this station."""
        steps = [line for line in self._ledger if line["station"] == entry.station and line["chip"] == chip]
        last = [line for line in steps if line["step"] in {"assigned", "flashed"}]
        return bool(last) and last[-1]["step"] == "flashed" and last[-1]["outcome"] == OK

    def assign(self, chip: str, fits: Callable[[Entry], bool], chip_name: str, *, fresh: bool) -> Assignment:
        """Choose, and write it down. `fresh`: what the board knew of its joins is gone, or will be.

        Raises TroubleError LP-623 (none of its kind is open, or its own is of another), LP-624 (none is
        open), LP-636 (the DevNonces are used up), LP-633 (has a board already).
        """
        made: list[Assignment] = []

        def choose() -> Mapping[str, Any] | None:
            own = self.own(chip)
            entry = own or self._next(fits, chip_name)
            if not fits(entry):
                raise TroubleError("LP-623", chip=chip_name, station=entry.station)
            flashed = own is not None and self.flashed(entry, chip)
            before = self._ledger.board_of(entry.station)
            nonce = self._nonce(entry, further=fresh or own is None)
            made.append(Assignment(entry, chip, own is not None, nonce, flashed))
            if own is not None and not fresh:
                return None  # as it was noted
            more = {"replaces": before} if before not in {None, chip} else {}
            self._replace.discard(entry.station)
            return {
                "station": entry.station,
                "dev_eui": entry.dev_eui,
                "chip": chip,
                "step": "assigned",
                "outcome": OK,
                "dev_nonce": nonce,
                **more,
            }

        self._ledger.write_chosen(choose)
        return made[0]

    def _next(self, fits: Callable[[Entry], bool], chip_name: str) -> Entry:
        left = self.open()
        for entry in left:
            if fits(entry):
                return entry
        if left:
            raise TroubleError("LP-623", chip=chip_name, station=left[0].station)
        taken = next(iter(self.chosen), None)
        if len(self.chosen) == 1 and taken is not None:
            board = self._ledger.board_of(taken.station)
            raise TroubleError("LP-633", station=taken.station, chip=board)
        raise TroubleError("LP-624")

    def _is_open(self, entry: Entry) -> bool:
        return self._ledger.board_of(entry.station) is None or entry.station in self._replace

    def _nonce(self, entry: Entry, *, further: bool) -> int:
        last = self._ledger.newest(entry.station, "assigned")
        if last is None:
            used = self._ledger.newest(entry.station, "keys") is not None  # put on by hand, before this
            return NONCES_APART if used else 0
        nonce = int(last.get("dev_nonce", 0))
        if further and self._last_of(entry, "assigned", "flashed", "keys") != "assigned":
            nonce += NONCES_APART
        if nonce + NONCES_APART > _LAST_NONCE + 1:
            raise TroubleError("LP-636", station=entry.station)
        return nonce

    def _last_of(self, entry: Entry, *steps: str) -> str | None:
        wanted: Set[str] = set(steps)
        lines = [line for line in self._ledger if line["station"] == entry.station and line["step"] in wanted]
        return lines[-1]["step"] if lines else None


def _entry(roster: Roster, name: str) -> Entry:
    entry = roster.station(name)
    if entry is None:
        raise TroubleError("LP-610", file=roster.file, got=name)
    return entry
