"""Writes the golden vectors of a release, once: `python -m luftpegel_tools.generate.golden 0.1.0`.

A release's file is frozen: stations that send such bytes hang on masts, each later decoder must read them.
So this never overwrites, and `make generate` does not run it. spec/golden/README.md explains the file.
"""

import argparse
import json
import sys
from typing import Any

from luftpegel_tools.generate import golden_bad, golden_good
from luftpegel_tools.generate.golden_vectors import Bad, Good
from luftpegel_tools.generate.table import REPOSITORY

FOLDER = REPOSITORY / "spec" / "golden"


def read_release(release: str) -> tuple[list[Good], list[Bad]]:
    """The vectors of a release, good and bad."""
    file = json.loads((FOLDER / f"{release}.json").read_text(encoding="utf-8"))
    good = [Good(v["name"], v["port"], bytes.fromhex(v["hex"]), v["content"]) for v in file["good"]]
    bad = [Bad(v["name"], v["port"], bytes.fromhex(v["hex"]), v["error"], v["level"]) for v in file["bad"]]
    return good, bad


def releases() -> list[str]:
    """All releases that have golden vectors."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def text_of(release: str, good: list[Good], bad: list[Bad]) -> str:
    """The file: JSON with one vector a line."""
    good_lines = [{**_bytes_of(v), "content": v.content} for v in good]
    bad_lines = [{**_bytes_of(v), "error": v.error, "level": v.level} for v in bad]
    return f"""{{
"release": {json.dumps(release)},
"good": [
{_lines(good_lines)}
],
"bad": [
{_lines(bad_lines)}
]
}}
"""


def _bytes_of(vector: Good | Bad) -> dict[str, Any]:
    return {"name": vector.name, "port": vector.port, "hex": vector.payload.hex()}


def _lines(vectors: list[dict[str, Any]]) -> str:
    return ",\n".join(json.dumps(v, ensure_ascii=False, separators=(",", ":")) for v in vectors)


def main() -> int:
    """Returns 1 if the release already has its vectors."""
    parser = argparse.ArgumentParser(prog="luftpegel_tools.generate.golden", description=__doc__)
    parser.add_argument("release", help="version, like 0.1.0")
    release = parser.parse_args().release
    path = FOLDER / f"{release}.json"
    if path.exists():
        print(f"{path.relative_to(REPOSITORY)} exists and is frozen; give the new release its own number")
        return 1
    good, bad = golden_good.vectors(), golden_bad.vectors()
    path.write_text(text_of(release, good, bad), encoding="utf-8")
    print(f"wrote {path.relative_to(REPOSITORY)}: {len(good)} good vectors, {len(bad)} bad ones")
    return 0


if __name__ == "__main__":
    sys.exit(main())
