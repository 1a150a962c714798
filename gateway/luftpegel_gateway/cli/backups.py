"""The verbs `backup`, beside a running gateway, and `restore`, where none runs."""

import argparse
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from luftpegel_gateway.cli.output import print_json
from luftpegel_gateway.cli.owners import give, owner_of
from luftpegel_gateway.cli.site import DONE, Site
from luftpegel_gateway.control.lock import NAME as LOCK
from luftpegel_gateway.control.lock import locked
from luftpegel_gateway.journal.sqlite import saving
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.words.texts import count_text, size_text, tell

JOURNAL = "journal.sqlite"
ELSEWHERE = "sink-{}.sqlite"  # the name in a backup of a sink's file that is not in the data folder
PLAIN = ("conditions.json",)


def backup(args: argparse.Namespace, site: Site, language: str) -> int:
    """Save the data folder and both files of the configuration into a new folder."""
    journal = site.data / JOURNAL
    if not journal.exists():
        raise CannotStart("LP-331", str(journal))
    others = sorted(path for path in site.data.glob("*.sqlite") if path != journal)
    databases = {path.name: path for path in (journal, *others)}
    databases |= {name: path for name, path in _elsewhere(site).items() if path.exists()}
    plain = {name: site.data / name for name in PLAIN if (site.data / name).exists()}
    made = saving.save(databases, {**site.files, **plain}, args.folder, int(time.time()))
    return _answer(args, made, "saved", language)


def restore(args: argparse.Namespace, site: Site, language: str) -> int:
    """Put a backup's data into the data folder, which has none yet; the configuration is the operator's."""
    made = saving.read(args.folder)
    elsewhere = _elsewhere(site)
    names = [file.name for file in made.files if file.name.endswith(".sqlite") or file.name in PLAIN]
    if JOURNAL not in names:
        raise CannotStart(saving.CODE, f"{args.folder} has no journal")
    names.sort(key=lambda name: name == JOURNAL)  # last: with it the folder counts as a gateway's
    places = {name: elsewhere.get(name, site.data / name) for name in names}
    owner = owner_of(site.data, *site.files.values())
    with locked(site.data):
        try:
            saving.put_back(args.folder, places)
        finally:
            _give(site.data, places.values(), owner)
    return _answer(args, made, "restored", language)


def _give(data: Path, places: Iterable[Path], owner: tuple[int, int]) -> None:
    """All of it to the owner that the data folder had, or the configuration has. CannotStart LP-398."""
    try:
        give((data, data / LOCK, *places), owner)
    except OSError as error:
        raise CannotStart(saving.CODE, f"{error.filename}: {error.strerror}") from error


def _elsewhere(site: Site) -> Mapping[str, Path]:
    return {
        ELSEWHERE.format(name): path for name, path in site.stores.items() if path.parent != site.data
    }


def _answer(args: argparse.Namespace, made: saving.Backup, word: str, language: str) -> int:
    size = sum(file.bytes for file in made.files)
    if args.json:
        files = [{"name": file.name, "bytes": file.bytes} for file in made.files]
        print_json(args, {"folder": str(args.folder), "made_at": made.made_at, "files": files})
    else:
        counted = count_text(len(made.files), language)
        print(tell(word, language, str(args.folder), counted, size_text(size, language)))
    return DONE


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder of the backup")


VERBS = (
    ("backup", backup, "save everything into a new folder, also while the gateway runs", _options),
    ("restore", restore, "put a backup's data into a data folder that has none, while no gateway runs",
     _options),
)  # fmt: skip
