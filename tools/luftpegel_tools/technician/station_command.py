"""`luftpegel station`: make and check a station file, show its wiring, build what goes onto a board."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from luftpegel_gateway.words.messages import language_of
from luftpegel_tools.image import firmware_image
from luftpegel_tools.station_files import station_file
from luftpegel_tools.technician import station_new
from luftpegel_tools.technician.words import TroubleError

_OK = {
    "en": "{file}: {station}, {sensors} sensors: ok",
    "de": "{file}: {station}, {sensors} Sensoren: in Ordnung",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verbs `new`, `check`, `wiring` and `build`."""
    verbs = parser.add_subparsers(dest="station_verb", required=True, metavar="VERB")
    new = verbs.add_parser("new", help="ask for a station's parts, and write its file with its wiring")
    station_new.configure_new(new)
    check = verbs.add_parser("check", help="say whether a station file is sound, and if not, where and why")
    check.add_argument("file", type=Path, metavar="FILE", help="station.toml")
    wiring = verbs.add_parser("wiring", help="show what is connected to what")
    station_new.configure_wiring(wiring)
    build = verbs.add_parser("build", help="fill a folder with the files that go onto a board")
    build.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder, empty or of an earlier build"
    )
    build.add_argument("--station", type=Path, metavar="FILE", help="station.toml to go with it")
    for verb in (check, build):
        verb.add_argument("--json", action="store_true", help="the answer for machines")
    for verb in (new, check, wiring, build):
        verb.add_argument("--lang", choices=("de", "en"), help="of messages (default: yours)")


def run(args: argparse.Namespace) -> int:
    """Run the chosen verb: 0 done, 1 the file or the firmware is refused, or `new` was interrupted."""
    language = language_of(args.lang)
    try:
        return _VERBS[args.station_verb](args, language)
    except station_file.StationFileError as error:
        if getattr(args, "json", False):
            print(json.dumps({"ok": False, "code": error.code, "message": str(error)}, ensure_ascii=False))
        print(error, file=sys.stderr)
    except firmware_image.ImageError as error:
        print(error, file=sys.stderr)
    except TroubleError as trouble:
        print(trouble.text(language), file=sys.stderr)
    except KeyboardInterrupt:
        print(file=sys.stderr)  # nothing has been written
    return 1


def _check(args: argparse.Namespace, language: str) -> int:
    settings = station_file.load(args.file, language)
    told = {"file": str(args.file), "station": settings["station"], "sensors": len(settings["sensors"])}
    print(json.dumps({"ok": True, **told}) if args.json else _OK[language].format_map(told))
    return 0


def _build(args: argparse.Namespace, language: str) -> int:
    station = station_file.load(args.station, language) if args.station else None
    files = firmware_image.build(args.out, station)
    if args.json:
        print(json.dumps([asdict(file) for file in files], indent=1))
    else:
        _print_sizes(files)
    return 0


_VERBS = {"new": station_new.new, "check": _check, "wiring": station_new.wiring, "build": _build}


def _print_sizes(files: list[firmware_image.ImageFile]) -> None:
    width = max(len(file.path) for file in files)
    print(f"{'file':<{width}}  source   board")
    for file in files:
        print(f"{file.path:<{width}}  {file.source_bytes:>6}  {file.image_bytes:>6}")
    total = sum(file.source_bytes for file in files), sum(file.image_bytes for file in files)
    print(f"{f'{len(files)} files':<{width}}  {total[0]:>6}  {total[1]:>6}")
