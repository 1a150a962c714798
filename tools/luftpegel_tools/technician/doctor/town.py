"""A town's roster with what belongs to it: keys, ledger, station files."""

from collections.abc import Iterator
from pathlib import Path

from luftpegel_tools.station_files.station_file import StationFileError, load
from luftpegel_tools.technician.doctor.finding import Finding
from luftpegel_tools.technician.keys import Keys, keys_file
from luftpegel_tools.technician.ledger import OK, Ledger, ledger_file
from luftpegel_tools.technician.roster import Roster, read_roster
from luftpegel_tools.technician.words import TroubleError


def look(file: Path, language: str) -> Iterator[Finding]:
    """Findings about a roster; the first fault of a file ends what is told of it, not the round."""
    try:
        roster = read_roster(file)
    except TroubleError as trouble:
        yield _of(trouble, "roster", language)
        return
    yield from _keys_and_boards(file, roster, language)
    yield from _station_files(roster, language)


def boards_of(file: Path, language: str) -> list[str]:
    """The board types that a roster's sound station files name."""
    found = set()
    try:
        roster = read_roster(file)
    except TroubleError:
        return []
    for station in {entry.station_file for entry in roster}:
        try:
            found.add(str(load(station, language)["board"]))
        except StationFileError:
            continue  # told by `look`
    return sorted(found)


def _keys_and_boards(file: Path, roster: Roster, language: str) -> Iterator[Finding]:
    try:
        keys, ledger = Keys(keys_file(file)), Ledger(ledger_file(file))
    except TroubleError as trouble:
        yield _of(trouble, "roster", language)
        return
    bare = [one.station for one in roster if not one.dev_eui or keys.of(one.dev_eui) is None]
    mounted = {entry.station for entry in roster if ledger.chip_of(entry.station) is not None}
    if bare:
        words = {"count": len(bare), "all": len(roster), "detail": bare[0], "file": file}
        yield Finding("warn", "roster", "LP-670", words)
    else:
        words = {"file": file, "count": len(roster), "keys": len(roster), "boards": len(mounted)}
        yield Finding("ok", "roster", words=words)
    told = {str(line["station"]) for line in ledger if line["step"] == "keys" and line["outcome"] == OK}
    for station in sorted(told - {entry.station for entry in roster}):
        yield Finding("warn", "roster", "LP-671", {"detail": station})


def _station_files(roster: Roster, language: str) -> Iterator[Finding]:
    sound = 0
    for file in dict.fromkeys(entry.station_file for entry in roster):
        try:
            load(file, language)
            sound += 1
        except StationFileError as error:
            yield Finding("fail", "stations", error.code, told=str(error))
    if sound:
        yield Finding("ok", "stations", words={"count": sound})


def _of(trouble: TroubleError, topic: str, language: str) -> Finding:
    return Finding("fail", topic, trouble.code, told=trouble.text(language))
