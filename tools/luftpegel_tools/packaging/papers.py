"""What a Debian package tells of itself: changelog, machine-readable copyright, the command's man page."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from importlib.metadata import Distribution
from pathlib import Path

from luftpegel_tools.packaging.vendor import found

MAINTAINER = "Luftpegel <packages@luftpegel.example>"
VERBS = ("gateway", "export", "decode")  # those that the gateway's own packages are enough for
_COMMON = "/usr/share/common-licenses/Apache-2.0"
_APACHE = re.compile(r"^ *Apache License.*?END OF TERMS AND CONDITIONS *$", re.DOTALL | re.MULTILINE)
_LICENCE_KEYS = ("License-Expression", "License")
_FORMAT = "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"


def changelog(version: str, moment: datetime) -> str:
    """One entry: what is new in a version stands in docs/upgrade.md."""
    return (
        f"luftpegel ({version}) stable; urgency=medium\n\n"
        f"  * Version {version}. Before and after: upgrade.md in this folder.\n\n"
        f" -- {MAINTAINER}  {format_datetime(moment)}\n"
    )


def copyright_of(packages: Path, own: str) -> str:
    """Debian's copyright format 1.0: our licence, then each vendored package's, with its texts."""
    stanzas = [
        f"Format: {_FORMAT}\nUpstream-Name: Luftpegel\nUpstream-Contact: {MAINTAINER}",
        f"Files: *\nCopyright: 2026 the Luftpegel authors\nLicense: MIT\n{_indented(own)}",
    ]
    texts: dict[str, str] = {}
    for one in found(packages):
        if one.name != "luftpegel":
            name = f"{one.name}-{_licence(one)}".replace(" ", "-")
            folder = Path(str(one.locate_file(""))).name
            stanzas.append(
                f"Files: tree/usr/lib/luftpegel/{folder}/{_pattern(one)}\n"
                f"Copyright: the authors of {one.name} {one.version}\nLicense: {name}"
            )
            texts[name] = _texts(one)
    stanzas += [f"License: {name}\n{_indented(text)}" for name, text in texts.items()]
    return "\n\n".join(stanzas) + "\n"


def _licence(one: Distribution) -> str:
    """The SPDX expression, or the first word of what stands in its place."""
    words = next((one.metadata[key] for key in _LICENCE_KEYS if key in one.metadata), "as-told-below")
    return " ".join(words.split("\n")[0].split("(")[0].split())[:60]


def _pattern(one: Distribution) -> str:
    top = (one.read_text("top_level.txt") or one.name.replace("-", "_")).split()[0]
    return f"{top}*"


def _texts(one: Distribution) -> str:
    """All licence files of a package, one below the other; what its metadata say where there is none."""
    folder = Path(str(one.locate_file(f"{one.name.replace('-', '_')}-{one.version}.dist-info")))
    files = sorted(path for path in folder.rglob("*") if path.is_file() and _is_licence(path))
    return "\n\n".join(_text(path) for path in files) or _licence(one)


def _text(path: Path) -> str:
    """A licence file; in place of the Apache licence's terms, where Debian has them on every machine."""
    text = path.read_text("utf-8", "replace")
    return _APACHE.sub(f"Apache License 2.0: its terms lie in {_COMMON}\n", text)


def _is_licence(path: Path) -> bool:
    return path.name.upper().startswith(("LICEN", "COPYING", "NOTICE", "AUTHORS"))


def _indented(text: str) -> str:
    return "\n".join(f" {line.rstrip()}" if line.strip() else " ." for line in text.strip().split("\n"))


def man_page(version: str, moment: datetime) -> str:
    """luftpegel(1): the help of the command and of its verbs, word for word."""
    pages = [("", _help()), *((verb, _help(verb)) for verb in VERBS)]
    pages += [(f"gateway {verb}", _help("gateway", verb)) for verb in _verbs(pages[1][1])]
    lines = [
        f'.TH LUFTPEGEL 1 "{moment:%Y-%m-%d}" "Luftpegel {version}" "User Commands"',
        ".SH NAME",
        "luftpegel \\- gateway for towns' sensor stations, and its tools",
    ]
    for verb, text in pages:
        lines += [f'.SH "{("luftpegel " + verb).strip().upper()}"', ".nf", *_escaped(text.split("\n")), ".fi"]
    lines += [".SH FILES", "/etc/luftpegel/gateway.toml, /etc/luftpegel/stations.toml, /var/lib/luftpegel"]
    return "\n".join(lines) + "\n"


def _help(*words: str) -> str:
    environment = os.environ | {"LC_ALL": "C.UTF-8", "COLUMNS": "78", "NO_COLOR": "1"}
    order = [sys.executable, "-m", "luftpegel_tools.cli", *words, "--help"]
    return subprocess.run(order, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def _verbs(text: str) -> list[str]:
    """The gateway's verbs, from its own help: lines with four spaces and a word."""
    rows = [line for line in text.split("\n") if line.startswith("    ") and not line.startswith("     ")]
    return [row.split()[0] for row in rows]


def _escaped(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        text = line.replace("\\", "\\e").replace("-", "\\-")
        yield f"\\&{text}" if text.startswith((".", "'")) else text


def moment_of(seconds: int) -> datetime:
    """SOURCE_DATE_EPOCH as a time."""
    return datetime.fromtimestamp(seconds, UTC)
