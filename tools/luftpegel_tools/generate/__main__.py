"""Writes, or with --check only compares, all files that are made from others: from spec/channels.toml, and
from docs/errors.md.
"""

import argparse
import sys
from collections.abc import Callable

from luftpegel_tools.generate import (
    cddl,
    docs_page,
    error_table,
    gateway_limits,
    javascript,
    ngsi_ld,
    pictures,
    python_tables,
)
from luftpegel_tools.generate.table import REPOSITORY, Quantity, read_table

WIRE = "firmware/lib/luftpegel_wire"
MAKERS: dict[str, Callable[[tuple[Quantity, ...]], str]] = {
    f"{WIRE}/quantities.py": python_tables.quantities,
    f"{WIRE}/channels.py": python_tables.channels,
    "gateway/luftpegel_gateway/checks/table.py": gateway_limits.module,
    "gateway/luftpegel_gateway/sinks/ngsi_table.py": ngsi_ld.module,
    "spec/codec/luftpegel.js": javascript.codec,
    "spec/luftpegel.cddl": cddl.schema,
    "docs/channels.md": docs_page.page,
    "docs/pictures/mast.svg": lambda _: pictures.mast(),
    "docs/pictures/blinks.svg": lambda _: pictures.blinks(23),
    "tools/luftpegel_tools/technician/error_table.py": error_table.module,
}


def stale_files() -> list[str]:
    """Paths, relative to the repository, of generated files that are not what the table says."""
    table = read_table()
    return [path for path, make in MAKERS.items() if _text(path) != make(table)]


def _text(path: str) -> str | None:
    file = REPOSITORY / path
    return file.read_text(encoding="utf-8") if file.exists() else None


def main() -> int:
    """Returns 1 if --check finds a stale file."""
    parser = argparse.ArgumentParser(prog="luftpegel_tools.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if a file is stale")
    stale = stale_files()
    if parser.parse_args().check:
        for path in stale:
            print(f"stale: {path}; run `make generate`")
        return 1 if stale else 0
    table = read_table()
    for path in stale:
        (REPOSITORY / path).parent.mkdir(parents=True, exist_ok=True)
        (REPOSITORY / path).write_text(MAKERS[path](table), encoding="utf-8")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
