"""What is handed to support: the findings, versions, a town's files without its keys, in one ZIP.

The file of keys is never packed. What is packed is searched for its keys in every encoding that people use,
and a file that holds one is left out and named; what else could be a key is masked. Where the keys cannot be
read nothing of the town's files is packed, because nobody could say what is in them.
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from luftpegel_tools.technician.doctor.secrets_in import holds_a_key, masked
from luftpegel_tools.technician.keys import Keys, keys_file
from luftpegel_tools.technician.ledger import ledger_file
from luftpegel_tools.technician.roster import read_roster
from luftpegel_tools.technician.whole_file import write_whole
from luftpegel_tools.technician.words import TroubleError

_LARGEST = 4_000_000  # bytes of one file; a ledger of a large town has less
_TOWN = (2026, 1, 1, 0, 0, 0)  # of every entry: the same files give the same bundle


@dataclass(frozen=True, slots=True)
class Packed:
    """The bundle, and what was left out of it because a key is in it, or because it cannot be read."""

    file: Path
    left_out: Sequence[str]


def pack(file: Path, report: Mapping[str, object], roster: Path | None) -> Packed:
    """Write the bundle.

    Raises:
        TroubleError: LP-612 where it cannot be written.
    """
    parts = {"report.json": json.dumps(report, ensure_ascii=False, indent=1).encode()}
    keys: list[bytes] = []
    left_out: list[str] = []
    if roster is not None:
        known = _keys_of(roster)
        if known is None:
            left_out.append(roster.name)
        else:
            keys = known
            parts |= _town(roster)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            if holds_a_key(content, keys):
                left_out.append(name)
                continue
            text = masked(content.decode("utf-8", errors="replace"))
            archive.writestr(zipfile.ZipInfo(name, _TOWN), _without_home(text))
    try:
        write_whole(file, whole.getvalue())
    except OSError as error:
        raise TroubleError("LP-612", file=file, detail=error.strerror) from None
    return Packed(file, left_out)


def _keys_of(roster: Path) -> list[bytes] | None:
    """All keys beside a roster; None where they cannot be read."""
    try:
        return [bytes(key) for key in Keys(keys_file(roster)).all()]
    except TroubleError:
        return None


def _town(roster: Path) -> dict[str, bytes]:
    files = {roster.name: roster, ledger_file(roster).name: ledger_file(roster)}
    try:
        for entry in read_roster(roster):
            files[f"stations/{entry.station_file.name}"] = entry.station_file
    except TroubleError:
        pass  # the report tells it
    found = {}
    for name, file in files.items():
        if file != keys_file(roster) and file.is_file() and file.stat().st_size <= _LARGEST:
            found[name] = file.read_bytes()
    return found


def _without_home(text: str) -> str:
    return text.replace(str(Path.home()), "~")
