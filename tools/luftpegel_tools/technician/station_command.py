"""`luftpegel station`: check a station file, build the files that go onto a board."""

import argparse
import os
import sys
from pathlib import Path

from luftpegel_tools.image import firmware_image
from luftpegel_tools.station_files import station_file


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verbs `check` and `build`."""
    verbs = parser.add_subparsers(dest="station_verb", required=True, metavar="VERB")
    check = verbs.add_parser("check", help="say whether a station file is sound, and if not, where and why")
    check.add_argument("file", type=Path, metavar="FILE", help="station.toml")
    build = verbs.add_parser("build", help="fill a folder with the files that go onto a board")
    build.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder, empty or of an earlier build"
    )
    build.add_argument("--station", type=Path, metavar="FILE", help="station.toml to go with it")
    for verb in (check, build):
        verb.add_argument(
            "--lang", choices=("de", "en"), default=_language(), help="of messages (default: yours)"
        )


def run(args: argparse.Namespace) -> int:
    """Run the chosen verb: 0 done, 1 the file or the firmware is refused."""
    try:
        if args.station_verb == "check":
            settings = station_file.load(args.file, args.lang)
            print(f"{args.file}: {settings['station']}, {len(settings['sensors'])} sensors: ok")
        else:
            station = station_file.load(args.station, args.lang) if args.station else None
            _print_sizes(firmware_image.build(args.out, station))
    except (station_file.StationFileError, firmware_image.ImageError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _print_sizes(files: list[firmware_image.ImageFile]) -> None:
    width = max(len(file.path) for file in files)
    print(f"{'file':<{width}}  source   board")
    for file in files:
        print(f"{file.path:<{width}}  {file.source_bytes:>6}  {file.image_bytes:>6}")
    total = sum(file.source_bytes for file in files), sum(file.image_bytes for file in files)
    print(f"{f'{len(files)} files':<{width}}  {total[0]:>6}  {total[1]:>6}")


def _language() -> str:
    words = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "de" if next((word for word in words if word), "").startswith("de") else "en"
