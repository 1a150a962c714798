"""Conditions: what is wrong right now, by subject (a source, a sink, the journal, a station).

A part reports what it sees, as often as it sees it, and clears what is gone. Several codes may hold of one
subject; the one that explains most is shown, by a table. A vague one ("connection lost") does not hide a
specific one ("login refused") that is still seen, and a specific one that is not seen any more does not hide
the vague one for ever. Changes are logged once, not every attempt.

Since when is told in wall-clock time but measured on the steady clock, so our own clock may be set: `since`
never lies in the future, and a gateway that began in 1970 does not tell of half a century. It survives a
restart in a small file of the data folder, written only when something begins or ends.
"""

import itertools
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

log = logging.getLogger("luftpegel.gateway")
FILE = "conditions.json"
MOST_KEPT = 1000  # conditions in the file; those of subjects that are configured no longer leave first
STALE_S = 300.0  # what was not seen for so long, while something else was, explains it no longer

# How much a code explains: the vague and the lesser below 5, which every other code has.
RANKS = {
    "LP-404": 0,  # QoS 0: nothing is broken
    "LP-517": 0,  # a command waits: readings come in
    "LP-401": 1,  # the broker is not connected, whyever
    "LP-420": 1,  # the sink does not answer, whyever
    "LP-441": 2,  # the host cannot be reached
    "LP-440": 3,  # the host's name is not known
    "LP-408": 3,  # the broker takes nobody now
    "LP-445": 4,  # TLS with a port that has none
    "LP-446": 4,  # none with a port that has
    "LP-449": 6,  # two clients with one id: everything else follows from it
}
_USUAL = 5


class Condition(msgspec.Struct, frozen=True):
    """One trouble of one subject: LP code, what was seen, since when and when last (unix seconds)."""

    subject: str
    code: str
    detail: str
    since: float
    last_seen: float


class _Begun(msgspec.Struct, frozen=True):
    """One line of the file."""

    subject: str
    code: str
    since: float


class _Held(msgspec.Struct):
    """A condition on the steady clock."""

    detail: str
    since: float
    last_seen: float


class Conditions:
    """All conditions of one gateway. Used on the event loop only."""

    def __init__(
        self,
        file: Path | None = None,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
        stops: Callable[[str, str], bool] = lambda _subject, _code: False,
    ) -> None:
        """`file`: where `since` survives a restart; a broken or missing one is as good as an empty one.
        `stops`: whether readings cannot come in with this code of this subject: that is an error in the log,
        the others are warnings."""
        self._file = file
        self._clock = clock
        self._steady = steady
        self._stops = stops
        self._held: dict[str, dict[str, _Held]] = {}
        self._remembered = dict(self._restore())  # of an earlier run: not true until it is reported again
        self._writes = True  # the last attempt to write the file was a success

    def report(self, subject: str, code: str, detail: str) -> None:
        """`subject` suffers from `code`, (still) now."""
        now = self._steady()
        shown = self._top(subject)
        codes = self._held.setdefault(subject, {})
        if code in codes:
            codes[code].detail, codes[code].last_seen = detail, now
        else:
            codes[code] = _Held(detail, self._remembered.pop((subject, code), now), now)
            self._store()
        if self._top(subject) != shown:
            self._log(subject)

    def clear(self, subject: str, *codes: str) -> None:
        """`subject` does not suffer from `codes` any more; none given: from nothing."""
        shown = self._top(subject)
        held = self._held.get(subject, {})
        remembered = [code for name, code in self._remembered if name == subject]
        gone = [code for code in codes or (*held, *remembered) if code in held or code in remembered]
        for code in gone:
            held.pop(code, None)
            self._remembered.pop((subject, code), None)
        if not held:
            self._held.pop(subject, None)
        if gone:
            self._store()
        if shown is not None and self._top(subject) != shown:
            self._log(subject)

    def current(self) -> tuple[Condition, ...]:
        """What is wrong: of each subject the cause that explains most, by subject."""
        found = (self.of(subject) for subject in sorted(self._held))
        return tuple(condition for condition in found if condition is not None)

    def of(self, subject: str) -> Condition | None:
        """What is wrong with one subject, or None."""
        code = self._top(subject)
        if code is None:
            return None
        held, wall, now = self._held[subject][code], self._clock(), self._steady()
        return Condition(
            subject, code, held.detail, wall - (now - held.since), wall - (now - held.last_seen)
        )

    def _top(self, subject: str) -> str | None:
        """The code that explains most among those that were seen lately; of equals the newest."""
        codes = self._held.get(subject)
        if not codes:
            return None
        newest = max(held.last_seen for held in codes.values())
        fresh = {code: held for code, held in codes.items() if newest - held.last_seen <= STALE_S}
        return max(fresh, key=lambda code: (RANKS.get(code, _USUAL), fresh[code].since, code))

    def _log(self, subject: str) -> None:
        condition = self.of(subject)
        if condition is None:
            log.info("%s: works", subject, extra={"part": subject})
        else:
            told = {"part": subject, "code": condition.code, "detail": condition.detail}
            level = logging.ERROR if self._stops(subject, condition.code) else logging.WARNING
            log.log(level, "%s: %s %s", subject, condition.code, condition.detail, extra=told)

    def _restore(self) -> Iterator[tuple[tuple[str, str], float]]:
        """(subject, code) -> since on the steady clock, as the file has it."""
        if self._file is None:
            return
        try:
            begun = msgspec.json.decode(self._file.read_bytes(), type=list[_Begun])
        except FileNotFoundError:
            return
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            log.warning("%s is not used: %s", self._file, error)
            return
        wall, now = self._clock(), self._steady()
        for line in begun[:MOST_KEPT]:
            yield (line.subject, line.code), now - max(0.0, wall - line.since)

    def _store(self) -> None:
        """Write the file anew and put it in place at one stroke; a full disk costs only what it remembers."""
        if self._file is None:
            return
        wall, now = self._clock(), self._steady()
        begun = {
            (subject, code): one.since for subject, codes in self._held.items() for code, one in codes.items()
        } | self._remembered
        lines = [
            _Begun(subject, code, wall - (now - since))
            for (subject, code), since in itertools.islice(begun.items(), MOST_KEPT)
        ]
        beside = self._file.with_suffix(".new")
        try:
            beside.write_bytes(msgspec.json.encode(lines))
            os.replace(beside, self._file)  # noqa: PTH105 - the same, and atomic by name
        except OSError as error:
            if self._writes:
                log.warning("%s cannot be written: %s", self._file, error)
            self._writes = False
        else:
            self._writes = True
