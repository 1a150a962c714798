"""One board, from what is plugged in to a station that has passed its test.

    look -> assign (ledger) -> write, checked by the chip -> start -> read back -> test

Whatever ends this, it is begun again from the start: each step finds out what is done already, and a board
that is known gets nothing but its own station's key.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from luftpegel_tools.image.firmware_image import ImageError
from luftpegel_tools.station_files.station_file import StationFileError
from luftpegel_tools.technician.flashing.assignment import Assigner, Assignment
from luftpegel_tools.technician.flashing.loader import Chip, open_chip
from luftpegel_tools.technician.flashing.ports import Port, again
from luftpegel_tools.technician.flashing.prompt import (
    LOOK_S,
    START_S,
    NoPromptError,
    Prompt,
    at_prompt,
)
from luftpegel_tools.technician.flashing.station_image import DEV_NONCE, fingerprint
from luftpegel_tools.technician.flashing.supplies import Supplies
from luftpegel_tools.technician.ledger import OK, Ledger
from luftpegel_tools.technician.roster import Entry
from luftpegel_tools.technician.selftest import Verdict, blink, failures, run_selftest
from luftpegel_tools.technician.words import TroubleError

OLDEST = (1, 25, 0)
# What another station leaves in NVS that would keep this one's from joining.
_OF_ANOTHER = (DEV_NONCE, "join_nonce", "fcnt_up", "fcnt_down")
_REPLUG_S = 5.0
_SILENT, _DIFFERS = "LP-622", "LP-632"
_TRIES = 3


class Listener(Protocol):
    """Who is told how far a board is: a stage's name, how much of it is done (0 to 1), its station."""

    def __call__(self, stage: str, share: float, entry: Entry | None) -> None:
        """It is so far."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a board: `trouble` is None where all is well; `skipped`: it had passed before."""

    place: str
    seconds: float
    entry: Entry | None = None
    chip: str | None = None
    trouble: TroubleError | None = None
    verdicts: list[Verdict] = field(default_factory=list)
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all boards of a job share."""

    supplies: Supplies
    ledger: Ledger
    assigner: Assigner
    chips: "ChipsAtWork"
    baud: int
    erase: bool = False
    resume: bool = False
    blink_s: int = 120


class ChipsAtWork:
    """Chips that are being worked on; two with one MAC would be one board in the ledger."""

    def __init__(self) -> None:
        self._places: dict[str, str] = {}

    def enter(self, chip: str, place: str) -> None:
        """Raises TroubleError LP-634 where the same MAC is at work in another place."""
        other = self._places.setdefault(chip, place)
        if other != place:
            raise TroubleError("LP-634", chip=chip, place=place, other=other)

    def leave(self, place: str) -> None:
        """Whatever was at work in a place is done with."""
        for chip in [chip for chip, where in self._places.items() if where == place]:
            del self._places[chip]


class BoardWork:
    """Works on what is in one place."""

    def __init__(self, shop: Workshop, port: Port, listener: Listener) -> None:
        self._shop = shop
        self._port = port
        self._listener = listener
        self._erase = shop.erase
        self._entry: Entry | None = None
        self._chip: str | None = None
        self._verdicts: list[Verdict] = []

    def run(self) -> Outcome:
        """Never raises for what a board, a cable or a file does."""
        started = time.monotonic()
        trouble, skipped = None, False
        try:
            skipped = self._run_again()
        except TroubleError as error:
            trouble = error
        except (StationFileError, ImageError) as error:
            trouble = TroubleError("LP-639", detail=error)
        except OSError as error:  # the ledger's disk
            trouble = TroubleError("LP-612", file=error.filename or "", detail=error.strerror)
        except Exception as error:
            trouble = TroubleError("LP-628", port=self._port.place, detail=repr(error))
        finally:
            self._shop.chips.leave(self._port.place)
        took = time.monotonic() - started
        return Outcome(self._port.place, took, self._entry, self._chip, trouble, self._verdicts, skipped)

    def _run_again(self) -> bool:
        """A line that faltered is no fault of the board's: what differs is written again, which is mostly
        nothing. Three times."""
        for tries_left in range(_TRIES - 1, 0, -1):
            try:
                return self._run()
            except TroubleError as trouble:
                if trouble.code != _DIFFERS:
                    raise
                time.sleep(_TRIES - tries_left)
        return self._run()

    def _run(self) -> bool:
        self._tell("look", 0)
        try:
            with at_prompt(self._port.device, LOOK_S) as prompt:
                if not self._erase:
                    return self._over_prompt(prompt)
                self._into_download_mode(prompt)
        except NoPromptError:
            pass
        try:
            return self._from_download_mode()
        except TroubleError as trouble:
            if trouble.code != _SILENT or self._erase:
                raise
            return self._second_look(trouble)

    def _second_look(self, silent: TroubleError) -> bool:
        """The chip is silent in download mode: it may run a program that took long to stop."""
        try:
            with at_prompt(self._port.device, START_S / 3) as prompt:
                return self._over_prompt(prompt)
        except NoPromptError:
            raise silent from None

    def _from_download_mode(self) -> bool:
        with open_chip(self._port.device) as chip:
            self._enter(chip.mac)
            own = self._shop.assigner.own(chip.mac)
            left_alone = own is not None and not self._erase and self._shop.assigner.flashed(own, chip.mac)
            given = None if left_alone else self._write(chip)
            chip.start()
        return self._after_start(given)

    def _after_start(self, given: Assignment | None) -> bool:
        self._tell("start", 0)
        self._port = again(self._port, _REPLUG_S)
        try:
            with at_prompt(self._port.device, START_S) as prompt:
                if given is None:
                    return self._over_prompt(prompt)
                if prompt.chip != given.chip:
                    raise TroubleError("LP-632", port=self._port.place, detail=f"chip {prompt.chip}")
                self._finish(prompt, given)
        except NoPromptError:
            code = "LP-631" if given else "LP-638"
            raise TroubleError(code, port=self._port.place, detail="no prompt") from None
        return False

    # --- a blank board ---

    def _write(self, chip: Chip) -> Assignment:
        given = self._assign(chip.mac, chip.name, fresh=True)
        self._tell("write", 0)
        file = self._shop.supplies.micropython(given.entry)
        parts = self._shop.supplies.parts(given.entry, given.dev_nonce)
        try:
            chip.run_stub(self._shop.baud)
            chip.write(parts, lambda share: self._tell("write", share), skip_equal=given.known)
        except TroubleError as trouble:
            self._note(given, "flashed", trouble.code)
            raise
        self._note(given, "flashed", micropython=file.name)
        self._erase = False  # once is enough
        return given

    def _into_download_mode(self, prompt: Prompt) -> None:
        if str(Path(self._port.device).resolve()).startswith("/dev/pts/"):  # no DTR and RTS
            prompt.leave("import machine\nmachine.bootloader()")

    # --- a board that runs MicroPython ---

    def _over_prompt(self, prompt: Prompt) -> bool:
        self._enter(prompt.chip)
        if prompt.version < OLDEST:
            version = ".".join(map(str, prompt.version))
            raise TroubleError("LP-638", port=self._port.place, detail=version)
        own = self._shop.assigner.own(prompt.chip)
        if own is not None and self._shop.resume and self._shop.assigner.finished(own):
            self._entry = own
            return True
        lost = DEV_NONCE not in prompt.blobs()
        given = self._assign(prompt.chip, _chip_name(prompt), fresh=lost)
        settings = self._shop.supplies.nvs(given.entry, given.dev_nonce)
        prompt.set_keys(settings, forget=() if given.known else _OF_ANOTHER)
        self._note(given, "flashed", micropython=".".join(map(str, prompt.version)))
        self._finish(prompt, given)
        return False

    # --- both ---

    def _finish(self, prompt: Prompt, given: Assignment) -> None:
        files = self._shop.supplies.files(given.entry)
        prompt.bring(files, lambda share: self._tell("files", share))
        self._tell("check", 0)
        self._read_back(prompt, given)
        self._tell("selftest", 0)
        prompt.fresh()
        self._verdicts = run_selftest(prompt)
        failed = failures(self._verdicts)
        if failed:
            trouble = TroubleError("LP-635", station=given.entry.station, detail=failed[0].told())
            self._note(given, "selftest", trouble.code, failed=[verdict.name for verdict in failed])
            raise trouble
        self._note(given, "selftest")
        blink(prompt, given.entry.number, self._shop.blink_s)

    def _read_back(self, prompt: Prompt, given: Assignment) -> None:
        settings = self._shop.supplies.nvs(given.entry, given.dev_nonce)
        wrong = prompt.differing(self._shop.supplies.files(given.entry)) + prompt.wrong_keys(settings)
        if wrong:
            self._note(given, "keys", "LP-632", wrong=wrong[:3])
            raise TroubleError("LP-632", port=self._port.place, detail=", ".join(wrong[:3]))
        self._note(given, "keys", fingerprint=fingerprint(settings.app_key))

    def _assign(self, chip: str, name: str, *, fresh: bool) -> Assignment:
        supplies = self._shop.supplies
        given = self._shop.assigner.assign(
            chip, lambda entry: supplies.micropython(entry).chip == name, name, fresh=fresh
        )
        self._entry = given.entry
        return given

    def _enter(self, chip: str) -> None:
        self._shop.chips.enter(chip, self._port.place)
        self._chip = chip
        self._entry = self._shop.assigner.own(chip)

    def _note(self, given: Assignment, step: str, outcome: str = OK, **more: Any) -> None:
        entry = given.entry
        self._shop.ledger.write(
            station=entry.station, dev_eui=entry.dev_eui, chip=given.chip, step=step, outcome=outcome, **more
        )

    def _tell(self, stage: str, share: float) -> None:
        self._listener(stage, share, self._entry)


def _chip_name(prompt: Prompt) -> str:
    """As Espressif writes it: "... with ESP32S3" is an ESP32-S3."""
    name = prompt.machine.rpartition(" ")[2]
    return name if name == "ESP32" else name.replace("ESP32", "ESP32-", 1)


Work = Callable[[Port, Listener], Outcome]
