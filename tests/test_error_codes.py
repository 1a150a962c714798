"""Every error code has one meaning: docs/errors.md lists each once, and lists none that nobody tells."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
SOURCES = ("firmware", "gateway", "tools")
CODE = re.compile(r"LP-(\d{3})\b(?!\d)")
RADIO_KIND = re.compile(r"^[A-Z_]+ = (23\d)\b|RadioError\((23\d),", re.MULTILINE)
# Families, and examples in texts about codes: not codes that are told.
IGNORED = {"000"}


def told() -> set[str]:
    codes = set()
    for folder in SOURCES:
        for suffix in ("*.py", "*.sh"):
            for file in (REPOSITORY / folder).rglob(suffix):
                text = file.read_text(encoding="utf-8")
                codes |= set(CODE.findall(text))
                if "firmware" in file.parts:
                    codes |= {code for pair in RADIO_KIND.findall(text) for code in pair if code}
    return codes - IGNORED


def listed() -> list[str]:
    page = (REPOSITORY / "docs" / "errors.md").read_text(encoding="utf-8")
    return re.findall(r"^\| LP-(\d{3}) \|", page, re.MULTILINE)


def test_each_code_is_listed_once_in_order() -> None:
    assert listed() == sorted(set(listed()))


def test_the_list_is_what_is_told() -> None:
    assert set(listed()) == told()
