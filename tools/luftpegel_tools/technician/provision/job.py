"""What each server's side of `luftpegel provision` is handed: options, stations, ledger, a voice."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from luftpegel_gateway.config.files import BadConfig
from luftpegel_gateway.config.secrets import Secret, read_secret
from luftpegel_gateway.config.wrong import Wrong
from luftpegel_gateway.model.faults import CannotStart, OtherEndDown
from luftpegel_tools.station_files.station_file import StationFileError
from luftpegel_tools.technician.ledger import Ledger
from luftpegel_tools.technician.provision.show import Voice
from luftpegel_tools.technician.provision.wanted import Device, Wanted
from luftpegel_tools.technician.words import TroubleError

DONE, PROBLEM, WRONG_USE, PARTLY = 0, 1, 2, 4
_WRONG_USE = ("LP-648", "LP-652")  # not confirmed; not said where
REGISTERED, FLUSHED = "registered", "nonces flushed"


@dataclass(frozen=True, slots=True)
class Job:
    """One run of the command."""

    args: argparse.Namespace
    wanted: Wanted
    ledger: Ledger
    voice: Voice

    def confirm(self, writes: int, count: int) -> None:
        """Ask, unless --yes. TroubleError LP-648: the answer is no, or nobody is there to give one."""
        args, voice = self.args, self.voice
        if args.yes:
            return
        somebody = not args.json and sys.stdin.isatty()
        if somebody and input(voice.say("ask")).strip().lower().startswith(("y", "j")):
            return
        raise TroubleError("LP-648", detail=voice.say("asked", writes=writes, all=count))

    def registered(self, device: Device, server: str, application: str) -> None:
        """Write down that a station is registered; once for each place."""
        line = self.ledger.newest(device.station, REGISTERED)
        place = {"server": server, "application": application}
        known = {"outcome": "ok", "dev_eui": device.dev_eui, **place}
        if line is None or not known.items() <= line.items():
            self._write(device, REGISTERED, **place)

    def flushed(self, station: str) -> None:
        """Write down that a station's join numbers are forgotten."""
        device = next(one for one in self.wanted.devices if one.station == station)
        self._write(device, FLUSHED)

    def mounted(self, station: str) -> bool:
        """Whether a board has the station's key already, as far as the ledger knows."""
        return self.ledger.chip_of(station) is not None or self.ledger.done(station, "joined")

    def codec(self) -> str:
        """The payload codec's source; "" where none is wanted. TroubleError LP-649."""
        if self.args.no_codec:
            return ""
        try:
            return str(self.args.codec.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            detail = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise TroubleError("LP-649", file=self.args.codec, detail=detail) from None

    def _write(self, device: Device, step: str, **more: str) -> None:
        chip = self.ledger.chip_of(device.station) or ""
        self.ledger.write(station=device.station, dev_eui=device.dev_eui, chip=chip, step=step, **more)


def guarded(voice: Voice, do: Callable[[], int]) -> int:
    """The exit code of a run; a trouble is told, and its code given."""
    try:
        return do()
    except (TroubleError, CannotStart, OtherEndDown) as trouble:
        print(voice.trouble(trouble), file=sys.stderr)
        return WRONG_USE if trouble.code in _WRONG_USE else PROBLEM
    except StationFileError as error:
        print(error, file=sys.stderr)
        return PROBLEM
    except BadConfig as bad:
        for mistake in bad.mistakes:
            print(mistake.text(voice.language), file=sys.stderr)
        return WRONG_USE


def api_key(where: str) -> Secret:
    """An API key by where it is. TroubleError LP-653, which does not repeat what was given."""
    try:
        return read_secret(where, Path(), os.environ)
    except Wrong as wrong:
        detail = wrong.words.get("reason") or f"{wrong.code} {wrong.words.get('mode', '')}".strip()
        raise TroubleError("LP-653", detail=detail) from None


def print_json(told: object) -> None:
    """An answer for machines, on one line."""
    print(json.dumps(told, ensure_ascii=False))
