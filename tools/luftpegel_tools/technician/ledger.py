"""The ledger: what was done to which board and when, one JSON object a line, only ever added to.

`town.ledger` beside `town.csv`. It is the proof that no key went onto two boards, what an interrupted job
goes on from, and a town's evidence of unique credentials (EN 303 645, 5.1). Keys are not in it.

Each line has `time` (ISO 8601, UTC), `station`, `dev_eui`, `chip` (the board's factory MAC, 12 hex digits),
`step` ("assigned", "flashed", "keys", "selftest", "label", "registered", "nonces flushed", "joined") and
`outcome` ("ok", or an LP code); a step adds what it has to tell. "assigned" is written before a key leaves
the computer: from then on the key is that board's, whatever becomes of the writing.
"""

import datetime
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from luftpegel_tools.technician.whole_file import bring_name_to_disk
from luftpegel_tools.technician.words import TroubleError

OK = "ok"
_PATIENCE_S = 10


def ledger_file(roster: Path) -> Path:
    """Where the ledger of a roster lies."""
    return roster.with_suffix(".ledger")


class Ledger:
    """One ledger. Lines of others who write at the same time are seen at the next `write` or `reload`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lines: list[dict[str, Any]] = []
        self._read_up_to = 0
        self.reload()

    def reload(self) -> None:
        """Read what came since. A last line that was cut off by a power cut never happened."""
        try:
            with self.file.open("rb") as stream:
                stream.seek(self._read_up_to)
                content = stream.read()
        except FileNotFoundError:
            return
        except OSError as error:
            raise TroubleError("LP-600", file=self.file, detail=error.strerror) from None
        whole = content.rfind(b"\n") + 1
        for line in content[:whole].splitlines():
            self._lines.append(_told(self.file, len(self._lines) + 1, line))
        self._read_up_to += whole

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._lines)

    def write(
        self, *, station: str, dev_eui: str, chip: str, step: str, outcome: str = OK, **more: Any
    ) -> None:
        """Add a line; it is on the disk afterwards. Raises OSError, or LP-609 while another writes."""
        line = {
            "station": station,
            "dev_eui": dev_eui,
            "chip": chip,
            "step": step,
            "outcome": outcome,
            **more,
        }
        self.write_chosen(lambda: line)

    def write_chosen(self, choose: Callable[[], Mapping[str, Any] | None]) -> None:
        """Add the line that `choose` makes, if any, of what is written: nobody writes in between."""
        try:
            with FileLock(f"{self.file}.lock", timeout=_PATIENCE_S):
                self.reload()
                chosen = choose()
                if chosen is None:
                    return
                now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
                line = json.dumps({"time": now, **chosen}, ensure_ascii=False).encode() + b"\n"
                _append(self.file, line)
                self.reload()
        except Timeout:
            raise TroubleError("LP-609", file=self.file) from None

    def newest(self, station: str, step: str) -> dict[str, Any] | None:
        """The last line of a step at a station, whatever its outcome."""
        return next(
            (line for line in reversed(self._lines) if line["station"] == station and line["step"] == step),
            None,
        )

    def done(self, station: str, step: str) -> bool:
        """Whether a step's last outcome at a station was ok."""
        line = self.newest(station, step)
        return line is not None and line["outcome"] == OK

    def chip_of(self, station: str) -> str | None:
        """The board that has the station's key, or None; the newest where a board was replaced."""
        line = self.newest(station, "keys")
        return line["chip"] if line is not None and line["outcome"] == OK else None

    def station_of(self, chip: str) -> str | None:
        """The station whose key was last put onto a board, or None."""
        written = (line for line in reversed(self._lines) if line["step"] == "keys" and line["chip"] == chip)
        line = next(written, None)
        return line["station"] if line is not None and line["outcome"] == OK else None

    def board_of(self, station: str) -> str | None:
        """The board that has the station's key or may have it: the newest it was meant for."""
        line = next(
            (line for line in reversed(self._lines) if _binds(line) and line["station"] == station), None
        )
        return line["chip"] if line is not None else None

    def meant_for(self, chip: str) -> str | None:
        """The station whose key is on a board or may be; None where another board has taken its place."""
        line = next((line for line in reversed(self._lines) if _binds(line) and line["chip"] == chip), None)
        return line["station"] if line is not None and self.board_of(line["station"]) == chip else None


def _binds(line: Mapping[str, Any]) -> bool:
    return line["step"] in {"assigned", "keys"}


def _append(file: Path, line: bytes) -> None:
    new = not file.exists()
    with file.open("r+b" if not new else "x+b", buffering=0) as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - 1))
        if size and stream.read(1) != b"\n":  # cut off by a power cut: ends here, and is no line
            stream.truncate(_whole(file))
        stream.seek(0, os.SEEK_END)
        stream.write(line)
        os.fsync(stream.fileno())
    if new:
        bring_name_to_disk(file.parent)


def _whole(file: Path) -> int:
    return file.read_bytes().rfind(b"\n") + 1


def _told(file: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(line)
        if not told.keys() >= {"station", "dev_eui", "chip", "step", "outcome"}:
            raise ValueError
    except (ValueError, AttributeError):
        raise TroubleError("LP-608", file=file, line=number) from None
    return told
