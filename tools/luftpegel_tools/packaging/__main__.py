"""`make package`, `make sbom`: prints where it lies. Ends with 3 when a program is missing or fails."""

import argparse
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from luftpegel_tools.packaging import debian_package, vendor
from luftpegel_tools.programs.debian import MissingProgramError

CHECKOUT = Path(__file__).resolve().parents[3]


def main(argv: list[str] | None = None) -> int:
    """Make what the words ask for."""
    asked = _parser().parse_args(argv)
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or _last_commit())
    try:
        architecture = asked.architecture or debian_package.own_architecture()
        with tempfile.TemporaryDirectory() as work:
            source = Path(work) / "luftpegel"
            about = debian_package.About(architecture, asked.version, seconds)
            debian_package.prepare(CHECKOUT, about, source, Path(work))
            asked.to.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / "sbom.cdx.json", asked.to / "sbom.cdx.json")
            print(asked.to / "sbom.cdx.json")
            if not asked.sbom:
                print(debian_package.pack(source, about, asked.to))
    except (vendor.PackageError, MissingProgramError) as error:
        print(error, file=sys.stderr)
        return 3
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make package", description="The gateway as a Debian package.")
    parser.add_argument("--to", type=Path, default=CHECKOUT / "build", metavar="DIR")
    parser.add_argument("--architecture", choices=vendor.PLATFORMS, help="without it this machine's")
    parser.add_argument("--version", default=importlib.metadata.version("luftpegel"))
    parser.add_argument("--sbom", action="store_true", help="no package, only the list of what is in it")
    return parser


def _last_commit() -> str:
    order = ["git", "-C", str(CHECKOUT), "log", "-1", "--format=%ct"]
    return subprocess.run(order, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
